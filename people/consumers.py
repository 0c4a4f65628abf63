"""Sockets of people who are signed in, for as long as they are, and no longer."""

import asyncio
import random
import time
from collections import deque
from typing import Any, ClassVar

import structlog
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from people.access import Actor, socket_actor
from people.permissions import Permission
from regalpos import hub, lanes, live
from regalpos.carrier import IDENTITY
from regalpos.errors import Busy, NotHere
from regalpos.hub import Listener
from regalpos.wires import TRY_LATER, Frame, Outbox, wire_of

log = structlog.get_logger(__name__)

SIGNED_OUT = 4401
NOT_ALLOWED = 4403
NOT_HERE = 4404
TOO_LARGE = 1009
TOO_OFTEN = 1008

SOON = 1.0  # seconds until the first look after they joined
ASKED_AGAIN = 30.0  # and between two later ones
AFTER_A_GAP = 5.0  # and until one after something may not have been heard
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
    watch: asyncio.Task[None] | None = None
    out: Outbox | None = None  # once it is open
    ended = False  # told to close before it was

    def topics(self, actor: Actor) -> set[str]:
        """What this person may listen to here. NotHere refuses. Runs in a lane."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As Channels does, without a channel of its own: the hub has one for all sockets.

        Nor does it pass through the one thread that Channels' sockets share, to look after
        database connections; ours are in the lanes, which do so themselves.
        """
        self.scope, self.base_send = scope, send
        self.joined: dict[str, Listener] = {}
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                await getattr(self, get_handler_name(message))(message)
        finally:
            await self.disconnect(1006)

    async def connect(self) -> None:
        """Opened once it listens: what a page fetches then, and what it hears, leave no gap.

        Whoever is refused is let in for a moment: a browser learns a close code only from a socket
        that was open.
        """
        self.talked: deque[float] = deque(maxlen=MOST)
        refused = await self._ask()
        await self.accept()
        if self.ended or refused:
            await self.close(SIGNED_OUT if self.ended else refused)
            return
        self.out = Outbox(wire_of(self.scope, self.base_send))
        # Soon once more: what changed while we joined was said before we listened.
        self._ask_in(SOON)
        await self.entered()

    async def entered(self) -> None:
        """Open, and listening."""

    def ear(self, topic: str) -> Listener:
        """Who listens to a topic for this socket: itself, unless many share one."""
        return self

    async def disconnect(self, code: int) -> None:
        """Nothing is left behind."""
        if self.watch is not None:
            self.watch.cancel()
        if self.out is not None:
            self.out.drop()
        await self._listen_to(set())

    def hear(self, topic: str, message: dict[str, Any]) -> None:
        """What was announced, to the method of its name.

        Before it is open, only its end counts: what else happens then, the page fetches once it is.
        """
        if self.out is not None or message["type"] == "force.close":
            getattr(self, get_handler_name(message))(message)

    def missed(self, group: str) -> None:
        """Perhaps they were signed out; perhaps the page is behind, and comes back to fetch."""
        if self.out is not None and group == IDENTITY:
            self._ask_in(AFTER_A_GAP)
        elif self.out is not None:
            self.out.close(TRY_LATER)

    def say(self, about: str, text: str) -> None:
        """The page hears `text`; if it is slow, only the newest about each thing."""
        if self.out is not None:
            self.out.tell({about: text}, Frame(text))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Pages have nothing to say here by default; too much of it ends the socket."""
        if bytes_data is not None or len(text_data or "") > LARGEST:
            await self.close(TOO_LARGE)
            return
        now = time.monotonic()
        if len(self.talked) == MOST and now - self.talked[0] < WINDOW:
            await self.close(TOO_OFTEN)
            return
        self.talked.append(now)
        await self.said(text_data or "")

    async def said(self, text: str) -> None:
        """A page's message, within the limits."""

    def force_close(self, event: dict[str, Any]) -> None:
        """The session ended, or what its person may do has changed: sign in, or come again."""
        self.ended = True
        if self.out is not None:
            self.out.close(SIGNED_OUT)

    def person_changed(self, event: dict[str, Any]) -> None:
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
        try:
            await self._listen_to(topics)
        except hub.DeafLayer as error:
            log.warning("socket_not_heard", reason=str(error))
            return TRY_LATER
        return None

    async def _listen_to(self, topics: set[str]) -> None:
        ears = {topic: self.ear(topic) for topic in topics}
        for topic in topics - self.joined.keys():
            await hub.here().listen(topic, ears[topic])
            self.joined[topic] = ears[topic]
        for topic in self.joined.keys() - topics:
            await hub.here().leave(topic, self.joined.pop(topic))

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

    def _ask_in(self, pause: float) -> None:
        if self.watch is not None:
            self.watch.cancel()
        self.watch = asyncio.create_task(self._keep_asking(pause))

    async def _keep_asking(self, pause: float) -> None:
        while True:
            # Not all in one moment, however many came in one.
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            if (refused := await self._ask()) and self.out is not None:
                self.out.close(refused)
                return
            pause = ASKED_AGAIN
