"""Asking the two tiers in this process: a request in ASGI's words, and its answer."""

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import brotli  # type: ignore[import-untyped]
from asgiref.sync import async_to_sync
from backports import zstd
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone

from regalpos import ids
from regalpos.bodies import Application, BodyLimit, Message
from regalpos.hot import HotHandler, Tiers

HOST = "localhost"
FORM = "application/x-www-form-urlencoded"
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}
# What is drawn anew for every answer: a page's mark against forgery, its nonce, a session's key.
# The mark has capitals, which keeps it apart from a hash.
MARK = re.compile(r"\b(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{64}\b")
NONCE = re.compile(r"""(nonce-|nonce="|nonce&quot;: *&quot;|Nonce":")[A-Za-z0-9_=-]{20,}""")
SESSION = re.compile(r"^(regal|csrftoken)=[^;]{8,}")
EXPIRES = re.compile(r"expires=[^;]+;")


@dataclass(frozen=True)
class Ask:
    """What is sent. `form` and `sent` (JSON) make a body; else `body` is one."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None
    sent: Any = None
    body: bytes = b""

    def with_(self, **headers: str) -> "Ask":
        """The same with other headers; an empty one is left out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {**self.headers, **named}
        return replace(self, headers={name: value for name, value in merged.items() if value})

    def content(self) -> tuple[bytes, str]:
        if self.form is not None:
            return urlencode(self.form).encode(), self.headers.get("Content-Type", FORM)
        if self.sent is not None:
            said = self.headers.get("Content-Type", "application/json")
            return json.dumps(self.sent).encode(), said
        return self.body, self.headers.get("Content-Type", "")

    def scope(self, **more: Any) -> Message:
        path, _mark, query = self.path.partition("?")
        body, content_type = self.content()
        own = {"Host": HOST, "Content-Length": str(len(body))} if body else {"Host": HOST}
        headers = {**own, **self.headers}
        if content_type:
            headers["Content-Type"] = content_type
        return {
            "type": "http",
            "method": self.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 40_000),
            "server": ("127.0.0.1", 8000),
            "scheme": "http",
            "root_path": "",
            **more,
        }


@dataclass(frozen=True)
class Heard:
    """What came back; header names in lower case, cookies apart."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def plain(self) -> str:
        """The body as it was before it was packed for the way."""
        unpack = UNPACK.get(self.headers.get("content-encoding", ""), bytes)
        return unpack(self.body).decode()

    def without_chance(self) -> "Heard":
        """The same for every answer to the same question: what is drawn by lot is marked."""
        headers = {name: _marked(value) for name, value in self.headers.items()}
        if "content-encoding" in headers:
            headers.pop("content-length", None)  # noise against guessing is in it
        headers.pop("x-noise", None)
        cookies = [EXPIRES.sub("", SESSION.sub(r"\1=*", one)) for one in self.cookies]
        return Heard(self.status, headers, cookies, _marked(self.plain).encode())


def _marked(text: str) -> str:
    return NONCE.sub(r"\1*", MARK.sub("*", text))


async def hear(app: Application, ask: Ask, **scope: Any) -> Heard:
    """The whole answer of `app`. The client stays on the line."""
    body, _content_type = ask.content()
    incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    came: list[Message] = []

    async def receive() -> Message:
        if incoming:
            return incoming.pop()
        await _for_ever()
        raise AssertionError

    async def send(message: Message) -> None:
        came.append(message)

    await app(ask.scope(**scope), receive, send)
    start, *parts = came
    named = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
    return Heard(
        status=start["status"],
        headers={name: value for name, value in named if name != "set-cookie"},
        cookies=sorted(value for name, value in named if name == "set-cookie"),
        body=b"".join(part.get("body", b"") for part in parts),
    )


def heard(app: Application, ask: Ask, **scope: Any) -> Heard:
    return async_to_sync(hear)(app, ask, **scope)


def hot_tier() -> Application:
    """The hot tier alone: whatever would go to the other one fails."""
    return BodyLimit(Tiers(HotHandler(), _not_hot))


def stock_tier() -> Application:
    """Django's own handler, in the thread of the test: there it sees what is rolled back."""
    return BodyLimit(_InThisThread().handle)


def whole_stock_tier() -> Application:
    """Django's own handler as it is served, with threads of its own: for real commits."""
    handler: Any = ASGIHandler()  # its words are a little narrower than ours
    return BodyLimit(handler)


@contextmanager
def same_ids_and_clock(now: datetime) -> Iterator[None]:
    """Within, ids come in the same order every time, and it stays `now` for the shop."""
    first = (int(now.timestamp() * 1000) + 3_600_000, 0)
    with (
        patch.object(ids, "_last", first),
        patch("secrets.randbits", lambda bits: 1),
        patch.object(timezone, "now", lambda: now),
    ):
        yield


class _InThisThread(ASGIHandler):
    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """As Django's, but that the test's connection stays open: its transaction is not over."""
        signals = (request_started, request_finished)
        for signal in signals:
            signal.disconnect(close_old_connections)
        try:
            await super().handle(scope, receive, send)
        finally:
            for signal in signals:
                signal.connect(close_old_connections)


async def _not_hot(scope: Message, _receive: Any, _send: Any) -> None:
    raise AssertionError(f"{scope['path']} is not hot")


async def _for_ever() -> None:
    await asyncio.Event().wait()
