"""How soon the shop is open, and what memory it takes.

Cold is what a newcomer waits for: `make run` in a fresh clone, with no virtual environment and no
database, until a page is there; packages come from pip's cache where it has them. Warm is the
same command again. Memory is the proportional share (PSS) of one serving process; a till is a
cart on the screen with its two sockets, the till's and the stock's.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from bench.measures import Measure, Size
from bench.open_tills import Crew, crew, open_tills
from regalpos import embedded
from regalpos.environment import BASE_DIR, VAR
from tests import databases, servers

HOME = embedded.Home(VAR / f"{databases.PREFIX}bench-start-postgres")
PAGE = "/accounts/login/"
PATIENCE = 300
TILLS = 100
WARMED_BY = 20  # tills that were open before: caches, threads and connections are there
# What a bench has in its environment, and a newcomer has not.
OURS = ("DJANGO_SETTINGS_MODULE", "PYTHONDONTWRITEBYTECODE", "DATABASE_URL", "VIRTUAL_ENV")


def measure(size: Size) -> Iterator[Measure]:
    """Memory, and starts; the smoke starts this very environment, and installs nothing."""
    yield from _memory(4 if size.smoke else TILLS)
    with _clone() as clone:
        if size.smoke:
            command = [sys.executable, "manage.py", "serve", "--prepare"]
            _opening(clone, command, DEMO="")
            yield _warm([_opening(clone, command, DEMO="")], "no demo shop")
            return
        cold = _opening(clone, ["make", "run"])
        yield Measure(
            name="cold make run to a page",
            value=round(cold, 1),
            floor=90.0,
            goal=40.0,
            unit="s",
            more_is_better=False,
            inputs={"packages": "pip's cache as it was", "environment": "empty", "demo": "500, 90"},
        )
        yield _warm([_opening(clone, ["make", "run"]) for _ in range(size.pairs)], "demo shop")


def _warm(seconds: list[float], what: str) -> Measure:
    return Measure(
        name="warm make run",
        value=round(sorted(seconds)[len(seconds) // 2], 2),
        floor=5.0,
        goal=2.0,
        unit="s",
        more_is_better=False,
        inputs={"starts": [round(each, 2) for each in seconds], "database": what},
    )


@contextmanager
def _clone() -> Iterator[Path]:
    """What is committed, in a folder of its own that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="regal-start-"))
    try:
        command = ["git", "clone", "--quiet", "--depth=1", BASE_DIR.as_uri(), str(folder / "shop")]
        subprocess.run(command, check=True)
        yield folder / "shop"
    finally:
        shutil.rmtree(folder)


def _opening(clone: Path, command: list[str], **more: str) -> float:
    """Seconds until a page is there and the shop is ready. It is closed again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    known = {name: value for name, value in os.environ.items() if name not in OURS}
    with (clone.parent / "log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=clone,
            env={**known, "DEMO": "1", "PORT": str(port), "PUBLIC_URL": "", **more},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            for path in (PAGE, "/health/ready"):
                _wait_for(f"http://127.0.0.1:{port}{path}", process)
            return time.perf_counter() - began
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(url, timeout=PATIENCE):  # noqa: S310  (our own server)
                return
        except (URLError, ConnectionError):
            time.sleep(0.01)
    raise RuntimeError(f"{url} did not answer")


def _memory(tills: int) -> Iterator[Measure]:
    """A worker that has served some tills, and what each of many more adds."""
    servers.collect_static()
    with databases.durable_bed(HOME) as bed, databases.committed(bed) as database:
        first, more = crew(WARMED_BY), crew(tills)
        log = VAR / "bench-start.log"
        # Compiled modules, as in a shop: what the compiler leaves behind is no part of serving.
        with servers.serving(database, log, PYTHONDONTWRITEBYTECODE="") as server:
            worker = psutil.Process(server.process.pid)
            _settled(server.url, first)
            with open_tills(server.url, first):
                before = worker.memory_full_info()
                with open_tills(server.url, more):
                    after = worker.memory_full_info()
    yield Measure(
        name="memory of one worker",
        value=round(before.pss / 2**20, 1),
        floor=150.0,
        goal=90.0,
        unit="MB",
        more_is_better=False,
        inputs={"USS, MB": round(before.uss / 2**20, 1), "open tills": WARMED_BY},
    )
    yield Measure(
        name="memory per open till",
        value=round((after.uss - before.uss) / 2**10 / tills, 1),
        floor=100.0,
        goal=40.0,
        unit="KB",
        more_is_better=False,
        inputs={"tills": tills, "sockets of each": 2, "worker then, MB": round(after.pss / 2**20)},
    )


def _settled(url: str, first: Crew) -> None:
    """Opened and left some times: what only first visits cost is paid."""
    for _time in range(5):
        with open_tills(url, first):
            pass
