"""Opening a drawer with a float and closing it with a count, for programs."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router
from ninja.responses import Status
from pydantic import BaseModel, ConfigDict, Field

from people.access import Actor, requires
from people.api import actor_of
from people.permissions import Permission
from regalpos import lanes
from regalpos.contract import (
    READS,
    SAFE_TO_REPEAT,
    WRITES,
    Listed,
    Paging,
    answers,
    example,
    part_of,
    replayed,
)
from regalpos.errors import Invalid, NotHere
from regalpos.shapes import Line, Sent, Shape, UnsignedAmount
from sales.api.scope import at_own, money, must_be_here
from sales.models import CashMove, Shift
from sales.reports.drawers import Drawer, read_drawer
from sales.services.cash import move_cash
from sales.services.shifts import close_shift, open_shift

router = Router(tags=["Registers and shifts"])


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


class CashMoveOut(BaseModel):
    """Cash moved by hand, as it was written. `amount` is signed: into the drawer is positive."""

    id: UUID
    shift: UUID
    kind: str
    amount: str
    currency: str
    reason: str
    who: UUID
    at: datetime


class CashMoveSent(Shape):
    """Cash to move by hand. The amount is positive whichever way it goes."""

    model_config = example(
        {
            "id": "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e80",
            "kind": "drop",
            "amount": "200.00",
            "reason": "too much in the drawer",
        }
    )

    id: UUID
    kind: Literal["paid_in", "paid_out", "drop"]
    amount: UnsignedAmount
    reason: Annotated[str, Line(200)]


class TenderOut(BaseModel):
    """What one tender brought in."""

    name: str
    payments: int
    amount: str


class ReportOut(BaseModel):
    """How a shift stands (X), or what it came to (Z). Money is null while it is counted blind."""

    shift: UUID
    kind: Literal["X", "Z"]
    z_number: int | None
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    sales: int
    returns: int
    openings: int
    net: str | None
    tax: str | None
    discount: str | None
    total: str | None
    returned: str | None
    tenders: list[TenderOut] | None
    expected_cash: str | None
    counted: str | None
    variance: str | None


class ShiftFilters(Paging):
    """Which shifts."""

    open: Annotated[bool | None, Field(description="true: only those that are open now.")] = None
    store: UUID | None = None
    register_id: Annotated[UUID | None, Field(alias="register")] = None
    ordering: Literal["opened_at", "-opened_at"] = "-opened_at"


@router.get(
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


@router.get(
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


@router.post(
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
        must_be_here(payload.raw, actor)
        raise
    again = Shift.objects.filter(pk=sent.id).exists()
    open_shift(
        shift_id=sent.id,
        register_id=sent.register_id,
        float_amount=sent.float_amount,
        actor=actor,
    )
    return _shift(_shifts().get(pk=sent.id)), again


@router.post(
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


@router.post(
    "/{id}/cash-moves",
    operation_id="move_cash",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Cash in, cash out, to the safe",
    response=answers({201: CashMoveOut, 200: CashMoveOut}, WRITES | {409}),
)
@requires(Permission.SELL)
async def post_cash_move(
    request: HttpRequest, response: HttpResponse, id: UUID, payload: Body[Sent[CashMoveSent]]
) -> Any:
    """Written once, in the journal too. The same id again changes nothing and answers 200."""
    actor = actor_of(request)
    move, again = await lanes.run(partial(_move, id, payload, actor), actor, write=True)
    return Status(replayed(response, again, else_status=201), move)


@router.get(
    "/{id}/report",
    operation_id="get_shift_report",
    summary="The X report of an open shift, the Z report of a closed one",
    response=answers({200: ReportOut}, READS),
)
@requires(Permission.SELL)
async def get_report(request: HttpRequest, id: UUID) -> Any:
    """Your own, or your stores' if you manage shifts. A blind one tells a cashier no money."""
    actor = actor_of(request)
    return _report(await lanes.run(partial(read_drawer, id, actor), actor))


def _move(shift_id: UUID, payload: Sent[CashMoveSent], actor: Actor) -> tuple[dict[str, Any], bool]:
    shift = at_own(_shifts(), "register__store", None, actor).filter(pk=shift_id).first()
    if shift is None:
        raise NotHere
    sent = payload.read()
    again = CashMove.objects.filter(pk=sent.id).exists()
    move = move_cash(
        move_id=sent.id,
        shift_id=shift_id,
        kind=sent.kind,
        moved=sent.amount,
        reason=sent.reason,
        actor=actor,
    )
    currency = shift.register.store.currency
    return {
        "id": move.pk,
        "shift": shift_id,
        "kind": move.kind,
        "amount": money(move.amount, currency),
        "currency": currency,
        "reason": move.reason,
        "who": move.who_id,
        "at": move.at,
    }, again


def _report(drawer: Drawer) -> dict[str, Any]:
    totals, currency, shift = drawer.totals, drawer.store.currency, drawer.shift
    sees = drawer.sees_cash
    sums = ("net", "tax", "discount", "total", "returned", "expected_cash")
    return {
        "shift": shift.pk,
        "kind": "Z" if shift.closed_at else "X",
        "z_number": shift.z_number,
        "currency": currency,
        "opened_at": shift.opened_at,
        "closed_at": shift.closed_at,
        "sales": totals.sales,
        "returns": totals.returns,
        "openings": totals.openings,
        **{name: money(getattr(totals, name), currency) if sees else None for name in sums},
        "tenders": [
            {"name": row.name, "payments": row.payments, "amount": money(row.amount, currency)}
            for row in drawer.tenders
        ]
        if sees
        else None,
        "counted": money(shift.counted, currency),
        "variance": money(shift.variance, currency),
    }


def _close(shift_id: UUID, payload: Sent[ClosureSent], actor: Actor) -> tuple[dict[str, Any], bool]:
    shift = at_own(_shifts(), "register__store", None, actor).filter(pk=shift_id).first()
    if shift is None:
        raise NotHere
    sent = payload.read()
    close_shift(shift_id=shift_id, counted=sent.counted, reason=sent.reason, actor=actor)
    return _shift(_shifts().get(pk=shift_id)), shift.closed_at is not None


def _shifts() -> QuerySet[Shift]:
    return Shift.objects.select_related("register__store", "cashier")


def _visible_shifts(actor: Actor, store_id: UUID | None = None) -> QuerySet[Shift]:
    rows = at_own(_shifts(), "register__store", store_id, actor)
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
        "float": money(shift.float_amount, store.currency),
        "closed_at": shift.closed_at,
        "z_number": shift.z_number,
        "counted": money(shift.counted, store.currency),
        "expected": money(shift.expected, store.currency),
        "variance": money(shift.variance, store.currency),
        "reason": shift.variance_reason,
    }
