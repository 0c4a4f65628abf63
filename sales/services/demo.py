"""Filling an empty shop with the demo."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import StockLevel, StockMove
from people.models import AuditEvent, Store
from regalpos.errors import Refusal
from sales.checkout_sql import rollups
from sales.demo.catalogue import Catalogue
from sales.demo.history import CUSTOMERS, History
from sales.demo.rows import Rows
from sales.demo.stores import open_demo_stores
from sales.demo.trade import Trade
from sales.models import (
    CashMove,
    JournalHead,
    JournalRecord,
    Payment,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
    Shift,
    ShiftTender,
    ShiftTotals,
)

BATCH = 2_000
MOST_DAYS = 20 * 365


class NotEmpty(Refusal):
    code = "not_empty"
    message = _("There is a shop here already. The demo is only for an empty database.")


class TooLong(Refusal):
    code = "too_long"
    message = _("That history would need more than %(most)s days.")


def _silent(_progress: str) -> None:
    """Nobody wants to know."""


@transaction.atomic(durable=True)
def load_demo(
    *,
    products: int,
    days: int,
    seed: int,
    history_lines: int = 0,
    customers: int = CUSTOMERS,
    tell: Callable[[str], None] = _silent,
) -> Rows:
    """The demo shop stands, with `days` of trade up to yesterday, or nothing has changed.

    Before those days lie as many more as make `history_lines` sold lines, with `customers` a day
    at each till. The same seed gives the same shop on the same day. `tell` hears how far it is.
    The answer is what the days of trade wrote. Raises NotEmpty.
    """
    if Store.objects.exists():
        raise NotEmpty
    _take_time()
    rng = Random(seed)  # noqa: S311  (makes a shop, guards nothing)
    new_id = _ids(rng)
    first = timezone.now().date() - timedelta(days=days)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
    if history_lines:
        since -= timedelta(days=MOST_DAYS)
    shop = open_demo_stores(since, new_id)
    catalogue = Catalogue(products, shop.stores, since, rng, new_id)
    trade = Trade(shop, catalogue.stock_traded(), rng, new_id)
    catalogue.stock_the_rest(shop.owner, tell)
    if history_lines:
        _load_history(trade, history_lines, first, customers, tell)
    else:
        trade.fill_shelves(first)
    rows = trade.run(first, days)
    StockLevel.objects.bulk_create(
        trade.levels.values(),
        BATCH,
        update_conflicts=True,
        unique_fields=["store", "product"],
        update_fields=["on_hand", "average_cost", "version"],
    )
    _save(rows)
    tell("the sums of all days")
    rollups.fill()
    JournalHead.objects.bulk_update(
        list(trade.books.heads.values()),
        [
            "seq",
            "hash",
            "last_receipt",
            "last_closing",
            "perpetual_sales",
            "perpetual_returns",
            "perpetual_net",
        ],
    )
    return rows


def _load_history(
    trade: Trade, lines: int, until: date, customers: int, tell: Callable[[str], None]
) -> None:
    """The stores have opened, and traded, up to that day. All of it is saved but the heads."""
    opened = until - timedelta(days=MOST_DAYS)
    trade.fill_shelves(opened)
    StockLevel.objects.bulk_create(trade.levels.values(), BATCH)
    _save(trade.books.rows)
    trade.books.rows = Rows()
    history = History(trade, lines, until, customers)
    if history.days >= MOST_DAYS:
        raise TooLong(most=MOST_DAYS)
    history.load(tell)


def _take_time() -> None:
    """This takes longer than a till may wait; keys are checked as rows come, not all at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _save(rows: Rows) -> None:
    """Every book in the order that its keys need."""
    AuditEvent.objects.bulk_create(rows.events, BATCH)
    Shift.objects.bulk_create(rows.shifts, BATCH)
    ShiftTotals.objects.bulk_create(rows.totals, BATCH)
    ShiftTender.objects.bulk_create(rows.shift_tenders, BATCH)
    SaleAttempt.objects.bulk_create(rows.attempts, BATCH)
    Sale.objects.bulk_create(rows.sales, BATCH)
    SaleLine.objects.bulk_create(rows.lines, BATCH)
    ReturnedQuantity.objects.bulk_create(rows.returned.values(), BATCH)
    Payment.objects.bulk_create(rows.payments, BATCH)
    CashMove.objects.bulk_create(rows.cash, BATCH)
    StockMove.objects.bulk_create(rows.moves, BATCH)
    JournalRecord.objects.bulk_create(rows.records, BATCH)


def _ids(rng: Random) -> Callable[[], UUID]:
    """Ids in the form of UUIDv7 that come out the same for the same seed, in rising order."""
    clock = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)

    def new_id() -> UUID:
        nonlocal clock
        clock += 1 + rng.getrandbits(4)
        tail = rng.getrandbits(62)
        return UUID(int=clock << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | tail)

    return new_id
