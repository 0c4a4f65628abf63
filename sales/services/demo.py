"""Filling an empty shop with the demo."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import StockLevel, StockMove
from people.models import AuditEvent, Store
from regalpos.errors import Refusal
from sales.checkout_sql import rollups
from sales.demo.catalogue import stock_catalogue
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


class NotEmpty(Refusal):
    code = "not_empty"
    message = _("There is a shop here already. The demo is only for an empty database.")


@transaction.atomic(durable=True)
def load_demo(*, products: int, days: int, seed: int) -> Rows:
    """The demo shop stands, with `days` of trade up to yesterday, or nothing has changed.

    The same seed gives the same shop on the same day. Raises NotEmpty.
    """
    if Store.objects.exists():
        raise NotEmpty
    rng = Random(seed)  # noqa: S311  (makes a shop, guards nothing)
    new_id = _ids(rng)
    first = timezone.now().date() - timedelta(days=days)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
    shop = open_demo_stores(since, new_id)
    goods = stock_catalogue(products, shop.stores, since, rng, new_id)
    trade = Trade(shop, goods, rng, new_id)
    rows = trade.run(first, days)
    StockLevel.objects.bulk_create(trade.levels.values(), BATCH)
    _save(rows)
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
