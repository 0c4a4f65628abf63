"""The day so far, store by store: takings, tills, what runs low, the last sales.

Takings are what was paid, less what was paid back. Each store has its own day, clock and currency;
amounts of different stores are never added.

However long the history, it reads the sums that came with the sales, the newest few sales of each
store, and of one day a week ago those before this hour: that day's sum holds its evening, too.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, Sum

from inventory.models import StockLevel
from people.access import Actor, own_stores
from people.models import Store
from regalpos.money import round_money
from sales.models import Register, RegisterDay, Sale, Shift

NOTHING = Decimal("0")
WEEK = timedelta(days=7)
A_DAY = timedelta(days=1, hours=1)  # the longest there is: clocks are put back
LOW_SHOWN = 8
SALES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class StoreDay:
    """One store's day until now, beside the same weekday last week until the same time."""

    store: Store
    day: date
    at: datetime  # the store's clock
    takings: Decimal
    sales: int
    refunded: Decimal
    refunds: int
    takings_then: Decimal
    sales_then: int

    @property
    def average(self) -> Decimal | None:
        """What one sale brought in, refunds left out."""
        if not self.sales:
            return None
        return round_money((self.takings + self.refunded) / self.sales, self.store.currency)

    @property
    def change(self) -> Decimal | None:
        """By what part takings rose (or fell, below zero) against last week, if there were any."""
        if self.takings_then <= 0:
            return None
        return ((self.takings - self.takings_then) / self.takings_then).quantize(Decimal("0.001"))

    @property
    def fall(self) -> Decimal | None:
        return -self.change if self.change is not None and self.change < 0 else None


@dataclass(frozen=True, slots=True)
class Till:
    """A till and, while it is open, its shift's figures."""

    name: str
    store: Store
    shift: Shift | None
    opened_at: datetime | None
    sales: int
    takings: Decimal


@dataclass(frozen=True, slots=True)
class LowItem:
    """A product at or under its reorder point."""

    sku: str
    name: str
    store: Store
    on_hand: Decimal
    unit: str
    to_order: Decimal


@dataclass(frozen=True, slots=True)
class LastSale:
    sale: Sale
    at: datetime  # the store's clock


@dataclass(frozen=True, slots=True)
class Today:
    days: list[StoreDay]
    tills: list[Till]
    low: list[LowItem]
    low_count: int
    last: list[LastSale]


def read_today(actor: Actor, now: datetime) -> Today:
    """The day of every store that the actor works at. Eight queries, however many stores."""
    stores = own_stores(actor)
    low, low_count = _low(stores)
    return Today(_days(stores, now), _tills(stores), low, low_count, _last(stores))


def _days(stores: list[Store], now: datetime) -> list[StoreDay]:
    today = _so_far(stores, now)
    then = _until(stores, now - WEEK)
    days = []
    for store in stores:
        sums, before = today.get(store.pk, {}), then.get(store.pk, {})
        days.append(
            StoreDay(
                store=store,
                day=store.business_day(now),
                at=_local(now, store),
                takings=sums.get("takings", NOTHING),
                sales=sums.get("sold", 0),
                refunded=-sums.get("paid_back", NOTHING),
                refunds=sums.get("refunds", 0),
                takings_then=before.get("takings", NOTHING),
                sales_then=before.get("sold", 0),
            )
        )
    return days


def _so_far(stores: list[Store], now: datetime) -> dict[UUID, dict[str, Any]]:
    """Of each store's business day, what its registers have summed up: a row for each."""
    rows = (
        RegisterDay.objects.filter(_days_of(stores, now, "register__store"))
        .values(store_id=F("register__store_id"))
        .annotate(
            takings=Sum("payable"),
            sold=Sum("sales"),
            refunds=Sum("returns"),
            paid_back=-Sum("refunded"),
        )
    )
    return {row["store_id"]: dict(row) for row in rows.order_by()}


def _until(stores: list[Store], then: datetime) -> dict[UUID, dict[str, Any]]:
    """Of each store's business day of then, what had been sold by then: from that day's sales."""
    # Found by the time, which has an index that the receipts' pages need as well.
    lately = Sale.objects.filter(occurred_at__gt=then - A_DAY, occurred_at__lte=then)
    rows = (
        lately.filter(_days_of(stores, then, "store"))
        .values("store_id")
        .annotate(takings=Sum("payable"), sold=Count("id", filter=~Q(kind=Sale.Kind.RETURN)))
    )
    return {row["store_id"]: dict(row) for row in rows.order_by()}


def _days_of(stores: list[Store], at: datetime, key: str) -> Q:
    theirs = Q(pk__in=[])
    for store in stores:
        theirs |= Q(**{key: store, "business_day": store.business_day(at)})
    return theirs


def _tills(stores: list[Store]) -> list[Till]:
    by_id = {store.pk: store for store in stores}
    registers = Register.objects.filter(store__in=stores, kind=Register.Kind.TILL, active=True)
    open_now = Shift.objects.standing().filter(register__store__in=stores)
    shifts = {shift.register_id: shift for shift in open_now.select_related("cashier", "totals")}
    return [
        _till(register, by_id[register.store_id], shifts.get(register.pk))
        for register in registers.order_by("store__code", "number")
    ]


def _till(register: Register, store: Store, shift: Shift | None) -> Till:
    if shift is None:
        return Till(register.name, store, None, None, 0, NOTHING)
    totals = shift.totals
    takings = totals.total + totals.rounding
    opened_at = _local(shift.opened_at, store)
    return Till(register.name, store, shift, opened_at, totals.sales, takings)


def _low(stores: list[Store]) -> tuple[list[LowItem], int]:
    by_id = {store.pk: store for store in stores}
    levels = StockLevel.objects.running_low().filter(store__in=stores, product__active=True)
    wanted = levels.annotate(
        reorder_to=F("product__stock_rules__reorder_to"),
        short=F("on_hand") - F("product__stock_rules__reorder_point"),
    )
    rows = wanted.select_related("product").order_by("short", "product__name")[:LOW_SHOWN]
    items = [
        LowItem(
            sku=level.product.sku,
            name=level.product.name,
            store=by_id[level.store_id],
            on_hand=level.on_hand,
            unit=level.product.unit,
            to_order=level.reorder_to - level.on_hand,  # type: ignore[attr-defined]  # annotated
        )
        for level in rows
    ]
    return items, levels.count()


def _last(stores: list[Store]) -> list[LastSale]:
    """The newest of all, chosen from the newest of each store: no other sale is looked at."""
    if not stores:
        return []
    newest = Sale.objects.order_by("-occurred_at", "-id").values("pk")
    first, *others = (newest.filter(store=store)[:SALES_SHOWN] for store in stores)
    candidates = first.union(*others, all=True) if others else first
    rows = Sale.objects.filter(pk__in=candidates).select_related("store", "cashier", "register")
    return [
        LastSale(sale, _local(sale.occurred_at, sale.store))
        for sale in rows.order_by("-occurred_at", "-id")[:SALES_SHOWN]
    ]


def _local(at: datetime, store: Store) -> datetime:
    return at.astimezone(ZoneInfo(store.time_zone))
