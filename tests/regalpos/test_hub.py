"""One ear in each process: who hears what, how often the layer is asked, and what is left."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer
from pytest_django import Settings

from regalpos import carrier, hub, live
from tests.afar import said_afar

STORE = uuid4()
STOCK = live.stock_topic(STORE)


class Ear:
    """Somebody who listens."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.gaps: list[str] = []

    def hear(self, topic: str, message: dict[str, Any]) -> None:
        self.heard.append((topic, message))

    def missed(self, group: str) -> None:
        self.gaps.append(group)


class Counting(InMemoryChannelLayer):
    """A layer that counts what it is asked."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.asked: list[tuple[str, str]] = []

    async def group_add(self, group: str, channel: str) -> None:
        self.asked.append(("add", group))
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self.asked.append(("discard", group))
        await super().group_discard(group, channel)


class Refusing(InMemoryChannelLayer):
    """A layer that lets nobody join while its server is away."""

    away = True

    async def group_add(self, group: str, channel: str) -> None:
        if Refusing.away:
            raise ConnectionError
        await super().group_add(group, channel)


class Slow(InMemoryChannelLayer):
    async def group_add(self, group: str, channel: str) -> None:
        await asyncio.sleep(1)


class Shared(InMemoryChannelLayer):
    """A layer that other processes may hear."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.carried: list[str] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await super().group_send(group, message)
        self.carried.append(message["topic"])


def played[T](scene: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def play() -> T:
        return await asyncio.wait_for(scene(), 20)

    return asyncio.run(play())


def layer_of(settings: Settings, kind: type) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.{kind.__name__}"}}


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_process_joins_a_store_once_and_leaves_with_the_last(settings: Settings) -> None:
    layer_of(settings, Counting)
    ears = [Ear() for _ in range(500)]

    async def scene() -> tuple[list[Any], list[int], list[Any]]:
        here, layer = hub.here(), get_channel_layer()
        await asyncio.gather(*(here.listen(STOCK, ear) for ear in ears))
        joined = [*layer.asked]
        await said_afar(STOCK, "stock.changed", version=1)
        await until(lambda: all(ear.heard for ear in ears))
        for ear in ears[:-1]:
            await here.leave(STOCK, ear)
        assert set(layer.asked) == {("add", STOCK)}
        await here.leave(STOCK, ears[-1])
        return joined, [len(ear.heard) for ear in ears], layer.asked[-1:]

    joined, heard, last = played(scene)
    assert joined == [("add", STOCK)]
    assert heard == [1] * 500
    assert last == [("discard", STOCK)]


def test_people_and_sign_ins_share_one_membership(settings: Settings) -> None:
    layer_of(settings, Counting)
    topics = [live.user_topic(uuid4()) for _ in range(100)]
    topics += [live.session_topic(f"key {number}") for number in range(100)]
    ears = {topic: Ear() for topic in topics}

    async def scene() -> list[Any]:
        for topic, ear in ears.items():
            await hub.here().listen(topic, ear)
        await said_afar(topics[7], "force.close")
        await until(lambda: ears[topics[7]].heard)
        return list(get_channel_layer().asked)

    assert set(played(scene)) == {("add", "identity")}
    assert ears[topics[7]].heard == [(topics[7], {"type": "force.close"})]
    assert sum(len(ear.heard) for ear in ears.values()) == 1


def test_a_thousand_come_and_go_and_nothing_is_left() -> None:
    async def scene() -> tuple[Any, ...]:
        here, layer = hub.here(), get_channel_layer()

        async def visit(number: int) -> None:
            ear = Ear()
            topics = [STOCK, live.user_topic(uuid4()), live.session_topic(str(number))]
            for topic in topics:
                await here.listen(topic, ear)
            await asyncio.sleep(0)
            for topic in topics:
                await here.leave(topic, ear)

        for start in range(0, 1000, 100):
            await asyncio.gather(*(visit(start + number) for number in range(100)))
        await asyncio.sleep(0.01)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return here.groups, here._ears, here._topics, layer.groups, layer.channels, len(others)

    assert played(scene) == (frozenset(), {}, {}, {}, {}, 0)


def test_who_gives_up_while_joining_leaves_nothing(settings: Settings) -> None:
    layer_of(settings, Slow)

    async def scene() -> Any:
        here = hub.here()
        joining = asyncio.create_task(here.listen(STOCK, Ear()))
        await asyncio.sleep(0.05)
        joining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joining
        return here._ears, here._topics

    assert played(scene) == ({}, {})


def test_what_a_process_says_its_own_screens_hear_once(settings: Settings) -> None:
    layer_of(settings, Shared)

    async def scene() -> tuple[Any, int]:
        ear = Ear()
        await hub.here().listen(STOCK, ear)
        hub.here().say(STOCK, {"type": "stock.changed", "version": 3})
        assert len(ear.heard) == 1  # at once
        await until(lambda: get_channel_layer().carried)  # and it came back by the layer
        await asyncio.sleep(0.05)
        return ear.heard, len(ear.gaps)

    assert played(scene) == ([(STOCK, {"type": "stock.changed", "version": 3})], 0)


def test_a_number_that_never_came_makes_its_group_fetch_and_no_other(settings: Settings) -> None:
    layer_of(settings, Shared)
    person = live.user_topic(uuid4())

    async def scene() -> tuple[list[str], list[str]]:
        shelf, seat, here = Ear(), Ear(), hub.here()
        await here.listen(STOCK, shelf)
        await here.listen(person, seat)
        await said_afar(STOCK, "stock.changed", version=1)
        await said_afar(STOCK, "stock.changed", version=2)
        await until(lambda: len(shelf.heard) == 2)
        assert shelf.gaps == []
        carrier.envelope(STOCK, {"type": "stock.changed", "version": 3})  # made, and never sent
        await said_afar(STOCK, "stock.changed", version=4)
        await until(lambda: len(shelf.heard) == 3)
        return shelf.gaps, seat.gaps

    assert played(scene) == ([STOCK], [])


def test_who_remembers_people_hears_of_them_from_the_first_request_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer_of(settings, Shared)
    memory = Ear()
    monkeypatch.setattr(hub, "everywhere", [memory])
    topic = live.user_topic(uuid4())

    async def scene() -> None:
        live.opened()
        live.opened()
        await until(lambda: hub.here().groups)
        assert memory.gaps == ["identity"]  # before that it heard nothing
        await said_afar(topic, "person.changed")
        await until(lambda: memory.heard)

    played(scene)
    live.loop = None
    assert memory.heard == [(topic, {"type": "person.changed"})]


def test_a_layer_that_is_away_lets_nobody_listen_and_is_asked_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer_of(settings, Refusing)
    monkeypatch.setattr(hub, "AGAIN", 0.05)
    monkeypatch.setattr(Refusing, "away", True)
    memory, screen = Ear(), Ear()
    monkeypatch.setattr(hub, "everywhere", [memory])

    async def scene() -> None:
        here = hub.here()
        here.open()
        with pytest.raises(hub.DeafLayer):
            await here.listen(STOCK, screen)
        assert here._ears == {}
        monkeypatch.setattr(Refusing, "away", False)
        await until(lambda: here.groups == {"identity"})
        await here.listen(STOCK, screen)
        await said_afar(STOCK, "stock.changed", version=1)
        await until(lambda: screen.heard)

    played(scene)
    assert memory.gaps == ["identity"]


def test_a_layer_that_forgot_its_members_gets_them_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer_of(settings, Shared)
    monkeypatch.setattr(hub, "AGAIN", 0.05)
    screen = Ear()

    async def scene() -> None:
        layer = get_channel_layer()
        await hub.here().listen(STOCK, screen)
        layer.groups.clear()
        await until(lambda: layer.groups)
        await said_afar(STOCK, "stock.changed", version=1)
        await until(lambda: screen.heard)

    played(scene)


def test_one_who_cannot_hear_keeps_it_from_nobody_else() -> None:
    class Broken(Ear):
        def hear(self, topic: str, message: dict[str, Any]) -> None:
            raise ValueError

    async def scene() -> list[int]:
        ears = [Broken(), Ear(), Broken(), Ear()]
        for ear in ears:
            await hub.here().listen(STOCK, ear)
        hub.here().say(STOCK, {"type": "stock.changed"})
        return [len(ear.heard) for ear in ears]

    assert played(scene) == [0, 1, 0, 1]


def test_a_layer_that_fails_costs_one_patience_and_not_one_for_each(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer_of(settings, Hanging)
    monkeypatch.setattr(carrier, "PATIENCE", 0.2)

    async def scene() -> bool:
        here = hub.here()
        for number in range(100):
            here.say(STOCK, {"type": "stock.changed", "version": number})
        task = here._carrier._task
        assert task is not None
        await asyncio.wait_for(task, 5)
        return not here._carrier._waiting

    assert played(scene)


class Hanging(InMemoryChannelLayer):
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.Event().wait()
