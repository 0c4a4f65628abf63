"""The one door to open screens: say what is now true, once it is committed.

Announcements are hints. They may come late, twice, or never; screens refetch on
reconnect, on a version gap and by a slow poll. So nothing here may undo or delay a sale.
"""

import asyncio
import hashlib
from collections import deque
from functools import partial
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from django.db import transaction

from regalpos import hub
from regalpos.carrier import IDENTITY, Message, carry, group_of
from regalpos.hub import Listener

log = structlog.get_logger(__name__)

# The server's running loop. asgi.py sets it; commands and tests have none.
loop: asyncio.AbstractEventLoop | None = None
_outgoing: deque[tuple[str, Message]] = deque()
# The loop that was called to say them, and has not yet.
_called: asyncio.AbstractEventLoop | None = None


def announce(topic: str, event: str, **facts: str | int) -> None:
    """Every screen on `topic` hears `event`, after the commit and only then.

    Facts are state, never deltas: a repeated or late message does no harm. A rollback
    says nothing. A dead layer is logged, and the sale stands.
    """
    message = {**facts, "type": event}
    transaction.on_commit(partial(_say, topic, message), robust=True)


def heard_everywhere(listener: Listener) -> None:
    """From now on `listener` hears of every person and sign-in, whichever process announced it.

    What this process commits it hears in the committing thread, before anybody else is told and
    before the request is answered: so what it remembers is forgotten in time. What another says,
    it hears on the loop; and `missed` where something may have been lost on the way.
    """
    hub.everywhere.append(listener)


def opened() -> None:
    """This process serves, on the running loop. Cheap enough for every request."""
    global loop
    loop = asyncio.get_running_loop()
    hub.here().open()


def stock_topic(store_id: UUID) -> str:
    """What is on the shelves of one store."""
    return f"stock.{store_id.hex}"


def till_topic(register_id: UUID) -> str:
    """What happens at one register."""
    return f"till.{register_id.hex}"


def user_topic(user_id: UUID) -> str:
    """One person, wherever signed in: rights changed, account ended."""
    return f"user.{user_id.hex}"


def session_topic(session_key: str) -> str:
    """One sign-in. The key itself stays out of the layer and its logs."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def _say(topic: str, message: Message) -> None:
    """In the thread that committed: forget here, then tell the others."""
    if group_of(topic) == IDENTITY:
        for listener in hub.everywhere:
            try:
                listener.hear(topic, message)
            except Exception:
                log.exception("announcement_not_heard", topic=topic)
    _send(topic, message)


def _send(topic: str, message: Message) -> None:
    """Hand the message to the server's loop and go on; without a server, send it here."""
    global _called  # one call for all that one commit has to say
    if loop is not None and loop.is_running():
        # Not tied to the request that caused it: a client that hangs up cancels nothing.
        _outgoing.append((topic, message))
        if _called is not loop:
            _called = loop
            loop.call_soon_threadsafe(_say_all)
        return
    try:
        async_to_sync(carry)(topic, message)
    except (Exception, asyncio.CancelledError):
        log.warning("announcement_lost", topic=topic, event_type=message["type"], exc_info=True)


def _say_all() -> None:
    global _called
    _called = None  # before the last is taken: what comes after it calls again
    while _outgoing:
        hub.here().say(*_outgoing.popleft())
