"""Asking one of the two tiers in this process: a request in ASGI's words, and its answer."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync

from regalpos.bodies import Application, Message

HOST = "localhost"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Ask:
    """What is sent. `form` and `sent` (JSON) make a body; else `body` is one."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None
    sent: Any = None
    body: bytes = b""

    def content(self) -> tuple[bytes, str]:
        if self.form is not None:
            return urlencode(self.form).encode(), FORM
        if self.sent is not None:
            return json.dumps(self.sent).encode(), "application/json"
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


async def _for_ever() -> None:
    await asyncio.Event().wait()
