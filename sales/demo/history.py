"""Years of past trade, for measuring what a long history costs: a week of days, again and again.

Each day of the week is traded once, by the code that trades the demo's months, and kept as forms
(`sketch`). A day of the past is such a day with ids, instants, numbers and seals of its own; the
journal's chain is sealed record by record, as ever. In the evening everything comes in again that
was sold, so that each day begins with the same shelves. Nothing comes back in these years.

The rows go in by COPY, some days at a time: memory does not grow with the history. That they are
the rows which the services would have written is proved by tests/sales/test_history.py.
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models

from inventory.models import StockLevel, StockMove
from people.models import AuditEvent, Store
from sales.demo import copying
from sales.demo.rows import Drawer, Rows
from sales.demo.sketch import Line, SketchBooks, SoldForm
from sales.demo.trade import CLOSES, OPENS, Trade
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
from sales.sealing import amount, hash_of, instant

BASKETS = (3, 4, 5, 5, 6, 7)
CUSTOMERS = 140  # at a till on one day
DELIVERED = time(19, 30)
WEEK = 7
AT_ONCE = 40_000  # rows of one book
TOLD = 250_000  # lines
NO_SLIP = Decimal(0)

# In the order that their keys need.
BOOKS: tuple[type[models.Model], ...] = (
    AuditEvent, Shift, ShiftTotals, ShiftTender, SaleAttempt, Sale, SaleLine, ReturnedQuantity,
    Payment, CashMove, StockMove, JournalRecord,
)  # fmt: skip


@dataclass(frozen=True)
class DayForm:
    """A store's day: its sales by the clock, what its drawers add up to, its evening delivery."""

    day: date
    sales: list[SoldForm]
    drawers: list[Drawer]
    delivery: list[Line]
    moves: Counter[StockLevel]  # how many, by level of the true shelves

    @property
    def lines(self) -> int:
        """Of all its sales."""
        return sum(book is SaleLine for sale in self.sales for book, _form in sale.lines)


class History:
    """So many past sale lines at the demo's stores, up to the day before their trade begins."""

    def __init__(self, trade: Trade, lines: int, until: date, customers: int = CUSTOMERS) -> None:
        self.trade, self.until = trade, until
        self.week = [
            {store: self._sketch(store, number, customers) for store in trade.shop.stores}
            for number in range(WEEK)
        ]
        a_week = sum(form.lines for day in self.week for form in day.values())
        self.days = -(-lines * WEEK // a_week)
        self.first = until - timedelta(days=self.days)
        self.lines = 0
        self.waiting: defaultdict[type[models.Model], list[str]] = defaultdict(list)

    def load(self, tell: Callable[[str], None]) -> None:
        """It is in the books; heads and levels of the trade in hand have moved on with it.

        A step: call inside a transaction, where the trade's levels are saved and nothing was sold.
        """
        told = 0
        for number in range(self.days):
            for store, form in self.week[number % WEEK].items():
                self._trade(store, form, self.first + timedelta(days=number))
            if max(map(len, self.waiting.values())) > AT_ONCE:
                self._write()
            if self.lines - told >= TOLD:
                told = self.lines
                tell(f"{self.lines:,} sale lines of the past")
        self._write()

    # ---- one day, as forms -----------------------------------------------------------------------

    def _sketch(self, store: Store, number: int, customers: int) -> DayForm:
        """A day of that store, traded on paper."""
        day = self.until + timedelta(days=number)
        paper = copy.copy(self.trade)
        registers = [
            register for register in self.trade.shop.tills if register.store_id == store.pk
        ]
        paper.books = books = SketchBooks(registers, self.trade.new_id)
        true = {key: level for key, level in self.trade.levels.items() if key[0] == store.pk}
        paper.levels = {key: copy.copy(level) for key, level in true.items()}
        drawers = [
            books.open_drawer(
                register,
                (clerk := paper.shop.tills[register]),
                paper.actors[clerk.pk],
                paper.instant(store, day, OPENS),
            )
            for register in registers
        ]
        books.rows = Rows()
        sales = []
        for at in paper.moments(store, day, customers * len(drawers)):
            drawer = paper.rng.choice(drawers)
            paper.sell(drawer, at, BASKETS)
            if books.rows.sales:
                sales.append(books.form_of_last_sale(drawer))
        sold = [
            (level, true[key].on_hand - level.on_hand)
            for key, level in paper.levels.items()
            if level.on_hand != true[key].on_hand
        ]
        moves = Counter(
            {true[key]: level.version - true[key].version for key, level in paper.levels.items()}
        )
        paper.receive(store, sold, paper.instant(store, day, DELIVERED))
        moves.update(true[store.pk, level.product_id] for level, _pieces in sold)
        return DayForm(day, sales, drawers, books.form_of_delivery(), moves)

    # ---- the same day, once more -----------------------------------------------------------------

    def _trade(self, store: Store, form: DayForm, day: date) -> None:
        trade, books = self.trade, self.trade.books
        opens, closes = (trade.instant(store, day, clock) for clock in (OPENS, CLOSES))
        drawers = {
            drawn.register: books.open_drawer(
                drawn.register, drawn.shift.cashier, drawn.actor, opens
            )
            for drawn in form.drawers
        }
        self._keep(books.rows)
        for sale in form.sales:
            self._sell(drawers[sale.register], sale, _same_clock(store, sale.at, day))
        for drawn in form.drawers:
            drawer = drawers[drawn.register]
            _add_up(drawer, drawn)
            books.close_drawer(drawer, NO_SLIP, closes)
        self._keep(books.rows)
        facts = {
            "receipt": trade.new_id(),
            "at": trade.instant(store, day, DELIVERED).isoformat(),
        }
        for book, line in form.delivery:
            self.waiting[book].append(line % facts)
        for level, times in form.moves.items():
            level.version += times
        self.lines += form.lines

    def _sell(self, drawer: Drawer, sale: SoldForm, at: datetime) -> None:
        """One sale: numbered, sealed onto its register's chain, and waiting to be written."""
        head = self.trade.books.heads[drawer.register.pk]
        prev = _move_on(head, sale.sold)
        register = drawer.register
        store = register.store
        facts: dict[str, Any] = {name: self.trade.new_id() for name in sale.ids}
        facts |= {
            "sale": self.trade.new_id(),
            "shift": drawer.shift.pk,
            "number": head.last_receipt,
            "receipt": f"{store.code}-{register.number}-{head.epoch}-{head.last_receipt:06d}",
            "at": at.isoformat(),
            "z": instant(at),
            "day": drawer.shift.business_day,
            "seq": head.seq,
            "prev": prev,
            "sales": amount(head.perpetual_sales),
            "returns": amount(head.perpetual_returns),
            "net": amount(head.perpetual_net),
        }
        payload = (sale.payload % facts).encode()
        head.hash = hash_of(payload)
        facts |= {"payload": rf"\\x{payload.hex()}", "hash": head.hash}
        for book, line in sale.lines:
            self.waiting[book].append(line % facts)

    # ---- writing ---------------------------------------------------------------------------------

    def _keep(self, rows: Rows) -> None:
        """What the books have made by themselves waits with the rest, in the order of things."""
        for book in (rows.events, rows.shifts, rows.totals, rows.shift_tenders, rows.cash,
                     rows.records):  # fmt: skip
            for row in book:
                if not (isinstance(row, Shift) and row.closed_at is None):
                    names = copying.columns(type(row), given=row.pk is not None)
                    self.waiting[type(row)].append(copying.form(row, names) % {})
        open_now = [shift for shift in rows.shifts if shift.closed_at is None]
        for entry in fields(rows):
            getattr(rows, entry.name).clear()
        rows.shifts += open_now

    def _write(self) -> None:
        for book in BOOKS:
            given = not isinstance(book._meta.pk, models.BigAutoField)
            copying.write(book, copying.columns(book, given=given), self.waiting.pop(book, ()))


def _move_on(head: JournalHead, sold: Decimal) -> str:
    """The head stands at the next record; the hash of the one before."""
    head.seq += 1
    head.last_receipt += 1
    head.perpetual_sales += sold
    head.perpetual_net += sold
    return head.hash


def _add_up(drawer: Drawer, drawn: Drawer) -> None:
    """The drawer has the sums of the day it repeats."""
    drawer.totals = copy.copy(drawn.totals)
    drawer.totals.shift = drawer.shift
    drawer.tenders = {code: copy.copy(row) for code, row in drawn.tenders.items()}
    for row in drawer.tenders.values():
        row.shift = drawer.shift


def _same_clock(store: Store, at: datetime, day: date) -> datetime:
    """The instant at which the store's clock shows the same on that day."""
    zone = ZoneInfo(store.time_zone)
    return datetime.combine(day, at.astimezone(zone).time(), zone).astimezone(UTC)
