"""Real servers for tests: the shop's own `serve`, each a process of its own on a socket of ours."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings

from regalpos.environment import BASE_DIR
from tests.databases import Database

PATIENCE = 30  # seconds for a server to answer, on a busy machine


@dataclass
class Server:
    """One running server. Its port stays ours, so that a killed one can come back there."""

    url: str
    log: Path
    listener: socket.socket
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    options: tuple[str, ...] = ()

    def stop(self) -> int:
        """As an operator stops it: it finishes its requests. The exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """As a power cut stops it."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def start(self) -> None:
        """Running again, at the same address."""
        self.process = _launch(self.listener, self.environment, self.log, self.options)
        self.wait_until_open()

    def wait_until_open(self) -> None:
        """It answers; or an error with the end of its log."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urlopen(f"{self.url}/health", timeout=PATIENCE):  # noqa: S310
                    return
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        raise AssertionError(f"the server did not open:\n{self.log.read_text()[-4000:]}")


@contextmanager
def serving(database: Database, log: Path, *options: str, **environment: str) -> Iterator[Server]:
    """A server on `database`, stopped at the end. `environment` adds to its settings."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listener.getsockname()[1]
    url = f"http://localhost:{port}"
    known = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.server_settings",
        "DATABASE_URL": database.url("default"),
        "DATABASE_OWNER_URL": database.url("owner"),
        "SECRET_KEY": settings.SECRET_KEY,
        "PIN_PEPPER": settings.PIN_PEPPER,
        "PUBLIC_URL": url,
        "PORT": str(port),
        **environment,
    }
    with listener:
        process = _launch(listener, known, log, options)
        server = Server(url, log, listener, known, process, options)
        try:
            server.wait_until_open()
            yield server
        finally:
            if server.process.poll() is None:
                server.kill() if sys.exc_info()[0] else server.stop()


def collect_static() -> None:
    """The static files, with their hashed names, lie where test servers look for them."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.server_settings"}
    command = [sys.executable, "manage.py", "prepare", "--static"]
    subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, stdout=subprocess.DEVNULL)


def _launch(
    listener: socket.socket, environment: dict[str, str], log: Path, options: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    number = listener.fileno()
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--fd", str(number), *options],
            cwd=BASE_DIR,
            env=environment,
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
