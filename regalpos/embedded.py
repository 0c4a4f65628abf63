"""Our own PostgreSQL under var/, for whoever brings no DATABASE_URL.

`running()` is all that others need: within it the server is up, with its roles and its
database. Who is within holds a shared lock on a file; a keeper process (`keeper.py`) waits for
that lock alone, and so learns from the kernel that the last one has gone, however it went. Two
`make run`, a test run and a command can share one server; none of them leaves it behind.

Who may connect: nobody from the network (no TCP), no other account of this machine (the socket
lies in a directory that only its owner may enter), and inside that, each role by its own
password, made once and kept in files that only their owner can read. The superuser can be reached
by the keeper alone, as the server's own operating-system user, and has no password.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from regalpos.keys import kept
from regalpos.places import BASE_DIR, VAR

ROLES = ("regal_owner", "regal_app", "regal_report")
DATABASE = "regalpos"
PORT = 5432  # of the socket's name only; nothing listens on a network
LONGEST_SOCKET_PATH = 103  # sun_path holds 104 bytes on BSD and macOS, 108 on Linux
PATIENCE = 600  # a server that was killed may have much to recover


class NoDatabase(Exception):
    """The embedded server cannot be had; the text says why, and what to do."""


@dataclass(frozen=True)
class Home:
    """Where one embedded server keeps its things."""

    path: Path

    @property
    def data(self) -> Path:
        """The database cluster."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.path / "log"

    @property
    def sockets(self) -> Path:
        """The directory of the socket; in the temp directory if the home lies too deep."""
        near = self.path / "run"
        if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return near
        mark = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"regalpos-{mark}"

    def password(self, role: str) -> str:
        """The password of `role`, made on first use."""
        return kept(self.path / "keys" / role, length=32)

    def lock(self, name: str) -> IO[str]:
        """An open lock file; closing it, or dying, lets go."""
        self.path.mkdir(parents=True, exist_ok=True)
        return (self.path / f"{name}.lock").open("w")


HOME = Home(VAR / "postgres")


def database(home: Home, role: str, name: str = DATABASE) -> dict[str, Any]:
    """Django's DATABASES entry for `role` on the server in `home`, running or not."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": role,
        "PASSWORD": home.password(role),
        "HOST": str(home.sockets),
        "PORT": str(PORT),
    }


@contextmanager
def running(home: Home = HOME, *, durable: bool = True) -> Iterator[IO[str]]:
    """Within, the server in `home` is up; after the last one within, it is stopped.

    Yields the lock that says so: a program that this one turns into can go on holding it.

    Raises NoDatabase if it cannot be started. `durable=False` is for tests that may lose
    everything with the machine; it counts for whoever starts the server.
    """
    with home.lock("start") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        users = home.lock("users")
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a keeper is stopping the server
        try:
            if not _is_kept(home):
                _start_keeper(home, durable=durable)
        except BaseException:
            users.close()
            raise
    try:
        yield users
    finally:
        leave(home, users)


def _is_kept(home: Home) -> bool:
    with home.lock("keeper") as keeper:
        try:
            fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _start_keeper(home: Home, *, durable: bool) -> None:
    """The keeper has left this process's family and reports that its server is ready."""
    command = [sys.executable, "-m", "regalpos.keeper", str(home.path)]
    answer = subprocess.run(  # noqa: S603  (our own module, no shell)
        [*command, "durable" if durable else "fast"],
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the shop; the server follows when the shop is done
        timeout=PATIENCE,
        check=False,
    ).stdout
    report = json.loads(answer or "{}")
    for note in report.get("notes", []):
        print(note, file=sys.stderr)  # noqa: T201
    if not report.get("ready"):
        raise NoDatabase(report.get("problem") or f"the database did not start; see {home.log}")


def leave(home: Home, users: IO[str]) -> None:
    """Let go; the last one out waits until the server has stopped, so that nothing is left."""
    with users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Either others are within, or the keeper was quicker and is stopping the server now.
            try:
                fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                return
    end = time.monotonic() + PATIENCE
    while _is_kept(home) and time.monotonic() < end:
        time.sleep(0.02)
