"""What is written to sockets: framed once, never more than a reader takes, and in order."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from twisted.internet.tcp import Connection
from websockets.frames import Frame as TheirFrame
from websockets.streams import StreamReader

from regalpos import wires
from regalpos.wires import AsgiWire, DaphneWire, Frame, Outbox


class SlowWire:
    """A reader that takes what is written once it is let."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.codes: list[int] = []
        self.reads = False

    def free(self) -> bool:
        return self.reads

    def write(self, frame: Frame) -> None:
        self.written.append(frame.text)

    def close(self, code: int) -> None:
        self.codes.append(code)


def played[T](scene: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def play() -> T:
        return await asyncio.wait_for(scene(), 20)

    return asyncio.run(play())


def parsed(raw: bytes) -> TheirFrame:
    """A frame, as another's library reads it."""
    reader = StreamReader()
    reader.feed_data(raw)
    parsing = TheirFrame.parse(reader.read_exact, mask=False)
    try:
        next(parsing)
    except StopIteration as done:
        found: TheirFrame = done.value
        return found
    raise AssertionError("half a frame")


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_what_browsers_read(length: int) -> None:
    text = ("Käse ☕ " * (length // 8 + 1))[:length]
    frame = parsed(Frame(text).raw)
    assert (bytes(frame.data).decode(), frame.fin, frame.opcode) == (text, True, 1)


def test_a_frame_is_made_once_for_all() -> None:
    frame = Frame("milk")
    assert frame.raw is frame.raw


def test_a_reader_that_keeps_up_waits_for_nothing() -> None:
    async def scene() -> list[str]:
        wire = SlowWire()
        wire.reads = True
        out = Outbox(wire)
        out.tell({"milk": "4", "tea": "2"}, Frame("42"))
        out.tell({"milk": "3"}, Frame("3"))
        return wire.written

    assert played(scene) == ["42", "3"]


def test_while_a_reader_is_slow_each_thing_waits_once_and_newest() -> None:
    async def scene() -> tuple[list[str], list[str]]:
        wire = SlowWire()
        out = Outbox(wire)
        for number in range(1000):
            out.tell({"milk": f"milk {number}"}, Frame(""))
        out.tell({"tea": "tea 1"}, Frame(""))
        before = [*wire.written]
        wire.reads = True
        await asyncio.sleep(wires.LOOK_AGAIN * 3)
        return before, wire.written

    assert played(scene) == ([], ["milk 999", "tea 1"])


def test_a_reader_that_stays_behind_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "SLOWEST", 0.2)

    async def scene() -> SlowWire:
        wire = SlowWire()
        out = Outbox(wire)
        out.tell({"milk": "3"}, Frame("3"))
        while not out.closed:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        wire.reads = True
        out.tell({"milk": "2"}, Frame("2"))
        await asyncio.sleep(0.1)
        return wire

    wire = played(scene)
    assert (wire.codes, wire.written) == ([1013], [])


def test_more_than_a_page_would_fetch_does_not_wait_for_anybody() -> None:
    async def scene() -> tuple[list[int], int]:
        wire = SlowWire()
        out = Outbox(wire)
        for number in range(1000):
            out.tell({f"product {number}": "x" * 1000}, Frame(""))
        return wire.codes, len(out._waiting)

    assert played(scene) == ([1013], 0)


def test_control_without_the_bound_everything_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "MOST_WAITING", 1_000_000)

    async def scene() -> tuple[list[int], int]:
        wire = SlowWire()
        out = Outbox(wire)
        for number in range(1000):
            out.tell({f"product {number}": "x" * 1000}, Frame(""))
        waiting = len(out._waiting)
        out.drop()
        return wire.codes, waiting

    assert played(scene) == ([], 1000)


def test_any_server_will_do() -> None:
    async def scene() -> tuple[bool, bool, list[dict[str, Any]]]:
        gate, sent = asyncio.Event(), list[dict[str, Any]]()

        async def send(message: dict[str, Any]) -> None:
            await gate.wait()
            sent.append(message)

        wire = AsgiWire(send)
        for text in ("one", "two"):
            wire.write(Frame(text))
        wire.close(1013)
        busy = wire.free()
        gate.set()
        await asyncio.sleep(0.01)
        return busy, wire.free(), sent

    assert played(scene) == (
        False,
        True,
        [
            {"type": "websocket.send", "text": "one"},
            {"type": "websocket.send", "text": "two"},
            {"type": "websocket.close", "code": 1013},
        ],
    )


# ---- daphne's: Twisted's own connection, on a real pair of sockets -----------------------------


class Reactor:
    """As much of Twisted's as a connection needs to be written to."""

    def __init__(self) -> None:
        self.writers: list[Any] = []

    def addWriter(self, one: Any) -> None:
        self.writers = [one]

    def removeWriter(self, one: Any) -> None:
        self.writers = []


class Protocol:
    """As much of daphne's as a wire needs."""

    STATE_OPEN = state = 3

    def __init__(self, transport: Any) -> None:
        self.transport = transport


@pytest.fixture
def pair() -> Any:
    near, far = socket.socketpair()
    near.setblocking(False)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    reactor: Any = Reactor()
    nobody: Any = None
    transport = Connection(near, nobody, reactor)
    transport.connected = 1
    with near, far:
        yield DaphneWire(Protocol(transport)), transport, reactor, far


def test_a_frame_is_on_the_network_before_write_returns(pair: Any) -> None:
    wire, _transport, reactor, far = pair
    wire.write(Frame("milk"))
    assert (wire.free(), reactor.writers) == (True, [])
    assert parsed(far.recv(100)).data == b"milk"


def test_what_the_network_does_not_take_follows_whole_and_in_order(pair: Any) -> None:
    wire, transport, reactor, far = pair
    frames = [Frame(f"{number:03}" + "x" * 20_000) for number in range(10)]
    for frame in frames:
        wire.write(frame)
    assert not wire.free()
    got = b""
    while reactor.writers or not got.endswith(frames[-1].raw):
        got += far.recv(100_000)
        if reactor.writers:
            transport.doWrite()
    assert got == b"".join(frame.raw for frame in frames)
    assert wire.free()


def test_a_reader_that_never_reads_costs_one_frame_and_not_all(pair: Any) -> None:
    wire, transport, _reactor, _far = pair

    async def scene() -> int:
        out = Outbox(wire)
        text = "x" * 50_000
        for _time in range(1000):
            out.tell({"milk": text}, Frame(text))
        kept = len(transport.dataBuffer) + sum(map(len, transport._tempDataBuffer))
        out.drop()
        return kept

    assert 0 < played(scene) < 60_000


def test_control_written_without_asking_all_of_it_is_kept(pair: Any) -> None:
    wire, transport, _reactor, _far = pair
    for _time in range(1000):
        wire.write(Frame("x" * 50_000))
    assert sum(map(len, transport._tempDataBuffer)) > 49_000_000


def test_nothing_is_written_to_a_socket_that_closes(pair: Any) -> None:
    wire, _transport, _reactor, far = pair
    wire._protocol.state = 2
    wire.write(Frame("milk"))
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recv(1)
