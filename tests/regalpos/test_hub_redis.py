"""The hub on a real Redis: through a restart of it, with the sockets open all the while."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from regalpos import hub, live
from tests.afar import said_afar
from tests.redis_server import Redis, redis_server
from tests.regalpos.test_hub import Ear, until

pytestmark = pytest.mark.fault

STOCK = live.stock_topic(uuid4())


@pytest.fixture
def redis(tmp_path: Path, settings: Settings) -> Iterator[Redis]:
    with redis_server(tmp_path) as server:
        settings.CHANNEL_LAYERS = {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [server.url]},
            }
        }
        yield server


def subscriptions(redis: Redis) -> int:
    """Of all its clients together, to groups."""
    command = ["redis-cli", "-p", str(redis.port), "pubsub", "channels", "*__group__*"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return len(said.split())


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
        count = subscriptions(redis)
        redis.kill()
        here.say(STOCK, {"type": "stock.changed", "version": 2})
        assert all(_newest(ear) == 2 for ear in ears)  # said in this very process
        await asyncio.sleep(0.2)
        redis.start()
        await heard_after(3)
        for number, ear in enumerate(ears):
            await here.leave(STOCK, ear)
            await here.leave(live.session_topic(str(number)), ear)
        await until(lambda: subscriptions(redis) == 0)
        await get_channel_layer().flush()
        return count

    assert asyncio.run(scene()) == 2
    assert all(STOCK in ear.gaps for ear in ears)  # what was lost meanwhile, pages fetch


def _newest(ear: Ear) -> Any:
    return ear.heard[-1][1]["version"] if ear.heard else 0
