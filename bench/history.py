"""Whether a checkout minds how much was sold before it.

Two shops on one server: one has just opened, the other has sold millions of lines. At a till of
each the same baskets are sold by turns, in one thread of this process, so that what is compared is
the use case and its database.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.books import Till, new_till
from bench.measures import Measure, Size
from bench.shop import analyse
from people.models import Store
from regalpos import embedded
from regalpos.environment import VAR
from sales.models import SaleLine
from sales.services.demo import load_demo
from tests import databases
from tests.databases import Bed, Database

HOME = embedded.Home(VAR / f"{databases.PREFIX}bench-history-postgres")
PRODUCTS = 500
SALES = 300  # a half
SALES_IN_SMOKE = 10
LINES_IN_SMOKE = 2_000


def measure(size: Size) -> Iterator[Measure]:
    """The young shop and the old one, half by half."""
    wanted = LINES_IN_SMOKE if size.smoke else size.history
    sales = SALES_IN_SMOKE if size.smoke else SALES
    rounds = 1 if size.smoke else size.pairs
    with (
        databases.durable_bed(HOME) as bed,
        _shop(bed, history=0) as (young, here),
        _shop(bed, history=wanted) as (old, there),
    ):
        with old.in_use():
            lines = SaleLine.objects.count()
        rates: list[tuple[float, float]] = []
        for turn in range(rounds + 1):
            pair = (_per_second(young, here, sales), _per_second(old, there, sales))
            if turn or size.smoke:  # the first only warms up
                rates.append(pair)
    yield Measure(
        name="checkout/s with past sale lines / with none",
        value=round(statistics.median(after / before for before, after in rates), 3),
        floor=0.9,
        goal=0.98,
        inputs={
            "lines": lines,
            "per second, none": round(statistics.median(before for before, _ in rates), 1),
            "per second, all": round(statistics.median(after for _, after in rates), 1),
            "pairs": len(rates),
            "sales a half": sales,
        },
    )


@contextmanager
def _shop(bed: Bed, *, history: int) -> Iterator[tuple[Database, Till]]:
    """A demo shop with that many lines in its past, and one more till in its first store."""
    database = bed.clone()
    try:
        with database.in_use():
            facts: dict[str, Any] = {"products": PRODUCTS, "days": 1, "seed": 1}
            load_demo(**facts, history_lines=history)
            till = new_till(Store.objects.get(code="HS"))
        analyse(database)
        yield database, till
    finally:
        bed.drop(database)


def _per_second(database: Database, till: Till, sales: int) -> float:
    with database.in_use():
        till.sell(1)  # connects, and prepares its statements
        began = time.perf_counter()
        till.sell(sales)
        return sales / (time.perf_counter() - began)
