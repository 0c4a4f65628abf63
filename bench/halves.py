"""Comparing servers: each is loaded for a while, in turn, and what disturbed is left out.

A half is one server under load for so many seconds. Halves are taken by turns (A B A B), so that
whatever changes with time changes for all; a figure is the median over the rounds in which no
half that it needs was disturbed.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from bench.load import Found, Order
from bench.machine import Meter, family
from bench.servers import Server
from regalpos.environment import BASE_DIR

TRIES = 3  # of a half, before a disturbed one has to do
DEALS = 60  # of connections, until each process has its share
TO_ACCEPT = 0.05  # seconds
PATIENCE = 120  # seconds for the last answers


class WrongAnswers(Exception):
    """A server answered otherwise than it should have: nothing that it spent counts."""


@dataclass(frozen=True, kw_only=True)
class Half:
    """One server under load: rates, and CPU milliseconds for each right answer."""

    count: int
    per_second: float
    p50_ms: float
    p99_ms: float
    app_ms: float
    pg_ms: float
    others: float  # cores that everything else took
    steal: float  # cores that the host took
    disturbed: bool

    @property
    def cpu_ms(self) -> float:
        """Of app and database together."""
        return self.app_ms + self.pg_ms


type Round = Mapping[str, Half]


def load(server: Server, order: Order, postmaster: int) -> Half:
    """The server was asked as ordered; or WrongAnswers."""
    with _generator() as generator:
        _say(generator, json.dumps(asdict(order)))
        _hear(generator)  # ready
        deals = 1
        while not (even := evenly_dealt(server)) and deals < DEALS:
            _say(generator, "again")
            _hear(generator)
            deals += 1
        meter = Meter(app=server.pids, pg=[postmaster])
        _say(generator, "go")
        found = Found(**json.loads(_hear(generator)))
        usage = meter.stop()
    if found.wrong or not found.count:
        raise WrongAnswers(f"{server.name}: {found.wrong or 'none at all'} {found.example}")
    return Half(
        count=found.count,
        per_second=found.per_second,
        p50_ms=found.p50_ms,
        p99_ms=found.p99_ms,
        app_ms=usage.spent["app"] / found.count * 1000,
        pg_ms=usage.spent["pg"] / found.count * 1000,
        others=usage.others,
        steal=usage.steal,
        disturbed=usage.disturbed or not even,
    )


def evenly_dealt(server: Server) -> bool:
    """Each of the server's processes that takes requests has as many clients, give or take one.

    Which process takes a connection is the kernel's whim; where one has them all, a server of two
    processes is one of one.
    """
    time.sleep(TO_ACCEPT)
    shares = [share for pid in family(server.pids) if (share := _clients(pid, server.port))]
    return sum(shares) < 2 or (len(shares) == server.workers and max(shares) - min(shares) <= 1)


def _clients(pid: int, port: int) -> int:
    """How many connections to the port this process has accepted."""
    try:
        open_now = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return 0
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in open_now)


def undisturbed(half: Callable[[], Half], *, smoke: bool) -> Half:
    """The first half that nothing disturbed; else the last of several."""
    for _try in range(1 if smoke else TRIES):
        found = half()
        if not found.disturbed:
            break
    return found


def quiet(rounds: Sequence[Round], *sides: str) -> list[Round]:
    """The rounds in which these sides ran undisturbed; all, if there is none."""
    return [one for one in rounds if not any(one[side].disturbed for side in sides)] or [*rounds]


def median(rounds: Sequence[Round], figure: Callable[[Round], float], *sides: str) -> float:
    """The median of a figure of these sides."""
    return statistics.median(figure(one) for one in quiet(rounds, *sides))


def inputs(rounds: Sequence[Round], *sides: str) -> dict[str, Any]:
    """What a figure of these sides was made from, as medians."""
    used = quiet(rounds, *sides)
    calm = sum(not any(one[side].disturbed for side in sides) for one in rounds)
    said: dict[str, Any] = {"undisturbed": f"{calm} of {len(rounds)}"}
    for side in sides:
        halves = [one[side] for one in used]
        said[side] = {
            name: round(statistics.median(getattr(half, name) for half in halves), 3)
            for name in ("per_second", "p50_ms", "p99_ms", "app_ms", "pg_ms", "others", "steal")
        }
    return said


@contextmanager
def _generator() -> Any:
    generator = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with generator:
            yield generator
    finally:
        generator.kill()


def _say(generator: subprocess.Popen[str], line: str) -> None:
    assert generator.stdin is not None  # noqa: S101  (tells the type)
    generator.stdin.write(line + "\n")
    generator.stdin.flush()


def _hear(generator: subprocess.Popen[str]) -> str:
    assert generator.stdout is not None  # noqa: S101  (tells the type)
    line = generator.stdout.readline()
    if not line:
        raise WrongAnswers(f"the load generator ended with {generator.wait(PATIENCE)}")
    return line
