"""Live stock: for those who work at the store, as long as they do, and always the newest state."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from inventory import consumers
from inventory.consumers import websocket_urlpatterns
from inventory.models import Product, StockRule
from inventory.reports.shelf import read_rows
from people import consumers as people_consumers
from people.models import Store, User
from people.permissions import Role
from regalpos import live
from regalpos.sockets import WithSession
from tests.afar import said_afar
from tests.factories import a_level, a_product, a_store, a_user
from tests.inventory.conftest import browser_of

app = WithSession(URLRouter(websocket_urlpatterns))


def played[T](scene: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The scene, in a loop of its own that shares this thread's database."""

    async def play() -> T:
        return await scene()

    result: T = async_to_sync(play)()
    return result


def socket(user: User | None, path: str = "/ws/stock/HS/?language=en") -> WebsocketCommunicator:
    """As a page of this person's opens it."""
    client = browser_of(user) if user else Client()
    key = client.cookies.get(settings.SESSION_COOKIE_NAME)
    cookie = f"{settings.SESSION_COOKIE_NAME}={key.value}" if key else ""
    return WebsocketCommunicator(app, path, headers=[(b"cookie", cookie.encode())])


async def code_of(one: WebsocketCommunicator) -> int:
    """What the socket is closed with, after it was opened."""
    connected, _protocol = await one.connect()
    assert connected
    message = await one.receive_output(timeout=3)
    assert message["type"] == "websocket.close"
    return int(message["code"])


async def say(product: Product, store: Store, version: int = 1, **more: Any) -> None:
    facts = {"on_hand": "11", "version": version, "last": "-3", "cause": "Till 2", **more}
    await said_afar(live.stock_topic(store.pk), "stock.changed", product=str(product.pk), **facts)


@pytest.fixture
def bread(harbour: Store) -> Product:
    product = a_product("Rye sourdough", sku="BK-0003")
    a_level(product, harbour, "11")
    return product


@pytest.mark.parametrize(
    ("role", "code"), [(Role.ADMIN, 0), (Role.MANAGER, 0), (Role.CASHIER, 0), (Role.EMPLOYEE, 0)]
)
def test_whoever_works_at_the_store_hears_of_its_stock(
    harbour: Store, bread: Product, role: Role, code: int
) -> None:
    one = socket(a_user(role, *([] if role == Role.ADMIN else [harbour])))

    async def scene() -> str:
        assert (await one.connect())[0]
        await say(bread, harbour)
        heard: str = await one.receive_from(timeout=3)
        await one.disconnect()
        return heard

    html = played(scene)
    assert f'id="stock-{bread.pk}" data-version="1"' in html
    assert f'id="tile-stock-{bread.pk}" data-version="1"' in html
    assert f'id="on-hand-HS-{bread.pk}" data-version="1"' in html
    assert "Till 2, just now" in html
    assert "−3" in html


def test_a_stranger_and_a_foreign_or_unknown_store_are_shut_out(harbour: Store) -> None:
    elsewhere = a_store("XX")
    employee = a_user(Role.EMPLOYEE, elsewhere)
    gone = a_user(Role.MANAGER, harbour, is_active=False)
    for user, path, code in [
        (None, "/ws/stock/HS/", 4401),
        (gone, "/ws/stock/HS/", 4401),
        (employee, "/ws/stock/HS/", 4404),
        (employee, "/ws/stock/NONE/", 4404),
    ]:
        assert played(partial(code_of, socket(user, path))) == code


def test_a_socket_closes_when_it_is_told_to(harbour: Store) -> None:
    user = a_user(Role.EMPLOYEE, harbour)
    browser = browser_of(user)
    key = browser.session.session_key
    for topic in (live.user_topic(user.pk), live.session_topic(str(key))):
        cookie = f"{settings.SESSION_COOKIE_NAME}={key}".encode()
        one = WebsocketCommunicator(app, "/ws/stock/HS/", headers=[(b"cookie", cookie)])

        async def scene(one: WebsocketCommunicator = one, topic: str = topic) -> int:
            assert (await one.connect())[0]
            await said_afar(topic, "force.close")
            message = await one.receive_output(timeout=3)
            return int(message["code"])

        assert played(scene) == 4401


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_active": False}, 4401),
        ({"session_epoch": 2}, 4401),
        ({"stores": []}, 4404),
    ],
)
def test_a_socket_is_asked_again_whether_it_may_stay(
    harbour: Store, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], code: int
) -> None:
    monkeypatch.setattr(people_consumers, "SOON", 0.2)
    user = a_user(Role.EMPLOYEE, harbour)
    one = socket(user)

    def quietly() -> None:
        if "stores" in change:
            user.stores.clear()
        else:
            User.objects.filter(pk=user.pk).update(**change)

    async def scene() -> int:
        assert (await one.connect())[0]
        await sync_to_async(quietly)()
        message = await one.receive_output(timeout=3)
        return int(message["code"])

    assert played(scene) == code


def test_many_changes_at_once_reach_a_screen_as_one_newest_state(
    harbour: Store, bread: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[list[UUID]] = []

    def counted(store: Store, product_ids: list[UUID]) -> Any:
        reads.append(list(product_ids))
        return read_rows(store, product_ids)

    monkeypatch.setattr(consumers, "read_rows", counted)
    sockets = [socket(a_user(Role.EMPLOYEE, harbour)) for _number in range(5)]

    async def scene() -> list[str]:
        for one in sockets:
            assert (await one.connect())[0]
        for _time in range(50):
            await say(bread, harbour)
        await asyncio.sleep(0.3)
        heard = []
        for one in sockets:
            heard.append(await one.receive_from(timeout=3))
            extra = 0
            while not await one.receive_nothing(timeout=0.1):
                assert await one.receive_from() == heard[-1]
                extra += 1
            assert extra < 25  # Fifty were announced.
            await one.disconnect()
        return heard

    heard = played(scene)
    assert len(set(heard)) == 1
    assert reads == [[bread.pk]]  # Read once, for five sockets and fifty announcements.


def test_a_row_that_is_newer_by_now_is_told_without_the_older_ones_words(
    harbour: Store, bread: Product
) -> None:
    a_level(bread, harbour, "1")  # Version 2 is committed; the news of version 1 comes late.
    one = socket(a_user(Role.EMPLOYEE, harbour))

    async def scene() -> str:
        assert (await one.connect())[0]
        await say(bread, harbour, version=1)
        heard: str = await one.receive_from(timeout=3)
        await one.disconnect()
        return heard

    html = played(scene)
    assert 'data-version="2"' in html
    assert ">12</data>" in html
    assert "just now" not in html


def test_too_many_products_at_once_make_a_screen_fetch_anew(
    harbour: Store, bread: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MOST_WAITING", 2)
    goods = [a_product(f"Product {number}") for number in range(4)]
    one = socket(a_user(Role.EMPLOYEE, harbour))

    async def scene() -> str:
        assert (await one.connect())[0]
        for product in goods:
            await say(product, harbour)
        heard = ""
        while "data-refetch" not in heard:
            heard += await one.receive_from(timeout=3)
        await one.disconnect()
        return heard

    assert "data-refetch" in played(scene)


def test_a_socket_that_talks_too_much_is_closed(harbour: Store) -> None:
    user = a_user(Role.EMPLOYEE, harbour)
    for messages, code in (
        (
            [("x" * 1025, None)],
            1009,
        ),
        ([("", b"x")], 1009),
        ([("hello", None)] * 21, 1008),
    ):
        one = socket(user)

        async def scene(
            one: WebsocketCommunicator = one, messages: list[tuple[str, Any]] = messages
        ) -> int:
            assert (await one.connect())[0]
            for text, data in messages:
                await one.send_to(text_data=None if data else text, bytes_data=data)
            message = await one.receive_output(timeout=3)
            return int(message["code"])

        assert played(scene) == code


def test_news_speak_the_pages_language(harbour: Store, bread: Product) -> None:
    StockRule.objects.create(product=bread, store=harbour, reorder_point=20, reorder_to=40)
    one = socket(a_user(Role.EMPLOYEE, harbour), "/ws/stock/HS/?language=de")
    two = socket(a_user(Role.EMPLOYEE, harbour), "/ws/stock/HS/?language=%00nonsense")

    async def scene() -> list[str]:
        for each in (one, two):
            assert (await each.connect())[0]
        await say(bread, harbour, last="-1500")
        heard = [await each.receive_from(timeout=3) for each in (one, two)]
        for each in (one, two):
            await each.disconnect()
        return heard

    german, english = played(scene)
    assert "−1.500" in german
    assert "−1,500" in english


def test_a_closed_socket_hears_no_more(harbour: Store, bread: Product) -> None:
    one = socket(a_user(Role.EMPLOYEE, harbour))

    async def scene() -> tuple[int, int]:
        layer: Any = get_channel_layer()
        topic = live.stock_topic(harbour.pk)
        assert (await one.connect())[0]
        before = len(layer.groups[topic])
        await one.disconnect()
        return before, len(layer.groups.get(topic, {}))

    assert played(scene) == (1, 0)
