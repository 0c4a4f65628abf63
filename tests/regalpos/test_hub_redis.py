"""The hub on a real Redis: through a restart of it, with the sockets open all the while."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from regalpos import hub, live
from tests.afar import said_afar
from tests.regalpos.test_hub import Ear, until

pytest.importorskip("channels_redis")
pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here"),
]

STOCK = live.stock_topic(uuid4())


class Redis:
    """A Redis of the test's own, which keeps nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(command, cwd=self.path, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Redis did not open")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def subscriptions(self) -> int:
        """Of all its clients together, to groups."""
        command = ["redis-cli", "-p", str(self.port), "pubsub", "channels", "*__group__*"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return len(said.split())


@pytest.fixture
def redis(tmp_path: Path, settings: Settings) -> Iterator[Redis]:
    server = Redis(tmp_path)
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [f"redis://127.0.0.1:{server.port}"]},
        }
    }
    yield server
    server.kill()


def test_five_hundred_screens_are_two_subscriptions_and_hear_again_after_a_restart(
    redis: Redis,
) -> None:
    ears = [Ear() for _ in range(500)]

    async def heard_after(version: int) -> None:
        """Said again and again: what is said while Redis is away is lost."""
        async with asyncio.timeout(20):
            while not all(_newest(ear) == version for ear in ears):
                try:
                    await said_afar(STOCK, "stock.changed", version=version)
                except Exception:
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.05)

    async def scene() -> int:
        here = hub.here()
        for number, ear in enumerate(ears):
            await here.listen(STOCK, ear)
            await here.listen(live.session_topic(str(number)), ear)
        await heard_after(1)
        subscriptions = redis.subscriptions()
        redis.kill()
        here.say(STOCK, {"type": "stock.changed", "version": 2})
        assert all(_newest(ear) == 2 for ear in ears)  # said in this very process
        await asyncio.sleep(0.2)
        redis.start()
        await heard_after(3)
        for number, ear in enumerate(ears):
            await here.leave(STOCK, ear)
            await here.leave(live.session_topic(str(number)), ear)
        await until(lambda: redis.subscriptions() == 0)
        await get_channel_layer().flush()
        return subscriptions

    assert asyncio.run(scene()) == 2
    assert all(STOCK in ear.gaps for ear in ears)  # what was lost meanwhile, pages fetch


def _newest(ear: Ear) -> Any:
    return ear.heard[-1][1]["version"] if ear.heard else 0
