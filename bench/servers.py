"""The servers that are compared, each a family of processes on a loopback port."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from regalpos.environment import BASE_DIR, VAR
from tests.databases import Database

PATIENCE = 60  # seconds for a server to open or to stop
CACHE_SECONDS = 5.0  # what KNOWN_SECONDS is in a shop (regalpos/settings.py)
LOGS = VAR / "bench-logs"


@dataclass(frozen=True)
class Server:
    """An open server: where, on which database, and the processes whose CPU is its own."""

    name: str
    port: int
    database: Database
    pids: tuple[int, ...]
    workers: int = 1


@contextmanager
def ours(database: Database, *, workers: int = 1, known: bool = True) -> Iterator[Server]:
    """This shop under daphne, as `manage.py serve` runs it.

    `known=False`: it looks up whoever asks, every time. More than one worker needs Redis, whose
    CPU counts as the shop's own.
    """
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--bind", "127.0.0.1", "--port", str(port)]
    more = {
        "DJANGO_SETTINGS_MODULE": "bench.settings" if known else "bench.forgetful_settings",
        "PUBLIC_URL": f"http://localhost:{port}",
        "PORT": str(port),
        **places(database),
    }
    with redis() if workers > 1 else nullcontext() as beside:
        if beside is not None:
            command += ["--workers", str(workers)]
            more["REDIS_URL"] = f"redis://127.0.0.1:{beside.port}/0"
        with started(f"ours-{workers}", command, port, more) as process:
            pids = (process.pid,) if beside is None else (process.pid, beside.pid)
            yield Server("ours", port, database, pids, workers)


@contextmanager
def reference(database: Database, *, workers: int = 1, known: bool = True) -> Iterator[Server]:
    """The stack that users would write instead (bench/reference/)."""
    port = free_port()
    command = [sys.executable, "-m", "bench.reference", "--url", database.url("default")]
    command += ["--port", str(port), "--workers", str(workers)]
    command += ["--cache", str(CACHE_SECONDS if known else 0.0)]
    # It is no Django, but takes the shop's arithmetic; the bench's own settings empty the secrets.
    environment = {**places(database), "DJANGO_SETTINGS_MODULE": "bench.settings"}
    with started(f"reference-{workers}", command, port, environment) as process:
        yield Server("reference", port, database, (process.pid,), workers)


def why_no_reference() -> str:
    """Why the reference stack cannot be measured, or nothing."""
    return "" if find_spec("bench.reference") else "bench/reference/ is not here"


@cache
def why_not_several() -> str:
    """Why two processes of ours cannot be measured, or nothing."""
    command = [sys.executable, "manage.py", "serve", "--help"]
    told = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False).stdout
    if "one, for now" in told or "--workers" not in told:
        return "serve knows one worker only"
    if not shutil.which("redis-server"):
        return "no redis-server on this machine"
    return ""


@dataclass(frozen=True)
class Redis:
    """A Redis of the bench's own."""

    port: int
    pid: int


@contextmanager
def redis() -> Iterator[Redis]:
    """Within, a Redis that keeps nothing listens on a loopback port."""
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port)]
    with started("redis", [*command, "--save", "", "--appendonly", "no"], port, {}) as process:
        yield Redis(port, process.pid)


def places(database: Database) -> dict[str, str]:
    """What a server's environment says about its database and its secrets."""
    return {
        "DATABASE_URL": database.url("default"),
        "DATABASE_OWNER_URL": database.url("owner"),
        "SECRET_KEY": settings.SECRET_KEY,
        "PIN_PEPPER": settings.PIN_PEPPER,
    }


def collect_static() -> None:
    """The shop's static files lie where its servers look for their names."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings", "SECRET_KEY": ""}
    command = [sys.executable, "manage.py", "prepare", "--static"]
    subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def started(
    name: str, command: list[str], port: int, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Within, this program runs and accepts connections; its log is in `LOGS`."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_open(name, process, port, log)
        yield process
    except BaseException:
        process.kill()
        raise
    else:
        log.unlink()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{name} did not open:\n{log.read_text(errors='replace')[-4000:]}")
