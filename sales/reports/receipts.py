"""Receipts, found again: one by its id or number, or the latest of those one may leaf through.

Whoever holds a receipt of a store can have it found at that store's tills: it may come back there.
Leafing is bounded by role: a cashier has the shift that is their own, an office role its stores.
Only reads: call it in a lane.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from people.access import Actor
from people.permissions import Permission, Role
from regalpos.errors import NotHere
from sales.models import JournalRecord, Sale, Shift
from sales.receipts import Receipt, make_receipt
from sales.receipts.making import store_clock

MOST_DIGITS = 9  # of a receipt's running number, typed without the rest


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One receipt in a list. `at` is the store's clock."""

    id: UUID
    number: str
    kind: str
    at: datetime
    store: str
    till: str
    cashier: str
    payable: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptList:
    """A page of receipts, newest first; `earlier` and `later` are ids to go on from.

    `shift` is the one that a cashier leafs through; none if they have not had one yet.
    """

    rows: list[ReceiptRow]
    earlier: UUID | None
    later: UUID | None
    own_only: bool
    shift: Shift | None
    several_stores: bool


def read_receipt(sale_id: UUID, actor: Actor) -> Receipt:
    """The receipt of a sale of the actor's stores, in four reads. Raises NotHere."""
    sales = Sale.objects.select_related("store", "register", "cashier")
    sale = sales.filter(pk=sale_id).first()
    if sale is None or not actor.works_at(sale.store_id):
        raise NotHere
    lines = sale.lines.select_related("returns__sale").order_by("number")
    payments = sale.payments.select_related("tender").order_by("number")
    record = JournalRecord.objects.filter(business_id=sale.pk, register=sale.register_id)
    sealed = record.filter(series__in=("sale", "return")).values_list("hash", flat=True).first()
    return make_receipt(sale, list(lines), list(payments), sealed or "")


def find_receipt(text: str, actor: Actor) -> UUID | None:
    """The one receipt of the actor's stores with this whole number, as scanned or typed."""
    found = _of_stores(actor).filter(receipt_number=text.strip().upper())
    return found.values_list("pk", flat=True).first()


def read_receipts(
    actor: Actor, *, text: str = "", before: UUID | None = None, after: UUID | None = None
) -> ReceiptList:
    """The latest receipts within reach, or those older than `before` or newer than `after`.

    `text` may be the end of a number: its digits without the zeros in front.
    """
    shift = None if actor.may(Permission.MANAGE_SHIFTS) else _last_shift(actor)
    own_only = not actor.may(Permission.MANAGE_SHIFTS)
    reach = _of_shift(shift, actor) if own_only else _of_stores(actor)
    if text:
        digits = text.strip()
        known = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
        reach = reach.filter(number=int(digits)) if known else reach.none()
    sales, earlier, later = _page(reach, before, after)
    return ReceiptList(
        rows=[_row(sale) for sale in sales],
        earlier=earlier,
        later=later,
        own_only=own_only,
        shift=shift,
        several_stores=actor.role == Role.ADMIN or len(actor.store_ids) > 1,
    )


def _of_stores(actor: Actor) -> QuerySet[Sale]:
    if actor.role == Role.ADMIN:
        return Sale.objects.all()
    return Sale.objects.filter(store_id__in=actor.store_ids)


def _of_shift(shift: Shift | None, actor: Actor) -> QuerySet[Sale]:
    """What was rung up in one's own drawer, and by oneself in a shared one that is still open."""
    # By the few drawers that they can lie in: a cashier's sales of all years are many more.
    standing = Shift.objects.standing().filter(register__store_id__in=actor.store_ids)
    drawers = set(standing.values_list("pk", flat=True)) | ({shift.pk} if shift else set())
    own = Q(shift=shift) if shift else Q(pk__in=[])
    mine = own | Q(cashier_id=actor.user_id)
    return _of_stores(actor).filter(mine, shift_id__in=drawers)


def _last_shift(actor: Actor) -> Shift | None:
    shifts = Shift.objects.filter(cashier_id=actor.user_id).select_related("register")
    return shifts.order_by("-opened_at").first()


def _page(
    reach: QuerySet[Sale], before: UUID | None, after: UUID | None
) -> tuple[list[Sale], UUID | None, UUID | None]:
    """One page by key: time, then id. The keys to go on from are of rows at its ends."""
    key = before or after
    start = reach.filter(pk=key).values_list("occurred_at", "pk").first() if key else None
    forward = start is not None and before is None  # towards now
    if start is not None:
        reach = reach.filter(_beyond(*start, newer=forward))
    order = ("occurred_at", "pk") if forward else ("-occurred_at", "-pk")
    shown = reach.select_related("store", "register", "cashier").order_by(*order)
    size = settings.PAGE_SIZE
    sales = list(shown[: size + 1])
    more = len(sales) > size
    sales = sales[:size][::-1] if forward else sales[:size]
    if not sales:
        return [], None, None
    has_older = more if not forward else True
    has_newer = more if forward else start is not None
    return sales, sales[-1].pk if has_older else None, sales[0].pk if has_newer else None


def _beyond(at: datetime, pk: UUID, *, newer: bool) -> Q:
    if newer:
        return Q(occurred_at__gt=at) | Q(occurred_at=at, pk__gt=pk)
    return Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=pk)


def _row(sale: Sale) -> ReceiptRow:
    return ReceiptRow(
        id=sale.pk,
        number=sale.receipt_number,
        kind=sale.kind,
        at=store_clock(sale.occurred_at, sale.store.time_zone),
        store=sale.store.name,
        till=sale.register.name,
        cashier=sale.cashier.get_short_name(),
        payable=sale.payable,
        currency=sale.currency,
    )
