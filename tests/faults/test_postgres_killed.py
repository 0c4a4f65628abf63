"""PostgreSQL is killed while the shop sells: nothing that was confirmed is lost, and it goes on."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from regalpos.embedded import Home
from tests import databases, killing
from tests.crowd import crowd
from tests.databases import Database
from tests.factories import a_product, a_store
from tests.faults.conftest import LONG, a_days_trade, cashiers, strike, wait_for_sales
from tests.servers import Server
from tests.tills import books_hold, differences, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(14400 if LONG else 300)]

ROUNDS = 50 if LONG else 1
KILLS = 10  # in a round
TILLS = 8


def test_a_killed_database_has_lost_and_doubled_nothing_and_the_shop_goes_on(
    durable_db: Database, serve: Callable[..., Server], tell: Tell
) -> None:
    server = serve(durable_db, DJANGO_SETTINGS_MODULE="tests.durable_settings")
    random.seed(23)
    store = a_store()
    apple = a_product(price="2.00", on_hand="900000", store=store)
    in_flight, sales = [], 0

    for _round in range(ROUNDS):
        tills = some_tills(TILLS, store)
        trade = a_days_trade(tills, apple, 600)
        with crowd(cashiers(server.url, tills, trade)) as shoppers:
            shoppers.go()
            in_flight += strike(shoppers, durable_db.bed.kill, KILLS)
            shoppers.stop()
            history = shoppers.finish()
        databases.let_go()  # our own connections did not live through it either
        nothing_wrong(history, history.sent(task for tasks in trade for task in tasks))
        sales += len(history.posted())
        unknown, waits = history.unknowns(), history.told_to_wait()

    assert len(in_flight) == ROUNDS * KILLS
    assert min(in_flight) > 0
    assert server.process.poll() is None  # the same app all the time
    tell(
        f"{len(in_flight)} kills of PostgreSQL with {sum(in_flight)} requests in flight, {sales}"
        f" sales: 0 lost, 0 doubled; in the last round no answer: {unknown}, told to wait:"
        f" {dict(waits)}; {books_hold()}"
    )


def test_control_a_database_that_does_not_wait_for_its_disk_loses_sales(
    durable_db: Database, serve: Callable[..., Server], tell: Tell
) -> None:
    home = durable_db.bed.home
    assert home
    with durable_db.connect("owner", autocommit=True) as owner:
        owner.execute(f'ALTER DATABASE "{durable_db.name}" SET synchronous_commit = off')
    store = a_store()
    apple = a_product(price="2.00", on_hand="9000", store=store)
    tills = some_tills(4, store)
    trade = a_days_trade(tills, apple, 400)
    server = serve(durable_db)  # with settings that let it: it would refuse to open

    with lazy_writer(home, durable_db), crowd(cashiers(server.url, tills, trade)) as shoppers:
        shoppers.go()
        wait_for_sales(shoppers.history, 40)
        durable_db.bed.kill()
        shoppers.stop()
        history = shoppers.finish()

    databases.let_go()
    lost = differences(history, history.sent(task for tasks in trade for task in tasks))["lost"]
    tell(f"synchronous_commit off: {len(lost)} of {len(history.posted())} confirmed sales lost")
    assert lost


@contextmanager
def lazy_writer(home: Home, database: Database) -> Iterator[None]:
    """What nobody waits for is written after ten seconds, and not before."""
    configuration = home.data / "postgresql.conf"
    before = configuration.read_text()
    lazy = "wal_writer_delay = 10s\nwal_writer_flush_after = 1GB\nbgwriter_lru_maxpages = 0\n"
    configuration.write_text(f"{before}\n{lazy}")
    try:
        killing.reread_settings(home)
        with database.connect(autocommit=True) as connection:
            while connection.execute("SHOW wal_writer_delay").fetchone() != ("10s",):
                pass
        yield
    finally:
        configuration.write_text(before)
        killing.reread_settings(home)
