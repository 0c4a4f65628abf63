"""Lanes: units run whole, whoever hangs up, whatever breaks; and nobody waits for ever.

Locks here are PostgreSQL's advisory locks: they wait, time out and deadlock as rows do.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
import structlog
from asgiref.sync import async_to_sync
from django.db import OperationalError, connection, connections, transaction
from django.utils import translation
from psycopg.errors import DeadlockDetected
from pytest_django import Settings

from regalpos import lanes
from regalpos.errors import Busy, Refusal
from tests.databases import Database


def ask(statement: str, *values: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row[0] if row else None


def backend() -> int:
    """Which of PostgreSQL's processes answers this thread."""
    return int(ask("SELECT pg_backend_pid()"))


def kill(database: Database, pid: int) -> None:
    with database.connect(autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def cut(connection: Any) -> None:
    """The wire to the server is cut; nobody says a word."""
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


@contextmanager
def held(database: Database, key: int) -> Iterator[None]:
    """Somebody else has the lock, as long as this lasts."""
    with database.connect(autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [key])
        yield


def one_lane(settings: Settings, **rules: float) -> None:
    settings.LANES = {"till": {"threads": 1, "wait": 5.0, **rules}}


async def twice(unit: Callable[[], Any]) -> tuple[Any, Any]:
    return await lanes.run(unit), await lanes.run(unit)


# ---- connections ----------------------------------------------------------------------------


def test_a_lane_keeps_its_connection(committed_db: Database, settings: Settings) -> None:
    one_lane(settings)

    first, second = asyncio.run(twice(backend))

    assert first == second


def test_a_connection_that_broke_while_idle_is_replaced_unseen(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    attempts = []

    def unit() -> int:
        attempts.append(1)
        return backend()

    async def scenario() -> tuple[int, int]:
        before = await lanes.run(unit)
        await asyncio.to_thread(kill, committed_db, before)
        return before, await lanes.run(unit)

    before, after = asyncio.run(scenario())

    assert before != after
    assert len(attempts) == 2  # the second unit ran once: the break was seen before it began


def test_without_looking_first_the_break_would_be_met_inside_the_unit(
    committed_db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_lane(settings)
    monkeypatch.setattr(lanes, "_is_suspect", lambda connection: False)
    monkeypatch.setitem(lanes.RERUNS, "lost", 0)

    async def scenario() -> None:
        before = await lanes.run(backend)
        await asyncio.to_thread(kill, committed_db, before)
        await lanes.run(backend)

    with pytest.raises(Busy):
        asyncio.run(scenario())


def test_a_connection_lost_on_the_way_is_run_again_on_a_new_one(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    pids = []

    def unit() -> str:
        with transaction.atomic(durable=True):
            pids.append(backend())
            if len(pids) == 1:
                kill(committed_db, pids[0])
            ask("SELECT 1")
        return "sold"

    assert asyncio.run(lanes.run(unit, write=True)) == "sold"
    assert len(set(pids)) == 2


def test_a_server_that_dies_without_a_word_costs_a_second_run(
    committed_db: Database, settings: Settings
) -> None:
    """A killed server sends no code; on the way out of the transaction Django connects anew."""
    one_lane(settings, statement_ms=4321)
    runs = []

    def unit() -> str:
        with transaction.atomic(durable=True), transaction.atomic():
            runs.append(backend())
            if len(runs) == 1:
                cut(connection)
            ask("SELECT 1")
        return str(ask("SHOW statement_timeout"))

    assert asyncio.run(lanes.run(unit, write=True)) == "4321ms"
    assert len(set(runs)) == 2


def test_a_server_that_dies_in_the_middle_of_a_commit_costs_a_second_run(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    runs = []

    def unit() -> int:
        with transaction.atomic(durable=True):
            runs.append(backend())
            if len(runs) == 1:
                cut(connection)
        return len(runs)

    assert asyncio.run(lanes.run(unit, write=True)) == 2


@pytest.mark.parametrize("state", ["53100", "53200", "53300"])
def test_a_server_without_room_is_busy_at_once(
    committed_db: Database, settings: Settings, state: str
) -> None:
    one_lane(settings)
    runs = []

    def unit() -> None:
        runs.append(backend())
        ask(f"DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{state}'; END $$")

    with pytest.raises(Busy):
        asyncio.run(lanes.run(unit, write=True))
    assert len(runs) == 1


def test_a_connection_lost_again_is_busy_not_an_endless_try(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    pids = []

    def unit() -> None:
        pids.append(backend())
        kill(committed_db, pids[-1])
        ask("SELECT 1")

    with pytest.raises(Busy):
        asyncio.run(lanes.run(unit, write=True))
    assert len(pids) == 2
    assert asyncio.run(lanes.run(lambda: ask("SELECT 7"))) == 7


def test_a_unit_that_leaves_a_transaction_open_does_not_hand_it_on(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)

    def careless() -> int:
        transaction.set_autocommit(False)
        return backend()

    async def scenario() -> tuple[int, int, bool]:
        before = await lanes.run(careless)
        return before, await lanes.run(backend), await lanes.run(transaction.get_autocommit)

    before, after, autocommit = asyncio.run(scenario())

    assert before != after
    assert autocommit


def test_a_unit_that_fails_leaves_a_clean_connection(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)

    class TillJammed(Exception):
        pass

    def unit() -> None:
        with transaction.atomic():
            ask("SELECT 1")
            raise TillJammed

    async def scenario() -> bool:
        with pytest.raises(TillJammed):
            await lanes.run(unit)
        return await lanes.run(lambda: connection.in_atomic_block)

    assert asyncio.run(scenario()) is False


def test_closing_gives_every_connection_back(committed_db: Database, settings: Settings) -> None:
    settings.LANES = {"till": {"threads": 3}}
    pids = []

    async def three() -> None:
        together = threading.Barrier(3)

        def unit() -> None:
            together.wait(5)
            pids.append(backend())

        await asyncio.gather(*(lanes.run(unit) for _ in range(3)))

    asyncio.run(three())
    lanes.close()

    with committed_db.connect(autocommit=True) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
        assert len(set(pids)) == 3
        assert other.execute(query, [pids]).fetchone() == (0,)


# ---- who hangs up ---------------------------------------------------------------------------


def test_a_unit_goes_on_when_its_caller_hangs_up(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    begun, go_on, told = threading.Event(), threading.Event(), threading.Event()

    def unit() -> None:
        with transaction.atomic(durable=True):
            ask("SELECT 1")
            begun.set()
            go_on.wait(5)
            ask("SELECT 1")
            transaction.on_commit(told.set)

    async def scenario() -> int:
        sale = asyncio.create_task(lanes.run(unit, write=True))
        await asyncio.to_thread(begun.wait, 5)
        sale.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sale
        assert not told.is_set()
        go_on.set()
        await asyncio.to_thread(told.wait, 5)
        return await lanes.run(lambda: int(ask("SELECT 7")))

    assert asyncio.run(scenario()) == 7
    assert told.is_set()


def test_its_place_is_taken_until_the_thread_is_done(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings, wait=0.1)
    begun, go_on = threading.Event(), threading.Event()

    def unit() -> None:
        begun.set()
        go_on.wait(5)

    async def scenario() -> None:
        sale = asyncio.create_task(lanes.run(unit, write=True))
        await asyncio.to_thread(begun.wait, 5)
        sale.cancel()
        with pytest.raises(Busy):
            await lanes.run(backend)
        go_on.set()
        assert await lanes.run(backend)

    asyncio.run(scenario())


def test_who_hangs_up_while_in_line_leaves_no_trace(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    begun, go_on, ran = threading.Event(), threading.Event(), []

    def slow() -> None:
        begun.set()
        go_on.wait(5)

    async def scenario() -> None:
        first = asyncio.create_task(lanes.run(slow))
        await asyncio.to_thread(begun.wait, 5)
        second = asyncio.create_task(lanes.run(lambda: ran.append("second"), write=True))
        await asyncio.sleep(0.05)
        second.cancel()
        go_on.set()
        await first
        await lanes.run(lambda: ran.append("third"))

    asyncio.run(scenario())

    assert ran == ["third"]


# ---- too many -------------------------------------------------------------------------------


@pytest.mark.parametrize(("patience", "answer"), [(0.1, "busy, come back in 2 s"), (5.0, "served")])
def test_a_full_lane_says_so_in_time(
    committed_db: Database, settings: Settings, patience: float, answer: str
) -> None:
    one_lane(settings, wait=patience)
    begun = threading.Event()

    def slow() -> None:
        begun.set()
        time.sleep(0.6)

    async def scenario() -> str:
        first = asyncio.create_task(lanes.run(slow))
        await asyncio.to_thread(begun.wait, 5)
        try:
            await lanes.run(backend)
            return "served"
        except Busy as busy:
            return f"busy, come back in {busy.retry_after} s"
        finally:
            await first

    assert asyncio.run(scenario()) == answer


def test_a_full_office_does_not_hold_up_the_till(
    committed_db: Database, settings: Settings
) -> None:
    settings.LANES = {"office": {"threads": 1}, "till": {"threads": 1, "wait": 0.5}}
    begun, go_on = threading.Event(), threading.Event()

    def report() -> None:
        begun.set()
        go_on.wait(5)

    async def scenario() -> int:
        slow = asyncio.create_task(lanes.run(report, lane="office"))
        await asyncio.to_thread(begun.wait, 5)
        try:
            return await lanes.run(lambda: int(ask("SELECT 7")), lane="till")
        finally:
            go_on.set()
            await slow

    assert asyncio.run(scenario()) == 7


def test_a_lane_that_does_not_exist_is_a_mistake(committed_db: Database) -> None:
    with pytest.raises(KeyError):
        asyncio.run(lanes.run(backend, lane="express"))


# ---- what PostgreSQL says no to ---------------------------------------------------------------


async def cross(tries: dict[str, int]) -> list[Any]:
    """Two units that take two locks in opposite order, and meet once."""
    meeting = threading.Barrier(2)

    def unit(name: str, first: int, second: int) -> str:
        tries[name] += 1
        with transaction.atomic(durable=True):
            ask("SELECT pg_advisory_xact_lock(%s)", first)
            if tries[name] == 1:
                meeting.wait(5)
            ask("SELECT pg_advisory_xact_lock(%s)", second)
        return name

    outcome = await asyncio.gather(
        lanes.run(lambda: unit("a", 1, 2), write=True),
        lanes.run(lambda: unit("b", 2, 1), write=True),
        return_exceptions=True,
    )
    return list(outcome)


def test_a_deadlock_is_run_again_and_nobody_sees_it(committed_db: Database) -> None:
    tries = {"a": 0, "b": 0}

    assert asyncio.run(cross(tries)) == ["a", "b"]
    assert sorted(tries.values()) == [1, 2]


def test_without_running_again_one_of_them_is_turned_away(
    committed_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lanes.RERUNS, "conflict", 0)

    outcome = asyncio.run(cross({"a": 0, "b": 0}))

    assert sorted(type(one).__name__ for one in outcome) == ["Busy", "str"]


def test_an_endless_conflict_ends_after_five_more_tries(committed_db: Database) -> None:
    tries = []

    def unit() -> None:
        tries.append(1)
        ask("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

    with pytest.raises(Busy):
        asyncio.run(lanes.run(unit, write=True))
    assert len(tries) == 6


def test_a_lock_that_does_not_come_is_tried_once_more(
    committed_db: Database, settings: Settings
) -> None:
    one_lane(settings)
    tries = []

    def unit() -> None:
        tries.append(1)
        with transaction.atomic():
            ask("SELECT set_config('lock_timeout', '50ms', true)")
            ask("SELECT pg_advisory_xact_lock(3)")

    with held(committed_db, 3), pytest.raises(Busy):
        asyncio.run(lanes.run(unit, write=True))
    assert len(tries) == 2
    asyncio.run(lanes.run(unit, write=True))
    assert len(tries) == 3


@pytest.mark.parametrize(("limit", "answer"), [(50, Busy), (5_000, type(None))])
def test_a_statement_may_take_what_its_lane_allows(
    committed_db: Database, settings: Settings, limit: int, answer: type
) -> None:
    one_lane(settings, statement_ms=limit)
    tries = []

    def unit() -> None:
        tries.append(1)
        ask("SELECT pg_sleep(0.3)")

    try:
        outcome: object = asyncio.run(lanes.run(unit))
    except Busy as busy:
        outcome = busy

    assert isinstance(outcome, answer)
    assert len(tries) == 1


def test_a_units_own_mistake_is_its_own(committed_db: Database) -> None:
    class OutOfStock(Refusal):
        code = "out_of_stock"

    def refuse() -> None:
        raise OutOfStock(on_hand=2)

    with pytest.raises(OutOfStock):
        asyncio.run(lanes.run(refuse))
    with pytest.raises(Exception, match="division by zero"):
        asyncio.run(lanes.run(lambda: ask("SELECT 1/0")))


def test_a_database_that_is_not_there_is_busy(committed_db: Database, settings: Settings) -> None:
    one_lane(settings)
    asyncio.run(lanes.run(backend))
    lanes.close()
    with committed_db.in_use():
        connections.settings["default"]["NAME"] = "no_such_database"
        with pytest.raises(Busy):
            asyncio.run(lanes.run(backend))


def test_inside_somebodys_transaction_nothing_is_run_again(committed_db: Database) -> None:
    tries = []

    def unit() -> None:
        tries.append(1)
        raise OperationalError from DeadlockDetected()

    with transaction.atomic(), pytest.raises(Busy):
        lanes.retrying(unit)
    assert len(tries) == 1


# ---- what a unit sees -----------------------------------------------------------------------


def test_a_unit_speaks_the_callers_language_and_is_logged_in_their_name(
    committed_db: Database,
) -> None:
    class Maeve:
        user_id = uuid4()

    def unit() -> tuple[str, dict[str, Any]]:
        translation.activate("ur")  # stays in the unit
        return translation.gettext("Yes"), structlog.contextvars.get_contextvars()

    async def scenario() -> tuple[str, dict[str, Any], str | None]:
        with translation.override("de"), structlog.contextvars.bound_contextvars(request_id="r1"):
            _words, bound = await lanes.run(unit, Maeve())
            words = await lanes.run(lambda: translation.gettext("Yes"))
            return words, bound, translation.get_language()

    words, bound, language = asyncio.run(scenario())

    assert words == "Ja"
    assert bound == {"request_id": "r1", "actor": str(Maeve.user_id)}
    assert language == "de"


def test_inline_stays_in_the_callers_thread() -> None:
    async def scenario() -> int:
        return await lanes.run(threading.get_ident)

    with lanes.inline():
        assert async_to_sync(scenario)() == threading.get_ident()
