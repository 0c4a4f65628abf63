"""Selling, for programs: the same services as the till, the same refusals, the same journal."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from ninja import Body, Query, Router
from ninja.responses import Status
from pydantic import BaseModel, ConfigDict, Field

from people.access import Actor, requires
from people.api import actor_of
from people.models import Store
from people.permissions import Permission, Role
from regalpos import ids, lanes
from regalpos.contract import (
    READS,
    REPLAYED,
    SAFE_TO_REPEAT,
    WRITES,
    Error,
    Listed,
    Paging,
    answers,
    example,
    part_of,
    replayed,
)
from regalpos.errors import Invalid, NotHere
from regalpos.money import round_money
from regalpos.shapes import Line, Sent, Shape, UnsignedAmount, id_in, plain
from sales.forms import QuoteSent, SaleSent, parse_sale
from sales.models import Quote, Register, Shift
from sales.pricing import Bill, PricedLine
from sales.services.checkout import Answer, abandon_sale, check_out, find_answer
from sales.services.quotes import make_quote
from sales.services.shifts import close_shift, open_shift

registers = Router(tags=["Registers and shifts"])
shifts = Router(tags=["Registers and shifts"])
quotes = Router(tags=["Sales"])
sales = Router(tags=["Sales"])


# ---- registers ----------------------------------------------------------------------------------


class RegisterOut(BaseModel):
    """A till of a store, and the shift that is open there."""

    id: UUID
    number: int
    store: UUID
    name: str
    open_shift: UUID | None


class RegisterFilters(Paging):
    """Which tills."""

    store: UUID | None = None
    ordering: Literal["number", "-number", "name", "-name"] = "number"


@registers.get(
    "",
    operation_id="list_registers",
    summary="The tills of your stores",
    response=answers({200: Listed[RegisterOut]}, READS),
)
@requires(Permission.SELL)
async def list_registers(request: HttpRequest, filters: Query[RegisterFilters]) -> Any:
    """Tills in use only; an office desk sells by invoice."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        standing = Shift.objects.standing().filter(register=OuterRef("pk")).values("pk")[:1]
        rows = _at_own(Register.objects.all(), "store", filters.store, actor)
        rows = rows.filter(kind=Register.Kind.TILL, active=True, store__active=True)
        rows = rows.annotate(open_shift=Subquery(standing))
        return part_of(rows.order_by("store__code", filters.ordering, "pk"), filters, _register)

    return await lanes.run(unit, actor)


def _register(register: Register) -> dict[str, Any]:
    return {
        "id": register.pk,
        "number": register.number,
        "store": register.store_id,
        "name": register.name,
        "open_shift": register.open_shift,  # type: ignore[attr-defined]  # annotated above
    }


# ---- shifts -------------------------------------------------------------------------------------


class ShiftOut(BaseModel):
    """One drawer and the person who answers for it. What it should hold is said once it is shut."""

    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    register_id: Annotated[UUID, Field(alias="register")]
    store: UUID
    cashier: UUID
    cashier_name: str
    currency: str
    opened_at: datetime
    business_day: date
    float_amount: Annotated[str, Field(alias="float")]
    closed_at: datetime | None
    z_number: int | None
    counted: str | None
    expected: str | None
    variance: str | None
    reason: str


class ShiftSent(Shape):
    """A drawer to open, with the cash that is in it."""

    model_config = example(
        {
            "id": "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e7f",
            "register": "019a3f0c-0000-7000-8000-000000000003",
            "float": "100.00",
        }
    )

    id: UUID
    register_id: Annotated[UUID, Field(alias="register")]
    float_amount: Annotated[UnsignedAmount, Field(alias="float")]


class ClosureSent(Shape):
    """What was counted in the drawer; why it differs, if it does."""

    model_config = example({"counted": "342.50", "reason": ""})

    counted: UnsignedAmount
    reason: Annotated[str, Line(200)] = ""


class ShiftFilters(Paging):
    """Which shifts."""

    open: Annotated[bool | None, Field(description="true: only those that are open now.")] = None
    store: UUID | None = None
    register_id: Annotated[UUID | None, Field(alias="register")] = None
    ordering: Literal["opened_at", "-opened_at"] = "-opened_at"


@shifts.get(
    "",
    operation_id="list_shifts",
    summary="Shifts, open and closed",
    by_alias=True,
    response=answers({200: Listed[ShiftOut]}, READS),
)
@requires(Permission.SELL)
async def list_shifts(request: HttpRequest, filters: Query[ShiftFilters]) -> Any:
    """The open ones of your stores; of the closed ones a cashier sees their own."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        rows = _visible_shifts(actor, filters.store)
        if filters.open is not None:
            rows = rows.filter(closed_at__isnull=filters.open)
        if filters.register_id is not None:
            rows = rows.filter(register_id=filters.register_id)
        return part_of(rows.order_by(filters.ordering, "pk"), filters, _shift)

    return await lanes.run(unit, actor)


@shifts.get(
    "/{id}",
    operation_id="get_shift",
    summary="One shift",
    by_alias=True,
    response=answers({200: ShiftOut}, READS),
)
@requires(Permission.SELL)
async def get_shift(request: HttpRequest, id: UUID) -> Any:
    """As in the list."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        shift = _visible_shifts(actor).filter(pk=id).first()
        if shift is None:
            raise NotHere
        return _shift(shift)

    return await lanes.run(unit, actor)


@shifts.post(
    "",
    operation_id="open_shift",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Open a shift with a float",
    by_alias=True,
    response=answers({201: ShiftOut, 200: ShiftOut}, WRITES | {409}),
)
@requires(Permission.SELL)
async def post_shift(
    request: HttpRequest, response: HttpResponse, payload: Body[Sent[ShiftSent]]
) -> Any:
    """The shift is yours. Sent again with the same id it changes nothing and answers 200."""
    actor = actor_of(request)
    shift, again = await lanes.run(partial(_open, payload, actor), actor, write=True)
    return Status(replayed(response, again, else_status=201), shift)


def _open(payload: Sent[ShiftSent], actor: Actor) -> tuple[dict[str, Any], bool]:
    try:
        sent = payload.read()
    except Invalid:
        _must_be_here(payload.raw, actor)
        raise
    again = Shift.objects.filter(pk=sent.id).exists()
    open_shift(
        shift_id=sent.id,
        register_id=sent.register_id,
        float_amount=sent.float_amount,
        actor=actor,
    )
    return _shift(_shifts().get(pk=sent.id)), again


@shifts.post(
    "/{id}/closure",
    operation_id="close_shift",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Close a shift with a count",
    by_alias=True,
    response=answers({200: ShiftOut}, WRITES | {409}),
)
@requires(Permission.SELL)
async def post_closure(
    request: HttpRequest, response: HttpResponse, id: UUID, payload: Body[Sent[ClosureSent]]
) -> Any:
    """Closed for good, with its Z number and variance. The same count again changes nothing."""
    actor = actor_of(request)
    shift, again = await lanes.run(partial(_close, id, payload, actor), actor, write=True)
    return Status(replayed(response, again, else_status=200), shift)


def _close(shift_id: UUID, payload: Sent[ClosureSent], actor: Actor) -> tuple[dict[str, Any], bool]:
    shift = _at_own(_shifts(), "register__store", None, actor).filter(pk=shift_id).first()
    if shift is None:
        raise NotHere
    sent = payload.read()
    close_shift(shift_id=shift_id, counted=sent.counted, reason=sent.reason, actor=actor)
    return _shift(_shifts().get(pk=shift_id)), shift.closed_at is not None


def _shifts() -> QuerySet[Shift]:
    return Shift.objects.select_related("register__store", "cashier")


def _visible_shifts(actor: Actor, store_id: UUID | None = None) -> QuerySet[Shift]:
    rows = _at_own(_shifts(), "register__store", store_id, actor)
    if actor.may(Permission.MANAGE_SHIFTS):
        return rows
    return rows.filter(Q(closed_at=None) | Q(cashier_id=actor.user_id))


def _shift(shift: Shift) -> dict[str, Any]:
    register, store = shift.register, shift.register.store
    return {
        "id": shift.pk,
        "register": register.pk,
        "store": store.pk,
        "cashier": shift.cashier_id,
        "cashier_name": str(shift.cashier),
        "currency": store.currency,
        "opened_at": shift.opened_at,
        "business_day": shift.business_day,
        "float": _money(shift.float_amount, store.currency),
        "closed_at": shift.closed_at,
        "z_number": shift.z_number,
        "counted": _money(shift.counted, store.currency),
        "expected": _money(shift.expected, store.currency),
        "variance": _money(shift.variance, store.currency),
        "reason": shift.variance_reason,
    }


# ---- quotes -------------------------------------------------------------------------------------


class QuoteSentWithId(QuoteSent):
    """A bill that is asked for. With an `id` of yours it is safe to ask twice."""

    model_config = example(
        {
            "register": "019a3f0c-0000-7000-8000-000000000003",
            "lines": [{"barcode": "2000000000015", "quantity": "2"}],
        }
    )

    id: UUID | None = None


class QuoteLineOut(BaseModel):
    """One line priced."""

    number: int
    product: UUID | None
    sku: str
    description: str
    unit: str
    quantity: str
    unit_price: str
    discount: str
    net: str
    tax_code: str
    tax_percent: str
    tax: str
    total: str


class QuoteOut(BaseModel):
    """A bill that stands until `valid_until`: a sale that presents it is charged `total`."""

    id: UUID
    lines: list[QuoteLineOut]
    total: Annotated[str, Field(description="The `shown_total` of a sale that presents it.")]
    cash_payable: Annotated[str, Field(description="The total as coins pay it, all in cash.")]
    currency: str
    valid_until: datetime


@quotes.post(
    "",
    operation_id="make_quote",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Price a basket and hold its limited goods",
    response=answers({201: QuoteOut, 200: QuoteOut}, WRITES | {409}),
)
@requires(Permission.SELL)
async def post_quote(
    request: HttpRequest, response: HttpResponse, payload: Body[Sent[QuoteSentWithId]]
) -> Any:
    """A sale that presents a quote in time is never refused for price or stock."""
    actor = actor_of(request)
    made_here = ids.new()
    quote, again = await lanes.run(partial(_quote, made_here, payload, actor), actor, write=True)
    return Status(replayed(response, again, else_status=201), quote)


def _quote(
    made_here: UUID, payload: Sent[QuoteSentWithId], actor: Actor
) -> tuple[dict[str, Any], bool]:
    try:
        sent = payload.read()
    except Invalid:
        _must_be_here(payload.raw, actor)
        raise
    again = sent.id is not None and Quote.objects.filter(pk=sent.id).exists()
    quote, bill = make_quote(quote_id=sent.id or made_here, body=sent.body(), actor=actor)
    return _bill(quote, bill), again


def _bill(quote: Quote, bill: Bill) -> dict[str, Any]:
    return {
        "id": quote.pk,
        "lines": [_line(line, bill.currency) for line in bill.lines],
        "total": _money(bill.total, bill.currency),
        "cash_payable": _money(bill.cash_payable, bill.currency),
        "currency": bill.currency,
        "valid_until": quote.valid_until,
    }


def _line(line: PricedLine, currency: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "product": line.product_id,
        "sku": line.sku,
        "description": line.description,
        "unit": line.unit,
        "quantity": plain(line.quantity),
        "unit_price": plain(line.unit_price),
        "discount": _money(line.discount, currency),
        "net": _money(line.net, currency),
        "tax_code": line.tax_code,
        "tax_percent": plain(line.tax_percent),
        "tax": _money(line.tax, currency),
        "total": _money(line.total, currency),
    }


# ---- sales --------------------------------------------------------------------------------------


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


@sales.put(
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


@sales.get(
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


@sales.put(
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
    answer = await lanes.run(partial(_abandon, id, payload, actor), actor, write=True)
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
        _must_be_here(raw, actor)
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
    tills = _at_own(Register.objects.all(), "store", None, actor)
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


# ---- parts --------------------------------------------------------------------------------------


def _json(content: Mapping[str, Any], status: int) -> JsonResponse:
    """What was kept with the id goes out as it was kept: nothing looks at it again."""
    return JsonResponse(dict(content), status=status, encoder=DjangoJSONEncoder)


def _money(value: Decimal | None, currency: str) -> Any:
    return None if value is None else f"{round_money(value, currency):f}"


def _at_own[R: QuerySet[Any]](rows: R, store: str, store_id: UUID | None, actor: Actor) -> R:
    """The rows of one store, or of all where the actor works. NotHere for a foreign store."""
    if store_id is not None:
        actor.must_work_at(store_id)
        if not Store.objects.filter(pk=store_id).exists():
            raise NotHere
        return rows.filter(**{store: store_id})
    if actor.role == Role.ADMIN:
        return rows
    return rows.filter(**{f"{store}__in": actor.store_ids})


def _must_be_here(raw: object, actor: Actor) -> None:
    """A foreign register is not here, whatever else is wrong with the body that names it."""
    register_id = id_in(raw, "register")
    if register_id is None:
        return
    register = Register.objects.filter(pk=register_id).first()
    if register is None or not actor.works_at(register.store_id):
        raise NotHere
