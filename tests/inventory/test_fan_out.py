"""One change, many screens: read once, rendered once a language, and nobody waits for anybody."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.template.loader import render_to_string

from inventory import consumers
from inventory.models import Product
from inventory.reports.shelf import read_rows
from people.models import Store, User
from people.permissions import Role
from regalpos import hub, live, wires
from regalpos.wires import Outbox
from tests.afar import said_afar
from tests.factories import a_level, a_product, a_user
from tests.inventory.conftest import browser_of
from tests.inventory.test_consumers import app, played, say

MANY = 100
LANGUAGES = ("en", "de")


@pytest.fixture
def bread(harbour: Store) -> Product:
    product = a_product("Rye sourdough", sku="BK-0003")
    a_level(product, harbour, "11")
    return product


@pytest.fixture
def clerk(harbour: Store) -> User:
    return a_user(Role.EMPLOYEE, harbour)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the shelves are read, and news are rendered."""
    counts: Counter[str] = Counter()
    render = render_to_string

    def reading(*args: Any) -> Any:
        counts["read"] += 1
        return read_rows(*args)

    def rendering(*args: Any) -> str:
        counts["rendered"] += 1
        return render(*args)

    monkeypatch.setattr(consumers, "read_rows", reading)
    monkeypatch.setattr(consumers, "render_to_string", rendering)
    return counts


def screens_of(clerk: User, number: int) -> list[WebsocketCommunicator]:
    """Pages of one sign-in, in turn in each language."""
    key = browser_of(clerk).cookies[settings.SESSION_COOKIE_NAME].value
    headers = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())]
    paths = [f"/ws/stock/HS/?language={LANGUAGES[n % len(LANGUAGES)]}" for n in range(number)]
    return [WebsocketCommunicator(app, path, headers=headers) for path in paths]


async def opened(screens: list[WebsocketCommunicator]) -> None:
    for one in screens:
        assert (await one.connect(timeout=10))[0]


async def heard(one: WebsocketCommunicator) -> str:
    text: str = await one.receive_from(timeout=5)
    return text


def test_a_change_is_read_once_and_rendered_once_for_each_language(
    harbour: Store, bread: Product, clerk: User, counted: Counter[str]
) -> None:
    screens = screens_of(clerk, MANY)

    async def scene() -> list[str]:
        await opened(screens)
        groups = {name: len(members) for name, members in get_channel_layer().groups.items()}
        assert groups == {live.stock_topic(harbour.pk): 1, "identity": 1}
        await say(bread, harbour)
        news = [await heard(one) for one in screens]
        for one in screens:
            await one.disconnect()
        return news

    assert len(set(played(scene))) == len(LANGUAGES)
    assert counted == {"read": 1, "rendered": len(LANGUAGES)}


def test_whoever_may_not_work_here_any_more_is_shut_out_everywhere_at_once(
    harbour: Store, clerk: User
) -> None:
    screens = screens_of(clerk, MANY)
    stays = screens_of(a_user(Role.EMPLOYEE, harbour), 1)[0]

    async def scene() -> list[int]:
        await opened([*screens, stays])
        await said_afar(live.user_topic(clerk.pk), "force.close")
        codes = [int((await one.receive_output(timeout=3))["code"]) for one in screens]
        assert await stays.receive_nothing(timeout=0.1)
        for one in [*screens, stays]:
            await one.disconnect()
        return codes

    assert played(scene) == [4401] * MANY


class Deaf:
    """The wire of a page that never reads."""

    def __init__(self) -> None:
        self.code = 0

    def free(self) -> bool:
        return False

    def write(self, frame: wires.Frame) -> None:
        raise AssertionError("it was not free")

    def close(self, code: int) -> None:
        self.code = code


def test_a_page_that_never_reads_is_let_go_and_the_others_hear_everything(
    harbour: Store, bread: Product, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "SLOWEST", 0.5)
    lazy, *screens = screens_of(clerk, 6)
    deaf = Deaf()

    async def scene() -> list[list[str]]:
        await opened([lazy])
        (slow,) = consumers._memory().news_of(harbour).sockets["en"]
        slow.out = Outbox(deaf)
        await opened(screens)
        told = []
        for version in range(2, 9):
            await sync_to_async(a_level)(bread, harbour, "1")
            await say(bread, harbour, version=version)
            told.append([await heard(one) for one in screens])
            assert len(slow.out._waiting) <= 1  # the newest alone
            await asyncio.sleep(0.15)
        for one in (lazy, *screens):
            await one.disconnect()
        return told

    for version, pages in enumerate(played(scene), 2):
        assert len(pages) == 5
        assert all(f'data-version="{version}"' in page for page in pages)
    assert deaf.code == wires.TRY_LATER


def test_news_come_in_the_order_of_their_versions(
    harbour: Store, bread: Product, clerk: User
) -> None:
    (screen,) = screens_of(clerk, 1)

    async def scene() -> list[str]:
        await opened([screen])
        pages: list[str] = []
        for told, truth in ((1, 1), (2, 2), (1, 2), (3, 3), (2, 3)):  # some late, some twice
            if f'data-version="{truth}"' not in "".join(pages) and truth > 1:
                await sync_to_async(a_level)(bread, harbour, "1")
            await say(bread, harbour, version=told)
            pages.append(await heard(screen))
        await screen.disconnect()
        return [page.split('data-version="')[1].split('"')[0] for page in pages]

    assert played(scene) == ["1", "2", "2", "3", "3"]


def test_what_may_have_been_missed_is_fetched(harbour: Store, clerk: User) -> None:
    screens = screens_of(clerk, 3)

    async def scene() -> list[str]:
        await opened(screens)
        hub.here().missed(live.stock_topic(harbour.pk))
        pages = [await heard(one) for one in screens]
        for one in screens:
            await one.disconnect()
        return pages

    assert played(scene) == [consumers.REFETCH] * 3


def test_after_many_visits_nothing_is_left(harbour: Store, clerk: User) -> None:
    visits = [screens_of(clerk, 20) for _time in range(10)]

    async def scene() -> tuple[Any, ...]:
        for screens in visits:
            await opened(screens)
            for one in screens:
                await one.disconnect()
        await asyncio.sleep(0.01)
        here = hub.here()
        assert not consumers._memory()._news.get(harbour.pk)
        return here.groups, here._ears, here._topics, get_channel_layer().groups

    assert played(scene) == (frozenset(), {}, {}, {})
