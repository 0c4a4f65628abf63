"""A Redis of a test's own, from Debian's redis-server: on loopback, keeping nothing."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 20  # seconds


class Redis:
    """One server, at one address through all its lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """It answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(command, cwd=self.path, stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Redis did not open")

    def kill(self) -> None:
        """Gone at once."""
        self.process.kill()
        self.process.wait(PATIENCE)


@contextmanager
def redis_server(path: Path) -> Iterator[Redis]:
    """One Redis, gone at the end."""
    redis = Redis(path)
    try:
        yield redis
    finally:
        redis.kill()
