"""What the fault tests share: tills that sell until told to stop, while something is killed."""

import os
import random
import time
from collections.abc import Callable, Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from inventory.models import Product
from tests import shops
from tests.crowd import Crowd, History, Person, Task
from tests.databases import Bed
from tests.shops import Shop
from tests.tills import Till

LONG = bool(os.environ.get("REGAL_LONG"))
BETWEEN = 4  # sales that must have been posted since the last blow


@pytest.fixture(scope="module")
def sound(bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop as it is, for the tests of one module that leave it whole."""
    with shops.sound_shop(bed, tmp_path_factory.mktemp("faults")) as shop:
        yield shop


@pytest.fixture
def shop(sound: Shop, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """The shop as it is, for this test."""
    with shops.in_use(sound, django_db_blocker) as shop:
        yield shop


def a_days_trade(tills: list[Till], product: Product, number: int) -> list[list[Task]]:
    """For each till more sales than it will come to; a piece costs 2.00."""
    return [[_a_sale(till, product) for _sale in range(number)] for till in tills]


def cashiers(url: str, tills: list[Till], trade: list[list[Task]]) -> list[Person]:
    """Somebody at each till, who rings up one sale after the other."""
    return [till.person(url, tasks) for till, tasks in zip(tills, trade, strict=True)]


def strike(shoppers: Crowd, blow: Callable[[], object], times: int) -> list[int]:
    """So many blows, each while sales are in flight; how many were, at each.

    After every blow the shop must sell again, all by itself.
    """
    history = shoppers.history
    in_flight = []
    wait_for_sales(history)
    for _blow in range(times):
        time.sleep(random.uniform(0, 0.2))  # so that it comes at any moment of the work
        history.wait_until(lambda: bool(history.in_flight), "sales to be in flight")
        in_flight.append(len(history.in_flight))
        blow()
        wait_for_sales(history)
    return in_flight


def wait_for_sales(history: History, number: int = BETWEEN) -> None:
    """So many more sales have been posted."""
    enough = history.count("heard", 201) + number
    history.wait_until(lambda: history.count("heard", 201) >= enough, "sales to be posted")


def _a_sale(till: Till, product: Product) -> Task:
    pieces = random.randint(1, 3)
    return till.sale((product, pieces), total=f"{2 * pieces}.00")
