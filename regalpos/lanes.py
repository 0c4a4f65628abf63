"""The way to the database for screens, API and sockets.

A lane is a small, fixed set of threads. Each keeps its own Django connection, so
`atomic`, `on_commit` and the ORM work as ever, and a unit of work costs one hop, no new
thread and no new connection. Few threads are also the admission control: whoever waits
too long for one is told Busy, and a flood of reports never stands before a checkout.

A unit is one synchronous function: all the reads of a screen, or one use case with its
own transaction. Nothing here opens a transaction. A unit that has begun is finished,
whether or not anybody still waits for it.
"""

import asyncio
import contextvars
import random
import select
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from weakref import WeakKeyDictionary

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation
from psycopg_pool import PoolTimeout

from regalpos.errors import Busy

log = structlog.get_logger(__name__)

# How often a unit is run again, by what stopped it. Whatever is not here is not.
RERUNS = {"conflict": 5, "locked": 1, "lost": 1}
PAUSE = (0.010, 0.200)  # seconds before a rerun, drawn at random so that two do not meet again

# What PostgreSQL's SQLSTATE means to us (its manual, appendix A).
TROUBLES = {
    "40001": "conflict",  # serialisation failure
    "40P01": "conflict",  # deadlock
    "55P03": "locked",  # lock_timeout
    "57014": "slow",  # statement_timeout
    "53100": "full",  # no room on its disk
    "53200": "full",  # no memory
    "53300": "full",  # no connection slot left
    "25006": "lost",  # read-only: another server has taken over
    "25P03": "lost",  # idle too long inside a transaction
    "25P04": "lost",  # transaction_timeout
    "57P01": "lost",  # shut down
    "57P02": "lost",  # crashed
    "57P03": "lost",  # starting up
}


@dataclass(frozen=True)
class LaneRules:
    """How many at once, seconds to stand in line, milliseconds that one statement may take."""

    threads: int
    wait: float = 3.0
    statement_ms: int = 5_000


# `settings.LANES` may change any of these: {"till": {"threads": 8}}.
LANES = {
    "checkout": LaneRules(threads=4),
    "till": LaneRules(threads=4),
    "office": LaneRules(threads=3, statement_ms=15_000),
    "reports": LaneRules(threads=1, statement_ms=60_000),
}


async def run[T](
    unit: Callable[[], T], actor: object = None, *, write: bool = False, lane: str = "till"
) -> T:
    """What `unit` returns, after it ran whole in a thread of `lane`.

    The unit sees the caller's language, time zone and log bindings; `actor` is named in
    its log lines. A caller that goes away while still in line leaves no trace; once
    begun, a unit runs to its end. With `write=True` the unit is one use case, idempotent
    by its id, because it may run more than once (see `retrying`). Raises Busy if there is
    no thread, connection, lock or answer in time: the outcome of a write is then unknown.
    """
    context = contextvars.copy_context()
    if user_id := getattr(actor, "user_id", None):
        context.run(structlog.contextvars.bind_contextvars, actor=str(user_id))
    if _inline or getattr(settings, "LANES_INLINE", False):
        return await sync_to_async(partial(retrying, unit), context=context)()
    return await _lane(lane).run(unit, context, write=write)


def retrying[T](unit: Callable[[], T]) -> T:
    """What `unit` returns, run again as a whole where that helps.

    The twin of `run` for commands and synchronous views: it stays in the caller's thread.
    A conflict is run up to five more times; a lock that did not come, or a connection
    that went, once more. Inside somebody else's transaction nothing is run again, for it
    cannot be undone alone. What then remains of such trouble is Busy; any other error is
    the unit's own and passes through.
    """
    left = dict(RERUNS)
    while True:
        try:
            return unit()
        except Error as error:
            trouble = _trouble(error)
            if not trouble:
                raise
            connection = connections[DEFAULT_DB_ALIAS]
            nested = connection.in_atomic_block
            if trouble == "lost" and not nested:
                _drop(connection)  # Django may have made a new one, but not as a lane does.
            if nested or not left.get(trouble):
                log.warning("unit_given_up", trouble=trouble)
                raise Busy from error
        left[trouble] -= 1
        log.info("unit_runs_again", trouble=trouble, left=left[trouble])
        time.sleep(random.uniform(*PAUSE))  # noqa: S311  (spreads load, guards nothing)


@contextmanager
def inline() -> Iterator[None]:
    """Within, units run in the caller's thread, so that a rolled-back test sees its rows."""
    global _inline
    before, _inline = _inline, True
    try:
        yield
    finally:
        _inline = before


def close() -> None:
    """Every lane has finished its units and given up its threads and connections."""
    with _opening:
        while _open:
            _open.popitem()[1].close()


class Lane:
    """A fixed number of threads, each with its own connection, and the line before them."""

    def __init__(self, name: str, rules: LaneRules) -> None:
        self.name = name
        self.rules = rules
        self._threads = ThreadPoolExecutor(rules.threads, thread_name_prefix=f"lane-{name}")
        # An asyncio lock belongs to one loop; a process under test has several.
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    async def run[T](
        self, unit: Callable[[], T], context: contextvars.Context, *, write: bool
    ) -> T:
        """Stand in line, run, answer. The place is free again when the *thread* is done."""
        loop = asyncio.get_running_loop()
        gate = self._gates.setdefault(loop, asyncio.Semaphore(self.rules.threads))
        if gate.locked():
            await self._stand_in_line(gate, write=write)
        else:
            await gate.acquire()  # at once: most units find a place, and set no alarm
        work = partial(self._work, unit, _speech())
        done = loop.run_in_executor(self._threads, context.run, work)
        done.add_done_callback(lambda _: gate.release())
        try:
            # A thread cannot be stopped, and half a sale must not be: shield it.
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            done.add_done_callback(partial(_note_unheard, lane=self.name, write=write))
            raise

    async def _stand_in_line(self, gate: asyncio.Semaphore, *, write: bool) -> None:
        try:
            async with asyncio.timeout(self.rules.wait):
                await gate.acquire()
        except TimeoutError:
            log.warning("lane_full", lane=self.name, write=write)
            raise Busy(retry_after=2) from None

    def close(self) -> None:
        """Each thread closes its own connection; the barrier makes every one of them do so."""
        everyone = threading.Barrier(self.rules.threads)
        leaving = [self._threads.submit(_leave, everyone) for _ in range(self.rules.threads)]
        for one in leaving:
            one.result()
        self._threads.shutdown()

    def _work[T](self, unit: Callable[[], T], speech: "Speech") -> T:
        """In a lane thread: a good connection before every attempt, a clean one after all."""
        speech.resume()
        try:
            return retrying(partial(self._attempt, unit))
        finally:
            connection = connections[DEFAULT_DB_ALIAS]
            if connection.in_atomic_block or not connection.autocommit:
                log.error("unit_left_a_transaction_open", lane=self.name)
                _drop(connection)

    def _attempt[T](self, unit: Callable[[], T]) -> T:
        connection = connections[DEFAULT_DB_ALIAS]
        if _is_suspect(connection) and not connection.is_usable():
            log.info("lane_connection_replaced", lane=self.name)
            connection = _drop(connection)
        connection.errors_occurred = False
        if connection.connection is None:
            with connection.cursor() as cursor:
                limit = str(self.rules.statement_ms)
                cursor.execute("SELECT set_config('statement_timeout', %s, false)", [limit])
        return unit()


@dataclass(frozen=True, slots=True)
class Speech:
    """What Django keeps for each thread about whom it speaks to: it does not travel by itself."""

    language: str | None
    zone: tzinfo
    prefix: str

    def resume(self) -> None:
        """This thread speaks so, too, within the context that it runs in."""
        if self.language is None:
            translation.deactivate_all()
        else:
            translation.activate(self.language)
        timezone.activate(self.zone)
        set_script_prefix(self.prefix)


def _speech() -> Speech:
    return Speech(translation.get_language(), timezone.get_current_timezone(), get_script_prefix())


_inline = False
_open: dict[str, Lane] = {}
_opening = threading.Lock()


def _lane(name: str) -> Lane:
    with _opening:
        if name not in _open:
            changed = getattr(settings, "LANES", {}).get(name, {})
            _open[name] = Lane(name, replace(LANES[name], **changed))
        return _open[name]


def _trouble(error: Error) -> str | None:
    """What stopped a unit, if it is the database's trouble and not the unit's own."""
    cause = error.__cause__
    if isinstance(cause, PoolTimeout):
        return "full"
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None:
        # Only a connection that broke, or never came, fails without a code. Its wrapper does not
        # tell: on the way out of a transaction Django connects anew.
        return "lost" if isinstance(error, OperationalError) else None
    return "lost" if state.startswith("08") else TROUBLES.get(state)


def _is_suspect(connection: BaseDatabaseWrapper) -> bool:
    """May this idle connection be broken? A look at its socket, without a round trip."""
    raw = connection.connection
    if raw is None:
        return False
    if raw.closed or connection.errors_occurred:
        return True
    socket = select.poll()
    socket.register(raw.fileno(), select.POLLIN)
    # PostgreSQL says nothing to an idle client, except that it is closing.
    return bool(socket.poll(0))


def _drop(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The connection is closed, whatever state it was in; a new one stands in its place."""
    try:
        connection.close()
    except Error:
        log.info("connection_closed_badly", exc_info=True)
    # Django keeps the marks of a transaction on its wrapper, so the wrapper goes too.
    del connections[DEFAULT_DB_ALIAS]
    return connections[DEFAULT_DB_ALIAS]


def _leave(everyone: threading.Barrier) -> None:
    everyone.wait(timeout=60)
    connections.close_all()


def _note_unheard(done: asyncio.Future[object], *, lane: str, write: bool) -> None:
    """The caller hung up; say how its unit ended, for nobody else will."""
    error = None if done.cancelled() else done.exception()
    log.info("unit_ended_unheard", lane=lane, write=write, error=type(error).__name__)
