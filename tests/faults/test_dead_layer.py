"""The live layer is dead: screens hear nothing, and every sale stands."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests import shops, weak
from tests.crowd import History, Task, send_all
from tests.databases import Bed
from tests.factories import a_product
from tests.shops import Shop
from tests.tills import Till, books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

SALES = 40


@pytest.fixture(scope="module")
def refusing(
    bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A layer that says at once that it is dead."""
    yield from deaf(bed, tmp_path_factory.mktemp("refusing"), "refuses")


@pytest.fixture(scope="module")
def hanging(
    bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A layer that never answers."""
    yield from deaf(bed, tmp_path_factory.mktemp("hanging"), "hangs")


def deaf(bed: Bed, path: Path, how: str) -> Iterator[Shop]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.deaf_settings", "DEAD_LAYER": how}
    with shops.weak_shop(bed, path, last_lines=True, **settings) as shop:
        yield shop


def sell(shop: Shop, tills: list[Till]) -> tuple[History, list[Task]]:
    apple = a_product(price="2.00", on_hand="100", store=tills[0].register.store)
    tasks = [till.sale((apple, 1), total="2.00") for till in tills for _ in range(SALES // 4)]
    shares = [tasks[n * SALES // 4 : (n + 1) * SALES // 4] for n in range(len(tills))]
    pairs = zip(tills, shares, strict=True)
    return send_all([till.person(shop.url, share) for till, share in pairs]), tasks


@pytest.mark.parametrize("how", ["refusing", "hanging"])
def test_sales_stand_whatever_becomes_of_the_layer(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker, tell: Tell, how: str
) -> None:
    with shops.in_use(request.getfixturevalue(how), django_db_blocker) as shop:
        history, tasks = sell(shop, some_tills(4))

        nothing_wrong(history, tasks)
        assert Counter(event.status for event in history.final().values()) == {201: SALES}
        assert history.told_to_wait() == {}
        tell(f"{SALES} sales, the live layer {how}: {SALES} posted; {books_hold()}")


def test_control_told_before_the_commit_a_dead_layer_stops_the_sales(
    refusing: Shop, django_db_blocker: DjangoDbBlocker, tell: Tell
) -> None:
    with shops.in_use(refusing, django_db_blocker) as shop, shop.without(weak.TELL_LATER):
        history, _tasks = sell(shop, some_tills(4))

    tell(f"without {weak.TELL_LATER}: {len(history.faults())} of {SALES} sales failed")
    assert history.faults()
