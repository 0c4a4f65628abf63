"""The limit: what PostgreSQL sells when nothing stands before it but pgbench.

One sale is the very statements of our checkout, prepared. Either they run inside one database
function, so that a sale is one round trip; or one by one in a transaction, as the application
sends them (`scripted`). What the application computes between them is SQL here (`rules.sql`).
"""

import math
import os
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from bench.machine import Meter
from bench.pgbench import world
from bench.pgbench.told import as_function, as_script, draws, one_call
from regalpos.cluster import _binaries as binaries

# As the shop's own connections have it (regalpos/settings.py).
OPTIONS = "-c plan_cache_mode=force_generic_plan -c statement_timeout=5s -c lock_timeout=2s"

WARM = 1.0  # seconds


class Broken(Exception):
    """pgbench gave up, and this is what it said."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Sales a second, how long one took, and what PostgreSQL spent on one."""

    per_second: float
    p50_ms: float
    p99_ms: float
    deadlocks: int
    cpu_ms: float  # NaN where the server is on another machine


def limit(
    url: str, *, clients: int, seconds: float, zipf: bool = False, scripted: bool = False
) -> Limit:
    """So many clients, each at a till of its own, have sold five products at a time.

    `url` is the owner's, of a database that is to be thrown away: a schema `bench` is made in it.
    Its shop has at least so many open tills in one store. `zipf`: few products are sold most.
    Raises Broken.
    """
    with psycopg.connect(url, autocommit=True) as owner:
        goods = world.make(owner, clients)
        owner.execute(as_function())
        script = draws(goods, zipf=zipf) + (as_script() if scripted else one_call())
        _run(url, script, clients, WARM)
        # Else the statements are planned for the empty tables of a new shop, and scan full ones.
        owner.execute("VACUUM (ANALYZE)")
        before, postmaster = _deadlocks(owner), _postmaster(owner)
        meter = Meter(pg=[postmaster] if postmaster else [])
        took, elapsed = _run(url, script, clients, seconds)
        spent = meter.stop().spent["pg"]
        deadlocks = _deadlocks(owner) - before
    return Limit(
        per_second=len(took) / elapsed,
        p50_ms=statistics.median(took),
        p99_ms=took[len(took) * 99 // 100],
        deadlocks=deadlocks,
        cpu_ms=spent / len(took) * 1000 if postmaster else math.nan,
    )


def _run(url: str, script: str, clients: int, seconds: float) -> tuple[list[float], float]:
    """The milliseconds of each sale, the quickest first, and the seconds of them all."""
    lasting = max(1, math.ceil(seconds))
    with tempfile.TemporaryDirectory() as where:
        file = Path(where, "sale.sql")
        file.write_text(script)
        command = [
            *(str(binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared"),
            *(f"--client={clients}", f"--time={lasting}", f"--file={file}"),
            *("--log", f"--log-prefix={where}/took", url),
        ]
        done = subprocess.run(
            command,
            env={**os.environ, "PGOPTIONS": OPTIONS},
            capture_output=True,
            text=True,
            check=False,
        )
        took = sorted(
            int(line.split()[2]) / 1000
            for log in Path(where).glob("took.*")
            for line in log.read_text().splitlines()
            if line.split()[2].isdigit()  # else it failed
        )
    if done.returncode or not took:
        raise Broken(done.stderr[-2000:] or done.stdout[-2000:])
    return took, lasting


def _deadlocks(owner: psycopg.Connection) -> int:
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    [count] = owner.execute(query).fetchone() or [0]
    return int(count)


def _postmaster(owner: psycopg.Connection) -> int | None:
    """The process that the server's others come from, if it is on this machine."""
    host = owner.info.host
    if host and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1"):
        return None
    parent: int = psutil.Process(owner.info.backend_pid).ppid()
    return parent
