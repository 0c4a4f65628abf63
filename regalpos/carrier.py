"""What this process has to say to the others, carried by the layer in the order it was said.

Messages travel in envelopes, numbered for each process and group: whoever hears of a number too
high knows that something was said which did not arrive.
"""

import asyncio
from collections import Counter, deque
from typing import Any
from uuid import uuid4

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

log = structlog.get_logger(__name__)

type Message = dict[str, Any]

IDENTITY = "identity"  # the group of all topics about people and their sign-ins
PERSONAL = ("user.", "session.")
PROCESS = uuid4().hex  # who speaks

PATIENCE = 5.0  # seconds that one announcement may take before it is given up
MOST_WAITING = 10_000  # announcements; the oldest is worth least

_numbers: Counter[str] = Counter()


def group_of(topic: str) -> str:
    """The group of the layer that carries a topic. People share one: they are many, and quiet."""
    return IDENTITY if topic.startswith(PERSONAL) else topic


def envelope(topic: str, message: Message) -> Message:
    """What goes to the layer. To be sent in the order in which they were made."""
    group = group_of(topic)
    _numbers[group] += 1
    about = {"from": PROCESS, "group": group, "number": _numbers[group], "topic": topic}
    return {"type": "live.envelope", **about, "message": message}


class Carrier:
    """One at a time goes to the layer. Where one fails, those behind it would: all are lost."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Message]] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def take(self, topic: str, message: Message) -> None:
        """To be said to the other processes, as soon as may be. On the loop."""
        if type(get_channel_layer()) is InMemoryChannelLayer:
            return  # there are no others
        self._waiting.append((topic, message))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._carry())

    async def _carry(self) -> None:
        while self._waiting:
            topic, message = self._waiting.popleft()
            if not await carry(topic, message) and self._waiting:
                log.warning("announcements_lost", number=len(self._waiting))
                self._waiting.clear()


async def carry(topic: str, message: Message) -> bool:
    """Said to the other processes. False, and a line in the log, if it was not."""
    layer = get_channel_layer()
    if layer is None:
        log.info("announcement_skipped", topic=topic, event_type=message["type"])
        return True
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(group_of(topic), envelope(topic, message))
    except Exception:
        log.warning("announcement_lost", topic=topic, event_type=message["type"], exc_info=True)
        return False
    return True
