"""No connection, lane or disk to be had: 503 with Retry-After, in time; and then it goes on."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest
from psycopg import sql

from people.permissions import Role
from tests import databases, killing
from tests.crowd import Crowd, Person, Task, crowd, send_all
from tests.databases import Database
from tests.factories import PASSWORD, a_product, a_store, a_user
from tests.faults.conftest import LONG, a_days_trade, cashiers, wait_for_sales
from tests.shops import Shop
from tests.tills import books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

TILLS = 4
REFUSALS = 6
# What PostgreSQL says when a table cannot grow.
DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END
$$;
CREATE TRIGGER full_disk BEFORE INSERT ON sales_sale EXECUTE FUNCTION disk_full();
"""
BOUND = 30  # seconds for a 503: lane, pool, lock and one rerun, on a machine with other work


@contextmanager
def trading(shop: Shop) -> Iterator[Crowd]:
    """Some tills sell, and go on until the end; then nothing may be wrong."""
    store = a_store()
    tills = some_tills(TILLS, store)
    apple = a_product(price="2.00", on_hand="9000", store=store)
    trade = a_days_trade(tills, apple, 600)
    with crowd(cashiers(shop.url, tills, trade)) as shoppers:
        shoppers.go()
        wait_for_sales(shoppers.history)
        yield shoppers
        wait_for_sales(shoppers.history)
        shoppers.stop()
        history = shoppers.finish()
    nothing_wrong(history, history.sent(task for tasks in trade for task in tasks))


def wait_for_refusals(shoppers: Crowd) -> None:
    """Several have been told to come again, every one of them in time."""
    history = shoppers.history
    began = time.monotonic()
    enough = history.count("heard", 503) + REFUSALS
    history.wait_until(lambda: history.count("heard", 503) >= enough, "503s")
    sent = {}
    for event in list(history.events):
        if event.event == "sent":
            sent[event.task] = event.at
        elif event.event == "heard" and event.status == 503 and event.at > began:
            assert event.at - sent[event.task] < BOUND
            assert event.retry_after


@contextmanager
def all_connections_held(database: Database) -> Iterator[int]:
    """There is no connection left for the shop; how many others hold."""
    with ExitStack() as stack:
        owner = stack.enter_context(database.connect("owner", autocommit=True))
        name = sql.Identifier(database.name)
        owner.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 8").format(name))
        lift = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT -1").format(name)
        stack.callback(owner.execute, lift)
        held: list[int] = []
        while killing.sessions(owner, spared=held) or len(held) < 7:
            with suppress(psycopg.OperationalError):
                one = stack.enter_context(database.connect())
                held.append(one.info.backend_pid)
        yield len(held)


def test_without_a_connection_to_be_had_it_says_when_to_come_again_and_recovers(
    shop: Shop, tell: Tell
) -> None:
    with trading(shop) as shoppers:
        databases.let_go()
        with all_connections_held(shop.database) as held:
            wait_for_refusals(shoppers)
    number = shoppers.history.count("heard", 503)
    tell(f"all {held} connections held: {number} told to wait, then sold again; {books_hold()}")


@pytest.mark.skipif(not LONG, reason="an outage of a minute belongs to the long run")
def test_after_a_long_outage_nobody_waits_much_longer(shop: Shop, tell: Tell) -> None:
    with trading(shop) as shoppers:
        databases.let_go()
        with all_connections_held(shop.database):
            time.sleep(60)  # the outage itself; pauses between tries to connect must not grow
        before = shoppers.history.count("heard", 503)
        wait_for_sales(shoppers.history)
        after = shoppers.history.count("heard", 503) - before
    assert after <= 2 * TILLS
    tell(f"a minute without the database: {before} told to wait, {after} after it; {books_hold()}")


def test_a_lane_that_is_full_says_so_and_holds_up_no_other(shop: Shop, tell: Tell) -> None:
    with trading(shop) as shoppers, shop.database.connect() as other:
        other.execute("SELECT FROM sales_journalhead FOR NO KEY UPDATE")
        wait_for_refusals(shoppers)
        looks = [Task("registers", None, method="GET") for _look in range(10)]
        manager = a_user(Role.ADMIN)
        seen = send_all([Person(shop.url, manager.username, PASSWORD, [looks])], processes=1)
        other.rollback()
    assert seen.count("told", 200) == len(looks)
    number = shoppers.history.count("heard", 503)
    tell(
        f"every journal locked: {number} checkouts told to wait, {len(looks)} of {len(looks)}"
        f" other questions answered; {books_hold()}"
    )


def test_a_full_disk_is_no_fault_of_ours_and_passes(shop: Shop, tell: Tell) -> None:
    with trading(shop) as shoppers, shop.database.connect("owner", autocommit=True) as owner:
        owner.execute(DISK_FULL)
        wait_for_refusals(shoppers)
        owner.execute("DROP FUNCTION disk_full CASCADE")
    number = shoppers.history.count("heard", 503)
    tell(f"disk full: {number} told to wait, then sold again; {books_hold()}")


def test_sessions_that_are_ended_at_random_fail_no_sale(shop: Shop, tell: Tell) -> None:
    random.seed(31)
    ended = 0
    with trading(shop) as shoppers, shop.database.connect("owner", autocommit=True) as owner:
        databases.let_go()
        for _time in range(12):
            ended += killing.sessions(owner, share=0.5)
            wait_for_sales(shoppers.history, 2)
    assert ended >= 12
    told = dict(shoppers.history.told_to_wait())
    tell(f"{ended} sessions ended under load: nothing lost; told to wait: {told}; {books_hold()}")
