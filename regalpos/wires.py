"""The way out to one open socket: one frame for many sockets, and what waits for a slow reader.

A server takes whatever it is given and keeps it until the reader has it. So nothing is written
to a wire that is not free; what comes meanwhile waits in an `Outbox`, the newest word on each
thing once. A reader that stays behind is let go: its page comes back and fetches what is true.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

TRY_LATER = 1013  # close code: the page comes back by itself, and fetches everything

MOST_WAITING = 200  # words for one socket; beyond that its page is quicker to fetch anew
SLOWEST = 10.0  # seconds that a word may wait
LOOK_AGAIN = 0.05  # seconds between two looks at a wire that is not free

EXTENSION = "regalpos.wire"  # in the scope's `extensions`, where the server has one


class Frame:
    """A text on its way to any number of sockets, framed once."""

    __slots__ = ("_raw", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._raw = b""

    @property
    def raw(self) -> bytes:
        """As RFC 6455 has it from a server: one final, unmasked frame of text, uncompressed."""
        if not self._raw:
            payload = self.text.encode()
            size = len(payload)
            if size < 126:
                head = bytes([0x81, size])
            elif size < 1 << 16:
                head = b"\x81\x7e" + size.to_bytes(2)
            else:
                head = b"\x81\x7f" + size.to_bytes(8)
            self._raw = head + payload
        return self._raw


class Wire(Protocol):
    """One socket, as its server has it. Nothing here waits."""

    def free(self) -> bool:
        """Whether all that was written has left this process, and more may be."""

    def write(self, frame: Frame) -> None:
        """On its way; in order."""

    def close(self, code: int) -> None:
        """Told to close, and cut off if it does not."""


class AsgiWire:
    """On any server, by the `send` of its ASGI application."""

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: deque[dict[str, Any]] = deque()
        self._task: asyncio.Task[None] | None = None

    def free(self) -> bool:
        """As `Wire`."""
        return self._task is None or self._task.done()

    def write(self, frame: Frame) -> None:
        """As `Wire`."""
        self._put({"type": "websocket.send", "text": frame.text})

    def close(self, code: int) -> None:
        """As `Wire`."""
        self._put({"type": "websocket.close", "code": code})

    def _put(self, message: dict[str, Any]) -> None:
        self._waiting.append(message)
        if self.free():
            self._task = asyncio.create_task(self._carry())

    async def _carry(self) -> None:
        while self._waiting:
            await self._send(self._waiting.popleft())


class DaphneWire:
    """On daphne: written to the network at once, where nothing waits before it.

    A third of the CPU that `send` costs there: no message, no frame of its own, and no turn of
    the reactor for each socket. Whatever the network does not take at once is left to Twisted.
    """

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def free(self) -> bool:
        """As `Wire`."""
        transport = self._protocol.transport
        return not (transport.dataBuffer or transport._tempDataBuffer)

    def write(self, frame: Frame) -> None:
        """As `Wire`. Into nothing, once the socket is closing."""
        protocol = self._protocol
        transport = protocol.transport
        if protocol.state != protocol.STATE_OPEN or not transport.connected:
            return
        rest = frame.raw
        if not (transport.dataBuffer or transport._tempDataBuffer):
            written = transport.writeSomeData(rest)
            if written == len(rest):
                return
            # Else it is an error, which the reactor meets as well, and cleans up after.
            rest = rest[written:] if isinstance(written, int) else rest
        transport.write(rest)

    def close(self, code: int) -> None:
        """As `Wire`; autobahn cuts off, a second later, whoever does not answer."""
        if self._protocol.state == self._protocol.STATE_OPEN:
            self._protocol.sendClose(code)


class Outbox:
    """What one socket is told: at once where its reader keeps up, else the newest of each thing."""

    __slots__ = ("_late_since", "_timer", "_waiting", "_wire", "closed")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: dict[str, str] = {}
        self._late_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False

    def tell(self, words: dict[str, str], frame: Frame) -> None:
        """Tells all of `words`, by what each is about; `frame` holds them together."""
        if self.closed:
            return
        if not self._waiting and self._wire.free():
            self._wire.write(frame)
            return
        if not self._waiting:
            self._late_since = asyncio.get_running_loop().time()
        self._waiting.update(words)
        if len(self._waiting) > MOST_WAITING:
            self.close(TRY_LATER)
        elif self._timer is None:
            self._look_later()

    def close(self, code: int) -> None:
        """Told to close; what waits is dropped. Only the first code counts."""
        if not self.closed:
            self.drop()
            self._wire.close(code)

    def drop(self) -> None:
        """The socket is gone."""
        self.closed = True
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_AGAIN, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._wire.free():
            words, self._waiting = self._waiting, {}
            for text in words.values():
                self._wire.write(Frame(text))
        elif asyncio.get_running_loop().time() - self._late_since > SLOWEST:
            self.close(TRY_LATER)
        else:
            self._look_later()


def wire_of(scope: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[None]]) -> Wire:
    """The wire of an ASGI socket."""
    found: Wire | None = scope.get("extensions", {}).get(EXTENSION)
    return AsgiWire(send) if found is None else found
