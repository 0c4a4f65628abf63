"""Screens that show a store's shelves, and one till that sells from them: on one clock.

A process of its own, without Django, that spends as little as it can on a socket. It reads a
`Wish` as one line of JSON, opens the sockets, says `open`, waits for a line, sells once a round,
and says when each screen heard of it as one line of JSON (`Heard`).
"""

import asyncio
import json
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

from regalpos import ids

PATIENCE = 30.0  # seconds for a socket to open, or a round to end
PAUSE = 0.3  # seconds between two rounds
AT_ONCE = 8  # sockets that are being opened
SMALL = 4096  # bytes that a screen which never reads has room for
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who is to listen to what, and what is sold meanwhile."""

    port: int
    store: str  # its code
    session: str
    register: str
    token: str
    goods: list[tuple[str, int]]  # id, cents
    screens: int
    rounds: int
    languages: list[str]
    idle: int = 0  # more screens, which never read


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Milliseconds from the sale's request, by round; the first, the middle and the last screen."""

    first: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)  # the till itself
    lost: int = 0  # screens that were closed


class Screen(asyncio.Protocol):
    """One socket. Knows when it last heard something, and answers pings."""

    def __init__(self, wish: Wish, number: int) -> None:
        language = wish.languages[number % len(wish.languages)]
        self.head = (
            f"GET /ws/stock/{wish.store}/?language={language} HTTP/1.1\r\n"
            f"Host: localhost:{wish.port}\r\nOrigin: http://localhost:{wish.port}\r\n"
            f"Cookie: regal={wish.session}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = bytearray()
        self.heard_at = 0.0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks to be a socket."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.head.encode())

    def data_received(self, data: bytes) -> None:
        """The end of the greeting, or frames."""
        self.buffer += data
        if not self.opened.done():
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(RuntimeError(self.buffer[:200].decode("latin1")))
                return
            del self.buffer[: end + 4]
            self.opened.set_result(None)
        while self._take_frame():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        """The server let it go, or we left."""
        self.lost = True
        if not self.opened.done():
            self.opened.set_exception(RuntimeError("hung up"))

    def _take_frame(self) -> bool:
        """One whole frame is taken from the buffer, if there is one. Servers do not mask."""
        if len(self.buffer) < 2:
            return False
        kind, size, start = self.buffer[0] & 15, self.buffer[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(self.buffer[2:start])
        if len(self.buffer) < start + size:
            return False
        if kind == 1:
            self.heard_at = time.perf_counter()
        elif kind == 9:
            payload = bytes(self.buffer[start : start + size])
            self.transport.write(bytes([0x8A, 0x80 | size, 0, 0, 0, 0]) + payload)
        elif kind == 8:
            self.lost = True
        del self.buffer[: start + size]
        return True


class Till(asyncio.Protocol):
    """Sells one piece at a time."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.buffer = b""
        self.answered: asyncio.Future[float]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to sell."""
        self.transport = cast(asyncio.Transport, transport)

    def sell(self, number: int) -> asyncio.Future[float]:
        """A sale leaves; when it was answered."""
        product, cents = self.wish.goods[number % len(self.wish.goods)]
        total = f"{cents / 100:.2f}"
        body = json.dumps(
            {
                "register": self.wish.register,
                "lines": [{"product": product, "quantity": "1"}],
                "payments": [{"tender": "cash", "amount": total}],
                "shown_total": total,
            }
        )
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(
            f"PUT /api/v1/sales/{ids.new()} HTTP/1.1\r\nHost: localhost:{self.wish.port}\r\n"
            f"Authorization: Bearer {self.wish.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        return self.answered

    def data_received(self, data: bytes) -> None:
        """The answer, which is small, may come in pieces."""
        self.buffer += data
        if self.buffer.endswith(b"}") and b"\r\n\r\n" in self.buffer:
            if not self.buffer.startswith(b"HTTP/1.1 201"):
                self.answered.set_exception(RuntimeError(self.buffer[:600].decode("latin1")))
            else:
                self.answered.set_result(time.perf_counter())
            self.buffer = b""


async def open_screens(wish: Wish) -> list[Screen]:
    """All open; those that never read besides, and not among them."""
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Screen:
        async with gate, asyncio.timeout(PATIENCE):
            screen = Screen(wish, number)
            await loop.create_connection(lambda: screen, "127.0.0.1", wish.port)
            await screen.opened
            return screen

    screens = await asyncio.gather(*(one(number) for number in range(wish.screens)))
    for number in range(wish.idle):
        idle = socket.socket()
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        idle.connect(("127.0.0.1", wish.port))
        idle.setblocking(False)
        screen = Screen(wish, number)
        await loop.create_connection(lambda it=screen: it, sock=idle)  # type: ignore[misc]
        await screen.opened
        screen.transport.pause_reading()
    return screens


async def run(wish: Wish) -> Heard:
    """Open, then a sale a round until every screen has heard of it."""
    loop, heard = asyncio.get_running_loop(), Heard()
    screens = await open_screens(wish)
    till = Till(wish)
    await loop.create_connection(lambda: till, "127.0.0.1", wish.port)
    print("open", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    for number in range(-2, wish.rounds):  # two rounds to warm up
        began = time.perf_counter()
        answered = await till.sell(number)
        async with asyncio.timeout(PATIENCE):
            while not all(one.heard_at > began or one.lost for one in screens):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        if number >= 0:
            times = sorted((one.heard_at - began) * 1000 for one in screens if not one.lost)
            heard.first.append(times[0])
            heard.middle.append(times[len(times) // 2])
            heard.last.append(times[-1])
            heard.answered.append((answered - began) * 1000)
        await asyncio.sleep(PAUSE)
    lost = sum(one.lost for one in screens)
    for one in screens:
        one.transport.abort()
    return Heard(**{**asdict(heard), "lost": lost})


def main() -> None:
    """Wish, `open`, go, what was heard."""
    wish = Wish(**json.loads(sys.stdin.readline()))
    try:
        import uvloop
    except ImportError:  # not on every platform; it is only quicker
        heard = asyncio.run(run(wish))
    else:
        heard = uvloop.run(run(wish))
    print(json.dumps(asdict(heard)), flush=True)


if __name__ == "__main__":
    main()
