"""Sockets of people who are signed in, for as long as they are, and no longer."""

import asyncio
import time
from collections import deque
from typing import Any, ClassVar

import structlog
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from people.access import Actor, socket_actor
from people.permissions import Permission
from regalpos import lanes, live
from regalpos.errors import Busy, NotHere

log = structlog.get_logger(__name__)

SIGNED_OUT = 4401
NOT_ALLOWED = 4403
NOT_HERE = 4404
TRY_LATER = 1013
TOO_LARGE = 1009
TOO_OFTEN = 1008

SOON = 1.0  # seconds until the first look after they joined
ASKED_AGAIN = 30.0  # and between two later ones
LARGEST = 1024  # signs of one message; nothing that our pages send is longer
MOST = 20  # messages within WINDOW seconds
WINDOW = 10.0


class SignedInSocket(AsyncWebsocketConsumer):
    """Open while its person is signed in, may be here, and keeps to the limits.

    A subclass is stamped with `@requires(...)`, says in `topics()` what it listens to, and hears
    the events as methods. It is asked again every half a minute, when the session or the person
    is told to close (`force.close`), and never trusts what was true at connect.
    """

    permission: ClassVar[Permission]
    actor: Actor
    joined: frozenset[str] = frozenset()
    watch: asyncio.Task[None] | None = None

    def topics(self, actor: Actor) -> set[str]:
        """What this person may listen to here. NotHere refuses. Runs in a lane."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Opened once it listens: what a page fetches then, and what it hears, leave no gap.

        Whoever is refused is let in for a moment: a browser learns a close code only from a socket
        that was open.
        """
        self.heard: deque[float] = deque(maxlen=MOST)
        refused = await self._ask()
        await self.accept()
        if refused:
            await self.close(refused)
        else:
            # Soon once more: what changed while we joined was said before we listened.
            self.watch = asyncio.create_task(self._keep_asking())
            await self.entered()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, but for its trip through the one thread that all sockets share.

        There it looks after database connections; ours are in the lanes, which do so themselves.
        """
        handler = getattr(self, get_handler_name(message), None)
        if handler is None:
            raise ValueError(f"No handler for {message['type']}")
        await handler(message)

    async def entered(self) -> None:
        """Open, and listening."""

    async def disconnect(self, code: int) -> None:
        """Nothing is left behind."""
        if self.watch is not None:
            self.watch.cancel()
        for topic in self.joined:
            await self.channel_layer.group_discard(topic, self.channel_name)
        self.joined = frozenset()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Pages have nothing to say here by default; too much of it ends the socket."""
        if bytes_data is not None or len(text_data or "") > LARGEST:
            await self.close(TOO_LARGE)
            return
        now = time.monotonic()
        if len(self.heard) == MOST and now - self.heard[0] < WINDOW:
            await self.close(TOO_OFTEN)
            return
        self.heard.append(now)
        await self.said(text_data or "")

    async def said(self, text: str) -> None:
        """A page's message, within the limits."""

    async def force_close(self, event: dict[str, Any]) -> None:
        """The session ended, or what its person may do has changed: sign in, or come again."""
        await self.close(SIGNED_OUT)

    async def person_changed(self, event: dict[str, Any]) -> None:
        """Their name or language, or a store's hours: nothing that closes a socket."""

    async def _ask(self) -> int | None:
        """Listens to what its person may hear now; else the code to close it with."""
        try:
            found = await lanes.run(self._admit)
        except Busy:
            # Better a moment on old rights than every screen of the shop dark.
            return None if self.joined else TRY_LATER
        except Exception:
            log.exception("socket_not_asked")
            return TRY_LATER
        if isinstance(found, int):
            return found
        self.actor, topics = found
        # Joining again is not idle: a layer forgets its members after a day.
        for topic in topics:
            await self.channel_layer.group_add(topic, self.channel_name)
        for topic in self.joined - topics:
            await self.channel_layer.group_discard(topic, self.channel_name)
        self.joined = frozenset(topics)
        return None

    def _admit(self) -> tuple[Actor, set[str]] | int:
        """Who this is and what they listen to, or the code to close with. In a lane."""
        actor = socket_actor(self.scope["session"].session_key)
        if actor is None:
            return SIGNED_OUT
        if not actor.may(self.permission):
            return NOT_ALLOWED
        try:
            topics = self.topics(actor)
        except NotHere:
            return NOT_HERE
        own = {live.user_topic(actor.user_id), live.session_topic(actor.session_key)}
        return actor, topics | own

    async def _keep_asking(self) -> None:
        pause = SOON
        while True:
            await asyncio.sleep(pause)
            if refused := await self._ask():
                await self.close(refused)
                return
            pause = ASKED_AGAIN
