"""The past that is copied in is the past that the services would have written, row by row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import models, transaction
from django.db.models import F

from inventory.models import (
    Barcode,
    Brand,
    Category,
    Price,
    Product,
    StockLevel,
    StockMove,
    TaxPercent,
    TaxRate,
)
from inventory.services.stock import receive_stock
from people.access import read_actor
from people.models import AuditEvent, Customer, Salesman, Store, StoreRules, User, Vendor
from regalpos.management.commands.audit import INVARIANTS
from sales.demo.bookkeeping import Books
from sales.demo.sketch import SketchBooks
from sales.forms import parse_sale
from sales.models import (
    CashMove,
    JournalHead,
    JournalRecord,
    Payment,
    ProductDay,
    Register,
    RegisterDay,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
    Shift,
    ShiftTender,
    ShiftTotals,
    Tender,
)
from sales.reports.journal_check import check_journal
from sales.services.checkout import check_out
from sales.services.demo import load_demo
from sales.services.shifts import close_shift, open_shift
from tests import databases
from tests.told import Tell

NOON = "2026-11-20T12:00:00Z"
# What a shop is before it opens; the rest is written by trade.
SHOP: list[type[models.Model]] = [
    Store, StoreRules, User, User.stores.through, Vendor, Salesman, Customer, Category, Brand,
    TaxRate, TaxPercent, Product, Barcode, Price, Tender, Register,
]  # fmt: skip
BOOKS: list[type[models.Model]] = [
    Shift, ShiftTotals, ShiftTender, SaleAttempt, Sale, SaleLine, ReturnedQuantity, Payment,
    CashMove, StockMove, StockLevel, JournalRecord, JournalHead, ProductDay, RegisterDay,
    AuditEvent,
]  # fmt: skip
# The database numbers these; what they are is in their other columns.
NUMBERED = {StockMove, StockLevel, JournalRecord, ProductDay, RegisterDay, ShiftTender, AuditEvent}

type Row = dict[str, Any]
type Deed = tuple[datetime, int, Callable[[], object]]


@pytest.fixture(scope="module")
def years(bed, django_db_blocker) -> dict[str, Any]:
    """Two weeks of the past and a week of the demo's own trade, as loaded and as sold."""
    with django_db_blocker.unblock():
        with databases.committed(bed):
            with time_machine.travel(NOON, tick=False):
                load_demo(products=60, days=7, seed=5, history_lines=1_500, customers=7)
            facts = {
                "verdict": check_journal(),
                "audit": {rule.name: rule.check() for rule in INVARIANTS},
                "copied": _books(),
            }
            shop = [(model, list(model._default_manager.all())) for model in SHOP]
            deeds = _deeds()
            made = {model: _ids_made(model, order) for model, order in ASKED.items()}
        with databases.committed(bed):
            _open(shop)
            with _given(made):
                for at, _rank, deed in deeds:
                    with time_machine.travel(at, tick=False):
                        deed()
            facts["sold"] = _books()
    return facts


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book._meta.model_name)
def test_each_book_is_as_the_services_write_it(years, book: type[models.Model]) -> None:
    copied, sold = years["copied"][book], years["sold"][book]
    assert len(copied) == len(sold) > 0
    for one, other in zip(copied, sold, strict=True):
        assert one == other


def test_the_history_is_as_long_as_it_was_asked_for(years, tell: Tell) -> None:
    first = min(row["business_day"] for row in years["copied"][Sale])
    assert (datetime.fromisoformat(NOON).date() - first).days > 7 + 7  # the week came round again
    lines = len(years["copied"][SaleLine])
    assert lines > 1_500
    tell(f"{lines} sale lines copied in, row by row those that the services wrote")


def test_its_books_balance_and_its_journal_verifies(years) -> None:
    audit = years["audit"]
    assert {name for name, finding in audit.items() if not finding.holds} == set()
    unproved = {name for name, finding in audit.items() if not finding.examined}
    assert unproved == {"lot_is_the_sum_of_its_moves"}  # the demo has no lots
    assert years["verdict"].holds
    assert years["verdict"].records == len(years["copied"][JournalRecord])


def test_a_sign_that_is_lost_stops_the_history(committed_db) -> None:
    """The control: a form that kept a figure of the sketch would seal every sale with it."""
    with (
        patch.object(SketchBooks, "_seal_facts", Books._seal_facts),
        pytest.raises(ValueError, match="seq is nowhere in the form"),
    ):
        load_demo(products=60, days=0, seed=5, history_lines=100, customers=5)
    assert not Store.objects.exists()


@pytest.mark.parametrize("size", [5_003])
def test_goods_beyond_those_that_are_traded_are_in_the_books(committed_db, size: int) -> None:
    told: list[str] = []
    with patch("sales.demo.catalogue.TRADED", 40), patch("sales.demo.catalogue.BATCH", 1_000):
        load_demo(products=size, days=1, seed=5, tell=told.append)

    assert Product.objects.count() == size == Product.objects.values("sku").distinct().count()
    rest = StockLevel.objects.filter(version=1).values("product").distinct().count()
    assert rest >= size - 40
    assert Barcode.objects.filter(code__startswith="29").count() == size
    assert [rule.name for rule in INVARIANTS if not rule.check().holds] == []
    codes = Barcode.objects.exclude(product__prices__currency="EUR")
    assert not codes.exists()


# ---- selling it all again ------------------------------------------------------------------------


def _deeds() -> list[Deed]:
    """Everything that was done in the shop, in the order of the clock, for the services to do."""
    actors = {user.pk: read_actor(user) for user in User.objects.prefetch_related("stores")}
    deeds: list[Deed] = []
    for event in AuditEvent.objects.filter(action="stock.received"):
        assert event.store_id
        assert event.actor_id
        moves = StockMove.objects.filter(source_id=event.subject_id).order_by("source_line")
        lines = list(moves.values_list("level__product_id", "quantity", "unit_cost"))
        receive = partial(
            receive_stock,
            receipt_id=moves[0].source_id,
            store_id=event.store_id,
            lines=lines,
            actor=actors[event.actor_id],
        )
        deeds.append((event.at, 0, receive))
    for shift in Shift.objects.order_by("opened_at", "pk"):
        assert shift.closed_at
        assert shift.counted is not None
        opening = partial(
            open_shift,
            shift_id=shift.pk,
            register_id=shift.register_id,
            float_amount=shift.float_amount,
            actor=actors[shift.cashier_id],
        )
        closing = partial(
            close_shift,
            shift_id=shift.pk,
            counted=shift.counted,
            reason=shift.variance_reason,
            actor=actors[shift.cashier_id],
        )
        deeds += [(shift.opened_at, 1, opening), (shift.closed_at, 3, closing)]
    for attempt in SaleAttempt.objects.order_by("at", "pk"):
        sell = partial(_sell, attempt, actors[attempt.user_id])
        deeds.append((attempt.at, 2, sell))
    return sorted(deeds, key=lambda deed: deed[:2])


def _sell(attempt: SaleAttempt, actor: Any) -> None:
    body = parse_sale(attempt.body)
    answer = check_out(sale_id=attempt.pk, body=body, actor=actor, source="till")
    assert (answer.status, answer.state) == (201, "posted"), answer


def _open(shop: list[tuple[type[models.Model], list[models.Model]]]) -> None:
    """The same shop in an empty database, on its first morning."""
    with transaction.atomic():
        for model, rows in shop:
            model._default_manager.bulk_create(rows)
        registers = Register.objects.all()
        JournalHead.objects.bulk_create(JournalHead(register=register) for register in registers)


# In which the services ask for new ids. A drawer's float comes before its sales, and drawers open
# in the order of their ids.
ASKED: dict[type[models.Model], tuple[Any, ...]] = {
    SaleLine: ("sale__recorded_at", "sale_id", "number"),
    Payment: ("sale__recorded_at", "sale_id", "number"),
    CashMove: ("at", F("sale_id").asc(nulls_first=True), "shift_id"),
}


def _ids_made(model: type[models.Model], order: tuple[Any, ...]) -> list[Any]:
    """The ids of a book's rows, in the order in which they were asked for."""
    return list(model._default_manager.order_by(*order).values_list("pk", flat=True))


@contextmanager
def _given(made: dict[type[models.Model], list[Any]]) -> Iterator[None]:
    """New rows have the ids that the copied ones have."""
    fields: dict[type[models.Model], Any] = {model: model._meta.pk for model in made}
    try:
        for model, ids in made.items():
            fields[model]._get_default = iter(ids).__next__
        yield
    finally:
        for field in fields.values():
            del field._get_default


# ---- what is compared ----------------------------------------------------------------------------


def _books() -> dict[type[models.Model], list[Row]]:
    books = {}
    for model in BOOKS:
        rows = list(model._default_manager.order_by("pk").values())
        if model in NUMBERED:
            for row in rows:
                del row["id"]
        books[model] = rows
    shelves = {
        level.pk: (str(level.store_id), str(level.product_id)) for level in StockLevel.objects.all()
    }
    for row in books[StockMove]:
        row["level_id"] = shelves[row["level_id"]]
    for row in books[JournalRecord]:
        row["payload"] = bytes(row["payload"])
    # A shelf that nothing ever lay on is no row to the services, and people were hired before.
    books[StockLevel] = [row for row in books[StockLevel] if row["version"]]
    trade = ("stock.", "shift.", "sale.")
    books[AuditEvent] = [row for row in books[AuditEvent] if row["action"].startswith(trade)]
    for row in books[AuditEvent]:
        if row["action"] == "stock.received":
            del row["after"]  # how many lines there were; the service keeps each
    for model in NUMBERED:
        books[model].sort(key=str)
    return books
