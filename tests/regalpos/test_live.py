"""Announcements: only after the commit, only what is true, and never in the way."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.db import transaction
from pytest_django import Settings
from structlog.testing import capture_logs

from regalpos import carrier, hub, lanes, live
from tests.databases import Database

STORE = UUID("01931a6e-0000-7000-8000-000000000001")
TOPIC = live.stock_topic(STORE)


class DeadLayer:
    """A channel layer whose server is gone."""

    def __init__(self, **config: object) -> None:
        pass

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("no Redis here")


class HangingLayer(DeadLayer):
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(60)


@pytest.fixture(autouse=True)
def no_server() -> Iterator[None]:
    yield
    live.loop = None


def write_down(key: str) -> Session:
    """A row that stands for a sale."""
    return Session.objects.create(session_key=key, session_data="", expire_date=datetime.now(UTC))


def sell(key: str = "sold") -> str:
    with transaction.atomic(durable=True):
        write_down(key)
        live.announce(TOPIC, "stock.changed", product="milk", on_hand="4", version=7)
    return "receipt"


def sell_and_regret() -> None:
    with transaction.atomic(durable=True):
        write_down("regretted")
        live.announce(TOPIC, "stock.changed", product="milk", on_hand="4")
        transaction.set_rollback(True)


class Screen:
    """An open screen on the store's shelves."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def hear(self, topic: str, message: dict[str, Any]) -> None:
        self.heard.put_nowait(message)

    def missed(self, group: str) -> None:
        raise AssertionError("nothing was lost")


async def screen() -> Screen:
    """An open screen, in a server that runs."""
    live.loop = asyncio.get_running_loop()
    one = Screen()
    await hub.here().listen(TOPIC, one)
    return one


def test_a_screen_hears_what_is_now_true(committed_db: Database) -> None:
    async def scenario() -> Any:
        one = await screen()
        await lanes.run(sell, write=True)
        return await asyncio.wait_for(one.heard.get(), 5)

    assert asyncio.run(scenario()) == {
        "type": "stock.changed",
        "product": "milk",
        "on_hand": "4",
        "version": 7,
    }


def test_what_is_rolled_back_is_not_said(committed_db: Database) -> None:
    async def scenario() -> Any:
        one = await screen()
        await lanes.run(sell_and_regret, write=True)
        await lanes.run(sell, write=True)
        heard = await asyncio.wait_for(one.heard.get(), 5)
        await asyncio.sleep(0.2)
        assert one.heard.empty()
        return heard

    # The regretted one has no version, and would have come first.
    assert asyncio.run(scenario())["version"] == 7


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_a_dead_layer_keeps_nothing_from_the_screens_of_its_own_process(
    committed_db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def scenario() -> Any:
        one = await screen()
        kind = {"refuses": "DeadLayer", "hangs": "HangingLayer"}[how]
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.{kind}"}}
        await lanes.run(sell, write=True)
        return await asyncio.wait_for(one.heard.get(), 5)

    assert asyncio.run(scenario())["version"] == 7


@pytest.mark.django_db
def test_nothing_is_said_before_the_commit(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as waiting:
        sell()

    (announcement,) = waiting
    assert announcement.args == (
        TOPIC,
        {"type": "stock.changed", "product": "milk", "on_hand": "4", "version": 7},
    )


@pytest.mark.parametrize("server", [True, False])
def test_a_dead_layer_leaves_the_sale_standing(
    committed_db: Database, settings: Settings, server: bool
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.DeadLayer"}}

    async def scenario() -> str:
        live.loop = asyncio.get_running_loop() if server else None
        receipt = await lanes.run(sell, write=True)
        await asyncio.sleep(0.1)
        return receipt

    with capture_logs() as lines:
        receipt = asyncio.run(scenario())

    assert receipt == "receipt"
    assert Session.objects.filter(session_key="sold").exists()
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == [
        "announcement_lost"
    ]


def test_told_the_naive_way_the_cashier_would_see_an_error(
    committed_db: Database, settings: Settings
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.DeadLayer"}}

    def naive() -> None:
        with transaction.atomic(durable=True):
            write_down("sold")
            send = async_to_sync(get_channel_layer().group_send)
            transaction.on_commit(lambda: send(TOPIC, {"type": "stock.changed"}))

    with pytest.raises(ConnectionError):
        asyncio.run(lanes.run(naive, write=True))
    assert Session.objects.filter(session_key="sold").exists()


def test_a_layer_that_hangs_delays_nobody(
    committed_db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.HangingLayer"}}
    monkeypatch.setattr(carrier, "PATIENCE", 2)

    async def scenario(lines: list[Any]) -> tuple[str, list[str]]:
        live.loop = asyncio.get_running_loop()
        receipt = await lanes.run(sell, write=True)
        known_by_then = [line["event"] for line in lines]
        async with asyncio.timeout(30):
            while "announcement_lost" not in [line["event"] for line in lines]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return receipt, known_by_then

    with capture_logs() as lines:
        receipt, known_by_then = asyncio.run(scenario(lines))

    assert receipt == "receipt"
    assert "announcement_lost" not in known_by_then  # The sale was done before that was known.


def test_a_command_sells_without_a_server(committed_db: Database) -> None:
    assert lanes.retrying(sell) == "receipt"
    assert Session.objects.filter(session_key="sold").exists()


def test_topics_are_names_that_layers_take() -> None:
    layer = get_channel_layer()
    topics = [
        live.stock_topic(STORE),
        live.till_topic(STORE),
        live.user_topic(STORE),
        live.session_topic("k3y"),
    ]

    assert len(set(topics)) == 4
    assert all(layer.require_valid_group_name(topic) for topic in topics)
    assert "k3y" not in live.session_topic("k3y")
