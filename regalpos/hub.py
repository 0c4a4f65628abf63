"""What is announced, handed to whoever listens in this process.

One channel of the layer for each process, and one membership for each group that anybody here
listens to, however many they are: joined when the first asks, left when the last has gone. What
this process says itself reaches its own listeners without the layer, be it dead or alive.
"""

import asyncio
from collections import Counter, OrderedDict
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer

from regalpos.carrier import IDENTITY, PROCESS, Carrier, Message, group_of

log = structlog.get_logger(__name__)

PATIENCE = 5.0  # seconds that joining may take, with all who wait before us
AGAIN = 30.0  # seconds between two looks at whether every group is still joined
SENDERS = 1_000  # pairs of process and group whose last number is remembered


class Listener(Protocol):
    """Somebody who hears. Called on the loop, except where `live` says so; must not block."""

    def hear(self, topic: str, message: Message) -> None:
        """This is true now."""

    def missed(self, group: str) -> None:
        """Something may have been said in the group that was not heard."""


class DeafLayer(Exception):
    """The layer lets this process neither join nor leave."""


# Who hears of every person and sign-in, whichever process said it, from the first request on.
everywhere: list[Listener] = []


class Hub:
    """The ears of one process, by topic. All of it runs on one loop."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._ears: dict[str, Counter[Listener]] = {}
        self._topics: dict[str, set[str]] = {}  # those with ears, by group
        self._always: set[str] = set()  # groups that are joined whoever listens
        self._joined: set[str] = set()
        self._gate = asyncio.Lock()
        self._carrier = Carrier()
        self._channel = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self._last: OrderedDict[tuple[str, str], int] = OrderedDict()

    @property
    def groups(self) -> frozenset[str]:
        """What this process has joined."""
        return frozenset(self._joined)

    def open(self) -> None:
        """From now on `everywhere` hears what other processes say. Costs nothing when repeated."""
        if everywhere and not self._always:
            self._always.add(IDENTITY)
            self._run()

    async def listen(self, topic: str, listener: Listener) -> None:
        """`listener` hears `topic` from here on; or DeafLayer, and it does not.

        Each topic once, until it has left as often as it came.
        """
        group = group_of(topic)
        self._topics.setdefault(group, set()).add(topic)
        self._ears.setdefault(topic, Counter())[listener] += 1
        try:
            await self._settle(group)
        except BaseException:
            self._forget(topic, listener)
            raise

    async def leave(self, topic: str, listener: Listener) -> None:
        """`listener` does not hear `topic` any more, once it has left as often as it came."""
        if self._forget(topic, listener):
            try:
                await asyncio.shield(self._settle(group_of(topic)))
            except DeafLayer as error:
                log.info("group_not_left", topic=topic, reason=str(error))

    def say(self, topic: str, message: Message) -> None:
        """Whoever listens here hears it at once; the other processes in time."""
        self._hand_on(topic, message)
        self._carrier.take(topic, message)

    def receive(self, envelope: Message) -> None:
        """What the layer brought: said by another process, or by this one and known."""
        group, sender, number = envelope["group"], envelope["from"], envelope["number"]
        before = self._last.pop((sender, group), number - 1)  # whoever is new began before us
        self._last[sender, group] = max(number, before)
        if len(self._last) > SENDERS:
            self._last.popitem(last=False)
        if number > before + 1:
            self.missed(group)
        if sender != PROCESS:
            topic, message = envelope["topic"], envelope["message"]
            for listener in everywhere if group == IDENTITY else ():
                listener.hear(topic, message)
            self._hand_on(topic, message)

    def missed_all(self) -> None:
        """The layer was gone for a while, and is back."""
        for group in [*self._joined]:
            self.missed(group)

    def missed(self, group: str) -> None:
        """Whoever listens to the group is told that something may be missing."""
        log.info("announcements_missed", group=group)
        heard = [one for topic in self._topics.get(group, ()) for one in self._ears[topic]]
        for listener in {*heard, *(everywhere if group == IDENTITY else ())}:
            listener.missed(group)

    def _hand_on(self, topic: str, message: Message) -> None:
        for listener in [*self._ears.get(topic, ())]:
            try:
                listener.hear(topic, message)
            except Exception:
                log.exception("announcement_not_heard", topic=topic)

    def _wanted(self, group: str) -> bool:
        return group in self._always or group in self._topics

    def _forget(self, topic: str, listener: Listener) -> bool:
        """Whether nobody is left in the topic's group."""
        ears = self._ears.get(topic, Counter())
        ears[listener] -= 1
        if ears[listener] <= 0:
            del ears[listener]
        if ears or topic not in self._ears:
            return False
        del self._ears[topic]
        group = group_of(topic)
        self._topics[group].discard(topic)
        if not self._topics[group]:
            del self._topics[group]
        return not self._wanted(group)

    async def _settle(self, group: str, *, again: bool = False) -> bool:
        """The layer knows whether this process wants the group. True if it joined just now."""
        if group in self._joined and self._wanted(group) and not again:
            return False
        joining = False
        try:
            async with asyncio.timeout(PATIENCE), self._gate:
                if self._wanted(group):
                    joining = group not in self._joined
                    if joining or again:
                        await self._join(group)
                elif group in self._joined:
                    self._joined.discard(group)
                    await get_channel_layer().group_discard(group, self._channel)
        except Exception as error:
            raise DeafLayer(f"{type(error).__name__}: {error}") from error
        if not self._topics and not self._always:
            self._stop()
        return joining

    async def _join(self, group: str) -> None:
        layer: Any = get_channel_layer()
        if not self._channel:
            self._channel = await layer.new_channel()
            self._tasks.append(asyncio.create_task(self._listen(layer, self._channel)))
        self._run()
        await layer.group_add(group, self._channel)
        self._joined.add(group)

    async def _listen(self, layer: Any, channel: str) -> None:
        while True:
            try:
                self.receive(await layer.receive(channel))
            except Exception:
                log.exception("announcement_not_received")
                await asyncio.sleep(1)

    async def _look_after(self) -> None:
        """Joined again is not idle: some layers forget members after a day, or a restart."""
        again = False
        while True:
            for group in [*self._always, *self._topics]:
                try:
                    if await self._settle(group, again=again):
                        self.missed(group)
                except DeafLayer as error:
                    log.warning("group_not_joined", group=group, reason=str(error))
            await asyncio.sleep(AGAIN)
            again = True

    def _run(self) -> None:
        if self._watch is None:
            self._watch = asyncio.create_task(self._look_after())
            self._tasks.append(self._watch)

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks, self._watch = [], None
        self._channel = ""
        self._last.clear()


def here() -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    found = Hub._of_loop.get(loop)
    if found is None:
        found = Hub._of_loop[loop] = Hub()
    return found
