"""What the day's end costs: closing a drawer after thousands of sales, today's figures after years.

A drawer is filled by real sales, one after another. Years of history are copies of one real day
(`past.py`). What is timed is what a person waits for: the count that closes the drawer with the Z
that is shown then, and the whole page of the dashboard.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone

from bench.measures import Measure, Size
from bench.past import copy_back
from inventory.models import Product
from people.access import Actor
from people.models import Store
from people.permissions import Role
from regalpos import embedded, ids
from regalpos.environment import VAR
from sales.forms import parse_sale
from sales.models import Register, Shift
from sales.reports.drawers import read_drawer
from sales.services.checkout import check_out
from sales.services.shifts import close_shift
from tests import databases
from tests.factories import a_cashier, a_product, a_register, a_shift, a_store, a_user

HOME = embedded.Home(VAR / f"{databases.PREFIX}bench-books-postgres")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SALES = 5_000  # in the drawer that is closed
DAYS = 5 * 365
LINES = 5
STORES = 2


@dataclass(frozen=True)
class Till:
    """A till with an open drawer, and what is sold there."""

    store: Store
    register: Register
    ana: Actor
    shift: Shift
    goods: list[Product]

    def sell(self, sales: int) -> None:
        """So many sales, one of each product."""
        body = {
            "register": str(self.register.pk),
            "lines": [{"product": str(item.pk), "quantity": "1"} for item in self.goods],
            "payments": [{"tender": "cash", "amount": f"{LINES}.00"}],
            "shown_total": f"{LINES}.00",
        }
        for _sale in range(sales):
            answer = check_out(
                sale_id=ids.new(), body=parse_sale(body), actor=self.ana, source="till"
            )
            if answer.state != "posted":
                raise RuntimeError(answer.content)

    def close(self) -> None:
        """Counted and closed, and the Z read."""
        close_shift(shift_id=self.shift.pk, counted=Decimal(0), reason="bench", actor=self.ana)
        read_drawer(self.shift.pk, self.ana)


def measure(size: Size) -> Iterator[Measure]:
    """The drawer first: its sales are the past of the second."""
    with databases.durable_bed(HOME) as bed:
        with databases.committed(bed):
            yield _closing(20 if size.smoke else SALES)
        with databases.committed(bed):
            yield _today(size)


def _closing(sales: int) -> Measure:
    few, full = new_till(), new_till()
    few.sell(10)
    full.sell(sales)
    with_few, with_many = _seconds(few.close), _seconds(full.close)
    return Measure(
        name=f"shift close with {sales:,} sales",
        value=round(with_many, 4),
        floor=1.0,
        goal=0.2,
        unit="s",
        more_is_better=False,
        inputs={"with 10 sales, s": round(with_few, 4), "sales": sales},
    )


def _today(size: Size) -> Measure:
    days = 30 if size.smoke else DAYS
    a_day = 2 if size.smoke else max(1, size.history // 5 // LINES // STORES // DAYS)
    tills = [new_till() for _ in range(STORES)]
    for till in tills:
        till.sell(a_day)
    boss = a_user(Role.MANAGER, *(till.store for till in tills))
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(boss, backend=BACKEND)
    rounds = 3 if size.smoke else 30
    young = _pages(browser, rounds)
    began = time.perf_counter()
    sales = copy_back(days, tills[0].store.business_day(timezone.now()))
    loaded = time.perf_counter() - began
    old = _pages(browser, rounds)
    return Measure(
        name="today's report with 5 years of sales",
        value=round(statistics.median(old) * 1000, 1),
        floor=300.0,
        goal=50.0,
        unit="ms",
        more_is_better=False,
        inputs={
            "worst, ms": round(max(old) * 1000, 1),
            "with one day, ms": round(statistics.median(young) * 1000, 1),
            "sales": sales,
            "lines": sales * LINES,
            "days": days + 1,
            "stores": STORES,
            "loading, s": round(loaded, 1),
        },
    )


def _pages(browser: Client, rounds: int) -> list[float]:
    def page() -> Any:
        answer = browser.get("/dashboard/")
        if answer.status_code != 200:
            raise RuntimeError(answer.status_code)

    page()
    return [_seconds(page) for _ in range(rounds)]


def new_till(store: Store | None = None) -> Till:
    """A till with an open drawer, at that store or one of its own."""
    store = store or a_store()
    register, ana = a_register(store), a_cashier(store)
    goods = [a_product(price="1.00", on_hand="100000", store=store) for _ in range(LINES)]
    return Till(store, register, ana, a_shift(register, ana), goods)


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
