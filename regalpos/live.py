"""The one door to open screens: say what is now true, once it is committed.

Announcements are hints. They may come late, twice, or never; screens refetch on
reconnect, on a version gap and by a slow poll. So nothing here may undo or delay a sale.
"""

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = structlog.get_logger(__name__)

PATIENCE = 5  # seconds that one announcement may take before it is given up

# The server's running loop. asgi.py sets it; commands and tests have none.
loop: asyncio.AbstractEventLoop | None = None
_here: list[Callable[[str, dict[str, Any]], None]] = []


def announce(topic: str, event: str, **facts: str | int) -> None:
    """Every screen on `topic` hears `event`, after the commit and only then.

    Facts are state, never deltas: a repeated or late message does no harm. A rollback
    says nothing. A dead layer is logged, and the sale stands.
    """
    message = {**facts, "type": event}
    transaction.on_commit(partial(_say, topic, message), robust=True)


def heard_here(hear: Callable[[str, dict[str, Any]], None]) -> None:
    """From now on `hear` is called with every topic and message of this process, at once.

    In the thread that committed, before anybody else is told and before its request is
    answered: so what this process remembers is forgotten in time. It must not block.
    """
    _here.append(hear)


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


def _say(topic: str, message: dict[str, Any]) -> None:
    for hear in _here:
        try:
            hear(topic, message)
        except Exception:
            log.exception("announcement_not_heard_here", topic=topic)
    _send(topic, message)


def _send(topic: str, message: dict[str, str | int]) -> None:
    """Hand the message to the server's loop and go on; without a server, send it here."""
    if loop is not None and loop.is_running():
        # Not tied to the request that caused it: a client that hangs up cancels nothing.
        asyncio.run_coroutine_threadsafe(_tell(topic, message), loop)
        return
    try:
        async_to_sync(_tell)(topic, message)
    except (Exception, asyncio.CancelledError):
        log.warning("announcement_lost", topic=topic, event_type=message["type"], exc_info=True)


async def _tell(topic: str, message: dict[str, str | int]) -> None:
    layer = get_channel_layer()
    if layer is None:
        log.info("announcement_skipped", topic=topic, event_type=message["type"])
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(topic, message)
    except Exception:
        log.warning("announcement_lost", topic=topic, event_type=message["type"], exc_info=True)
