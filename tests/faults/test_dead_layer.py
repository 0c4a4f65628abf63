"""The live layer is dead: screens hear nothing, and every sale stands."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import weak
from tests.crowd import History, Task, send_all
from tests.databases import Database
from tests.factories import a_product
from tests.servers import Server
from tests.tills import Till, books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

SALES = 40


def deaf(serve: Callable[..., Server], database: Database, how: str, switch: Path) -> Server:
    """A shop whose layer is dead in this way."""
    switch.write_text("")
    settings = {"DJANGO_SETTINGS_MODULE": "tests.deaf_settings", "WITHOUT": str(switch)}
    return serve(database, DEAD_LAYER=how, **settings)


def sell(server: Server, tills: list[Till]) -> tuple[History, list[Task]]:
    apple = a_product(price="2.00", on_hand="100", store=tills[0].register.store)
    tasks = [till.sale((apple, 1), total="2.00") for till in tills for _ in range(SALES // 4)]
    shares = [tasks[n * SALES // 4 : (n + 1) * SALES // 4] for n in range(len(tills))]
    pairs = zip(tills, shares, strict=True)
    return send_all([till.person(server.url, share) for till, share in pairs]), tasks


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_sales_stand_whatever_becomes_of_the_layer(
    committed_db: Database, serve: Callable[..., Server], tell: Tell, tmp_path: Path, how: str
) -> None:
    server = deaf(serve, committed_db, how, tmp_path / "without")
    tills = some_tills(4)

    history, tasks = sell(server, tills)

    nothing_wrong(history, tasks)
    assert Counter(event.status for event in history.final().values()) == {201: SALES}
    assert history.told_to_wait() == {}
    tell(f"{SALES} sales with a live layer that {how}: {SALES} posted; {books_hold()}")


def test_control_told_before_the_commit_a_dead_layer_stops_the_sales(
    committed_db: Database, serve: Callable[..., Server], tell: Tell, tmp_path: Path
) -> None:
    switch = tmp_path / "without"
    server = deaf(serve, committed_db, "refuses", switch)

    with weak.without(switch, weak.TELL_LATER):
        history, _tasks = sell(server, some_tills(4))

    tell(f"without {weak.TELL_LATER}: {len(history.faults())} of {SALES} sales failed")
    assert history.faults()
