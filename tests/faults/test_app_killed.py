"""The app is killed while it sells: what it has said is true, what it has not is found out."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import weak
from tests.crowd import crowd
from tests.databases import Database
from tests.factories import a_product, a_store
from tests.faults.conftest import LONG, a_days_trade, cashiers, strike, wait_for_sales
from tests.servers import Server
from tests.tills import books_hold, differences, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200 if LONG else 300)]

ROUNDS = 50 if LONG else 1
KILLS = 10  # in a round
TILLS = 8


def test_a_killed_app_has_lost_and_doubled_nothing(
    durable_db: Database, serve: Callable[..., Server], tell: Tell
) -> None:
    server = serve(durable_db, DJANGO_SETTINGS_MODULE="tests.durable_settings")
    random.seed(17)
    store = a_store()
    apple = a_product(price="2.00", on_hand="900000", store=store)
    in_flight, sales = [], 0

    def blow() -> None:
        server.kill()
        server.start()

    for _round in range(ROUNDS):
        tills = some_tills(TILLS, store)
        trade = a_days_trade(tills, apple, 600)
        with crowd(cashiers(server.url, tills, trade)) as shoppers:
            shoppers.go()
            in_flight += strike(shoppers, blow, KILLS)
            shoppers.stop()
            history = shoppers.finish()
        nothing_wrong(history, history.sent(task for tasks in trade for task in tasks))
        sales += len(history.posted())
        unknown = history.unknowns()

    assert len(in_flight) == ROUNDS * KILLS
    assert min(in_flight) > 0
    tell(
        f"{len(in_flight)} kills of the app with {sum(in_flight)} requests in flight, {sales}"
        f" sales: 0 lost, 0 doubled; no answer in the last round: {unknown}; {books_hold()}"
    )


def test_control_an_app_that_answers_before_it_commits_loses_sales(
    durable_db: Database, serve: Callable[..., Server], tell: Tell, tmp_path: Path
) -> None:
    switch = tmp_path / "without"
    switch.write_text("")
    server = serve(durable_db, DJANGO_SETTINGS_MODULE="tests.weak_settings", WITHOUT=str(switch))
    store = a_store()
    apple = a_product(price="2.00", on_hand="1000", store=store)
    tills = some_tills(4, store)
    trade = a_days_trade(tills, apple, 400)

    with (
        weak.without(switch, weak.COMMIT_FIRST),
        crowd(cashiers(server.url, tills, trade)) as shoppers,
    ):
        shoppers.go()
        wait_for_sales(shoppers.history, 20)
        server.kill()
        posted = shoppers.history.posted()

    lost = differences(shoppers.history, [t for tasks in trade for t in tasks])["lost"]
    tell(f"without {weak.COMMIT_FIRST}: {len(lost)} of {len(posted)} acknowledged sales were lost")
    assert lost
