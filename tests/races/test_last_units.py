"""The last units of a limited product: every one of them is sold, and none that is not there."""

import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import pytest

from inventory.models import Product, StockLevel, StockMove
from sales.models import Sale, SaleLine
from tests import servers, weak
from tests.crowd import History, Task, send_all
from tests.factories import a_product, a_store, on_hand
from tests.races.conftest import provoked
from tests.servers import Server
from tests.shops import Shop
from tests.tills import Till, books_hold, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(1200)]

LONG = bool(os.environ.get("REGAL_LONG"))
RUNS = 100 if LONG else 5
TILLS = 100 if LONG else 20
BUYERS = 100
UNITS = 50


def buyers(tills: list[Till], lamp: Product, number: int = BUYERS) -> list[list[Task]]:
    """So many people who each want one, standing at these tills; by till."""
    each = number // len(tills)
    return [[till.sale((lamp, 1), total="12.00") for _ in range(each)] for till in tills]


def rush(urls: list[str], tills: list[Till], wanted: list[list[Task]]) -> History:
    """All of them pay at the same moment, at each of the servers as many."""
    people = [
        till.person(url, *([task] for task in tasks))
        for till, tasks, url in zip(tills, wanted, cycle(urls), strict=False)
    ]
    return send_all(people)


@pytest.fixture
def another(shop: Shop, tmp_path: Path) -> Iterator[Server]:
    """A second process that sells from the same shelves."""
    with servers.serving(shop.database, tmp_path / "server.log") as server:
        yield server


def test_a_hundred_buyers_of_the_last_fifty_get_exactly_fifty(
    shop: Shop, another: Server, tell: Tell
) -> None:
    store = a_store()
    tills = some_tills(TILLS, store)
    waits: Counter[str] = Counter()

    for _run in range(RUNS):
        lamp = a_product(price="12.00", limited=True, on_hand=str(UNITS), store=store)
        wanted = buyers(tills, lamp)
        history = rush([shop.url, another.url], tills, wanted)

        heard = history.final()
        outcomes = Counter((event.status, event.code) for event in heard.values())
        assert outcomes == {(201, ""): UNITS, (409, "out_of_stock"): BUYERS - UNITS}
        for event in heard.values():
            if event.status == 409:
                [said] = event.body["error"]["products"]
                assert said == {"product": str(lamp.pk), "on_hand": "0"}
        assert on_hand(lamp, store) == 0
        balances = StockMove.objects.filter(level__product=lamp, kind="sale")
        left = sorted(balances.values_list("balance", flat=True))
        assert left == [Decimal(number) for number in range(UNITS)]  # 49, 48 ... 0, once each
        assert SaleLine.objects.filter(product=lamp).count() == UNITS
        waits += history.told_to_wait()
        assert not history.faults()

    assert Sale.objects.filter(store=store).count() == RUNS * UNITS
    tell(
        f"{RUNS} runs of {BUYERS} buyers at {TILLS} tills and 2 servers for {UNITS} units: exactly"
        f" {UNITS} each; told to wait: {dict(waits)}; {books_hold()}"
    )


def test_control_without_the_lock_more_are_sold_than_there_are(weak_shop: Shop, tell: Tell) -> None:
    store = a_store()
    tills = some_tills(10, store)

    def sold() -> int:
        lamp = a_product(price="12.00", limited=True, on_hand="10", store=store)
        with weak_shop.without(weak.STOCK_LOCK):
            rush([weak_shop.url], tills, buyers(tills, lamp, 30))
        count = SaleLine.objects.filter(product=lamp).count()
        assert StockLevel.objects.get(product=lamp, store=store).on_hand == 10 - count
        return count

    most = provoked(sold, beyond=10)
    tell(f"without {weak.STOCK_LOCK}: {most} of 10 units sold")
    assert most > 10
