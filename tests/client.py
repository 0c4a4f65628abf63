"""A client of the API in a process of its own, as tills are: `tests/crowd.py` gives its orders.

Reads one JSON order from its first line of input, signs its people in, says `ready`, waits for
`go`, sends what each person has to send, and says every event as one line of JSON. It keeps the
checkout contract: an id is sent until it has an answer, after Retry-After where one is named; no
answer means unknown, so it asks, and then sends the same again.
"""

import asyncio
import json
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

API = "/api/v1/"
ANSWER_WITHIN = 40.0  # seconds for one answer; the server's own limits are far below
SIGN_INS_AT_ONCE = 2


class Broken(Exception):
    """No answer came: what became of the request is unknown."""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def come_again(self) -> float | None:
        """Seconds after which to send the same again, if the answer says that it is not final."""
        code = self.body.get("error", {}).get("code") if isinstance(self.body, dict) else None
        if self.status == 503 or (self.status == 409 and code == "in_progress"):
            return float(self.headers.get("retry-after", -1))
        return None


@dataclass
class Wire:
    """One connection, kept open from one request to the next."""

    host: str
    port: int
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: Any = None, token: str = "") -> Answer:
        """The answer; or Broken."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self.send(_request(self.host, self.port, method, path, body, token))
                return await self._read()
        except (OSError, EOFError, ValueError) as error:  # TimeoutError is an OSError
            self.drop()
            raise Broken(type(error).__name__) from error

    async def send(self, data: bytes) -> None:
        """On its way, on an open connection."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.writer.write(data)
        await self.writer.drain()

    def drop(self, *, rudely: bool = False) -> None:
        """The connection is gone; what it had yet to say is lost."""
        if self.writer is not None:
            if rudely:
                self.writer.transport.abort()
            self.writer.close()
        self.reader = self.writer = None

    async def _read(self) -> Answer:
        assert self.reader is not None
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        pairs = (line.split(":", 1) for line in head[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        raw = await self._body(headers)
        if headers.get("connection") == "close":
            self.drop()
        is_json = headers.get("content-type", "").startswith("application/json")
        return Answer(status, headers, json.loads(raw) if is_json and raw else None)

    async def _body(self, headers: dict[str, str]) -> bytes:
        assert self.reader is not None
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body


@dataclass
class Person:
    """Somebody who is signed in, and what each of their hands has to send, in order."""

    url: str
    username: str
    password: str
    queues: list[list[dict[str, Any]]]
    careless: bool = False  # the control: makes a new id for every try
    token: str = ""
    taken: float = 0.05  # seconds, a moving average: what an answer takes here
    said: dict[str, Any] = field(default_factory=dict)

    def wire(self) -> Wire:
        parts = urlsplit(self.url)
        return Wire(parts.hostname or "", parts.port or 80)

    async def sign_in(self) -> None:
        """There is a token, however busy the server is."""
        wire = self.wire()
        sent = {"username": self.username, "password": self.password}
        while True:
            try:
                answer = await wire.ask("POST", "auth/login", sent)
            except Broken:
                await asyncio.sleep(random.uniform(0.1, 0.3))
                continue
            if answer.status == 200:
                self.token = answer.body["access_token"]
                wire.drop()
                return
            if answer.come_again is None:
                raise SystemExit(f"sign-in of {self.username}: {answer.status} {answer.body}")
            await asyncio.sleep(max(answer.come_again, 0.1))

    async def work(self, stop: asyncio.Event) -> None:
        """All queues at once, each in its order."""
        await asyncio.gather(*(self._work_off(queue, stop) for queue in self.queues))

    async def _work_off(self, queue: list[dict[str, Any]], stop: asyncio.Event) -> None:
        wire = self.wire()
        for task in queue:
            if stop.is_set():
                return
            if "hang_up" in task:
                await self._hang_up(task)
            await self._settle(wire, task)
        wire.drop()

    async def _settle(self, wire: Wire, task: dict[str, Any]) -> None:
        """Send it until there is a final answer; ask in between when there was none."""
        name, path = task["name"], task["path"]
        while True:
            if self.careless:
                path = f"{path.rpartition('/')[0]}/{uuid4()}"
            answer = await self._try(wire, name, task["method"], path, task["body"])
            if answer is None:
                await asyncio.sleep(random.uniform(0.02, 0.2))
                if task["method"] == "PUT" and not self.careless:
                    await self._try(wire, name, "GET", path, None)
            elif answer.status == 401:
                await self.sign_in()
            elif (pause := answer.come_again) is not None:
                await asyncio.sleep(max(pause, 0.05) + random.uniform(0, 0.1))
            else:
                say("settled", name)
                return

    async def _try(self, wire: Wire, name: str, method: str, path: str, body: Any) -> Answer | None:
        began = say("sent" if method != "GET" else "asked", name)
        try:
            answer = await wire.ask(method, path, body, self.token)
        except Broken as error:
            say("broken" if method != "GET" else "unheard", name, why=str(error))
            return None
        ended = say(
            "heard" if method != "GET" else "told",
            name,
            status=answer.status,
            body=answer.body,
            replayed=answer.headers.get("idempotent-replayed") == "true",
            retry_after=answer.headers.get("retry-after"),
        )
        if answer.status == 201:
            self._note(ended - began)
        return answer

    def _note(self, taken: float) -> None:
        """An answer took so long; a moving mean of them."""
        self.taken += (min(taken, 1.0) - self.taken) / 8

    async def _hang_up(self, task: dict[str, Any]) -> None:
        """Send all of it, or half, and be gone at some moment of the time an answer takes."""
        wire = self.wire()
        data = _request(
            wire.host, wire.port, task["method"], task["path"], task["body"], self.token
        )
        if half := random.random() < 0.1:
            data = data[: len(data) // 2]
        began = say("sent", task["name"])
        try:
            await wire.send(data)
            moment = began + task["hang_up"] * self.taken
            assert wire.reader is not None
            async with asyncio.timeout(max(moment - time.monotonic(), 0)):
                await wire.reader.readexactly(1)
            self._note(say("too_late", task["name"]) - began)
        except (OSError, EOFError):
            say("hung_up", task["name"], half=half)
        wire.drop(rudely=random.random() < 0.5)


def _request(host: str, port: int, method: str, path: str, body: Any, token: str) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    head = [
        f"{method} {API}{path} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Content-Length: {len(data)}",
        *(["Content-Type: application/json"] if data else []),
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return "\r\n".join([*head, "", ""]).encode() + data


def say(event: str, task: str = "", **facts: Any) -> float:
    """One line of history; the moment it is about, on the clock that all processes share."""
    now = time.monotonic()
    sys.stdout.write(json.dumps({"event": event, "task": task, "at": now, **facts}) + "\n")
    sys.stdout.flush()
    return now


async def main() -> None:
    order = json.loads(sys.stdin.readline())
    random.seed(order["seed"])
    people = [Person(**person) for person in order["people"]]
    door = asyncio.Semaphore(SIGN_INS_AT_ONCE)

    async def enter(person: Person) -> None:
        async with door:
            await person.sign_in()

    await asyncio.gather(*map(enter, people))
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def listen() -> None:
        sys.stdin.readline()  # "stop", or the end of the test
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=listen, daemon=True).start()
    await asyncio.gather(*(person.work(stop) for person in people))
    say("done")


if __name__ == "__main__":
    asyncio.run(main())
