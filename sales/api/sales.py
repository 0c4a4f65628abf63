"""The checkout contract over HTTP: one id is one sale, however often it is sent."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from ninja import Body, Router
from pydantic import BaseModel, ConfigDict, Field

from people.access import Actor, requires
from people.api import actor_of
from people.permissions import Permission
from regalpos import lanes
from regalpos.contract import (
    READS,
    REPLAYED,
    SAFE_TO_REPEAT,
    WRITES,
    Error,
    answers,
)
from regalpos.errors import Invalid, NotHere
from regalpos.shapes import Sent, Shape
from sales.api.scope import at_own, must_be_here
from sales.forms import SaleSent, parse_sale
from sales.models import Register, Shift
from sales.services.checkout import Answer, abandon_sale, check_out, find_answer

router = Router(tags=["Sales"])


class SealOut(BaseModel):
    """Where the sale stands in its register's journal."""

    seq: int
    hash: str


class SaleOut(BaseModel):
    """A posted sale, as it stands for ever."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    receipt_number: str
    kind: Literal["sale", "return", "exchange"]
    currency: str
    lines: list[dict[str, Any]]
    totals: dict[str, Any]
    payments: list[dict[str, Any]]
    change: str
    journal: SealOut
    occurred_at: str


class AttemptOut(BaseModel):
    """What became of an id: beside `state` the sale, or the refusal's code, message and facts."""

    model_config = ConfigDict(extra="allow")

    state: Literal["posted", "refused", "abandoned"]


class AbandonSent(Shape):
    """The till that gives up; without it, the one where your shift is open."""

    register_id: Annotated[UUID | None, Field(alias="register")] = None


class Unknown(NotHere):
    """Never seen, or still in flight: sending it again is safe."""

    code = "unknown"
    message = _("This sale is not known here. It is safe to send it again, with the same id.")


@router.put(
    "{id}",
    operation_id="check_out",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Sell, once",
    response=answers({201: SaleOut, 200: SaleOut}, WRITES | {409, 410}),
)
@requires(Permission.SELL)
async def put_sale(request: HttpRequest, id: UUID, payload: Body[Sent[SaleSent]]) -> Any:
    """One id is one sale, however often it is sent.

    201 posted. 200 the same answer again, with `Idempotent-Replayed: true`. 409 refused: final for
    this id, a new try is a new id; or `in_progress`, with Retry-After. 410 given up before. 422
    `body_mismatch`: this id was used for another sale. Any other status leaves the id free. After
    a 503 or no answer at all the outcome is unknown: ask, or send the same again.
    """
    actor = actor_of(request)
    unit = partial(_check_out, id, payload.raw, actor)
    answer = await lanes.run(unit, actor, write=True, lane="checkout")
    if answer.state == "posted":
        response = _json(answer.content, answer.status)
    else:
        response = _json(_error(request, answer), answer.status)
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response


@router.get(
    "{id}",
    operation_id="get_sale",
    summary="What became of a sale",
    response=answers({200: AttemptOut}, READS),
)
@requires(Permission.SELL)
async def get_sale(request: HttpRequest, id: UUID) -> Any:
    """404 `unknown` also while it is in flight."""
    actor = actor_of(request)
    answer = await lanes.run(partial(find_answer, sale_id=id, actor=actor), actor)
    if answer is None:
        raise Unknown
    return _json({"state": answer.state, **answer.content}, 200)


@router.put(
    "{id}/abandon",
    operation_id="abandon_sale",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Give a sale up",
    response=answers({200: AttemptOut, 409: Error}, WRITES),
)
@requires(Permission.SELL)
async def put_abandon(
    request: HttpRequest, id: UUID, payload: Body[Sent[AbandonSent] | None] = None
) -> Any:
    """It wins only if nothing is posted: then a late copy of the sale finds 410.

    409 `already_posted` comes with the sale. The body may be left out.
    """
    actor = actor_of(request)
    unit = partial(_abandon, id, payload, actor)
    answer = await lanes.run(unit, actor, write=True, lane="checkout")
    if answer.state == "posted":
        response = _json(_error(request, answer), 409)
    else:
        response = _json({"state": answer.state, **answer.content}, 200)
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response


def _check_out(sale_id: UUID, raw: object, actor: Actor) -> Answer:
    try:
        body = parse_sale(raw)
    except Invalid:
        must_be_here(raw, actor)
        raise
    return check_out(sale_id=sale_id, body=body, actor=actor, source="api")


def _abandon(sale_id: UUID, payload: Sent[AbandonSent] | None, actor: Actor) -> Answer:
    register_id = payload.read().register_id if payload else None
    if register_id is None:
        register_id = _own_register(actor)
    return abandon_sale(sale_id=sale_id, register_id=register_id, actor=actor)


def _own_register(actor: Actor) -> UUID:
    """The till where the actor's shift is open, or else any of their stores'."""
    shift = Shift.objects.standing().filter(cashier_id=actor.user_id).first()
    if shift is not None:
        return shift.register_id
    tills = at_own(Register.objects.all(), "store", None, actor)
    till = tills.filter(kind=Register.Kind.TILL, active=True).order_by("store__code").first()
    if till is None:
        raise NotHere
    return till.pk


def _error(request: HttpRequest, answer: Answer) -> dict[str, Any]:
    """A kept answer that is no sale, in the shape of every refusal."""
    said = dict(answer.content)
    if answer.state == "abandoned":
        words = _("This sale was given up. Nothing was sold. A new try is a new id.")
        said = {"code": "abandoned", "message": str(words)}
    elif answer.state == "posted":
        words = _("This sale is posted. It can be taken back, not given up.")
        said = {"code": "already_posted", "message": str(words), "sale": said}
    return {"error": {**said, "request_id": getattr(request, "request_id", "")}}


def _json(content: Mapping[str, Any], status: int) -> JsonResponse:
    """What was kept with the id goes out as it was kept: nothing looks at it again."""
    return JsonResponse(dict(content), status=status, encoder=DjangoJSONEncoder)
