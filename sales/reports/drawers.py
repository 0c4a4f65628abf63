"""Drawers: the shift that is open, and what a closed one came to.

While a blind store's drawer is open, whoever will count it is not told what should be in it.
Only reads: call it in a lane.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from people.access import Actor, own_stores
from people.models import Store
from people.permissions import Permission
from regalpos.errors import NotHere
from sales.models import Cart, CashMove, JournalRecord, Register, Shift, ShiftTotals
from sales.receipts.making import store_clock
from sales.sealing import seal_mark
from sales.services.priced import rules_of


@dataclass(frozen=True, slots=True)
class TenderSum:
    """What one tender brought in."""

    name: str
    payments: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CashLine:
    """Cash that was moved by hand, or (no amount) a drawer that was only opened."""

    at: datetime
    kind: str
    amount: Decimal | None
    reason: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """One shift. `opened_at` and `closed_at` are the store's clock."""

    shift: Shift
    register: Register
    store: Store
    cashier: str
    closed_by: str
    mine: bool
    opened_at: datetime
    closed_at: datetime | None
    totals: ShiftTotals
    tenders: tuple[TenderSum, ...]
    sees_cash: bool
    moves: tuple[CashLine, ...]
    now: datetime
    parked: int
    seal: str
    perpetual: Decimal | None  # All that the register ever took, less what it paid back.

    @property
    def short(self) -> Decimal | None:
        """What is missing, if anything is."""
        variance = self.shift.variance
        return -variance if variance is not None and variance < 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrawer:
    """Somebody's open shift, as a row that leads to it. `opened_at` is the store's clock."""

    shift: Shift
    register: Register
    store: Store
    cashier: str
    opened_at: datetime


def read_own_drawer(actor: Actor) -> Drawer | None:
    """The drawer that the actor answers for now."""
    shift = _shifts().filter(cashier_id=actor.user_id, closed_at=None).first()
    return _drawer(shift, actor) if shift else None


def read_open_drawers(actor: Actor) -> list[OpenDrawer]:
    """Other people's open drawers at the actor's stores, for those who may close them."""
    if not actor.may(Permission.MANAGE_SHIFTS):
        return []
    shifts = _shifts().filter(closed_at=None, register__store__in=own_stores(actor))
    others = shifts.exclude(cashier_id=actor.user_id).order_by("register__store__code", "opened_at")
    return [
        OpenDrawer(
            shift=shift,
            register=shift.register,
            store=shift.register.store,
            cashier=str(shift.cashier),
            opened_at=store_clock(shift.opened_at, shift.register.store.time_zone),
        )
        for shift in others
    ]


def read_drawer(shift_id: UUID, actor: Actor) -> Drawer:
    """One's own shift, or one of one's stores for those who manage them. Raises NotHere."""
    shift = _shifts().filter(pk=shift_id).first()
    if shift is None or not actor.works_at(shift.register.store_id):
        raise NotHere
    if shift.cashier_id != actor.user_id and not actor.may(Permission.MANAGE_SHIFTS):
        raise NotHere
    return _drawer(shift, actor)


def _shifts() -> QuerySet[Shift]:
    return Shift.objects.select_related("register__store", "cashier", "closed_by", "totals")


def _drawer(shift: Shift, actor: Actor) -> Drawer:
    register, store = shift.register, shift.register.store
    blind = shift.closed_at is None and rules_of(store, timezone.now()).blind_count
    closing = JournalRecord.objects.filter(business_id=shift.pk, series="closing").first()
    tenders = shift.tenders.select_related("tender").order_by("tender__position", "tender__code")
    return Drawer(
        shift=shift,
        register=register,
        store=store,
        cashier=str(shift.cashier),
        closed_by=str(shift.closed_by) if shift.closed_by else "",
        mine=shift.cashier_id == actor.user_id,
        opened_at=store_clock(shift.opened_at, store.time_zone),
        closed_at=store_clock(shift.closed_at, store.time_zone) if shift.closed_at else None,
        totals=shift.totals,
        tenders=tuple(TenderSum(row.tender.name, row.payments, row.amount) for row in tenders),
        sees_cash=actor.may(Permission.SEE_MONEY) or not blind,
        moves=tuple(_moves(shift, store)),
        now=store_clock(timezone.now(), store.time_zone),
        parked=Cart.objects.filter(store=store, state=Cart.State.PARKED).count(),
        seal=seal_mark(closing.hash) if closing else "",
        perpetual=closing.perpetual_net if closing else None,
    )


def _moves(shift: Shift, store: Store) -> list[CashLine]:
    """What was done at the drawer by hand, in the order of its happening."""
    by_hand = (CashMove.Kind.PAID_IN, CashMove.Kind.PAID_OUT, CashMove.Kind.DROP)
    moved = shift.cash_moves.filter(kind__in=by_hand).select_related("who")
    opened = shift.drawer_openings.select_related("who")
    lines = [
        CashLine(row.at, row.get_kind_display(), row.amount, row.reason, row.who.get_short_name())
        for row in moved
    ] + [
        CashLine(
            row.at, str(_("Opened without a sale")), None, row.reason, row.who.get_short_name()
        )
        for row in opened
    ]
    return [
        replace(line, at=store_clock(line.at, store.time_zone))
        for line in sorted(lines, key=lambda line: line.at)
    ]
