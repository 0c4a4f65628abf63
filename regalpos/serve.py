"""The web server: daphne on a socket of ours, which finishes what it began before it stops.

Alone, or as one of several workers that `master.py` keeps; then it has a `Duty`.
"""

import asyncio
import signal
import socket
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from daphne.server import Server  # isort: skip  (chooses Twisted's reactor: before any of Twisted)
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.utils import import_by_path
from twisted.internet import defer, reactor
from twisted.internet.tcp import Server as Connection

from regalpos import handover, health, memory, wires
from regalpos.bodies import Message
from regalpos.loads import Loads

REQUESTS_MAY_TAKE = 20.0  # seconds to finish, once told to stop
SOCKETS_MAY_TAKE = 2.0  # seconds for a live screen to say goodbye
IDLE_MAY_TAKE = 2.0  # seconds for a kept connection to ask once more, and be told to leave
ASKED_AGAIN = 0.2  # seconds between two looks whether a worker is ready
AFTER_YOU = 0.005  # seconds for a sibling that holds fewer connections to take the next
LAST_WORDS = 0.1  # seconds for answers that are written to reach the network
SERVICE_RESTART = 4012  # WebSocket close code: come back in a moment
BACKLOG = 1024
# Seconds until a waiting thread may have the interpreter. Whoever holds a row that everybody wants
# has to get it back after each answer of the database: Python's 5 ms would be all the others' wait.
TURN = 0.001

call_later: Any = reactor.callLater

# What a worker asks itself before it lets anybody in.
AM_I_READY: Message = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/health/ready",
    "raw_path": b"/health/ready",
    "root_path": "",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
}


class PortTaken(Exception):
    """Another program listens there."""


@dataclass(frozen=True)
class Duty:
    """What a worker is to its master: sockets that it inherited, all non-blocking."""

    master: socket.socket  # hears `ready`; it ends with the master
    gives: socket.socket | None = None  # WebSockets go there, if they can
    takes: socket.socket | None = None  # WebSockets come from there
    loads: Loads | None = None  # who holds how many connections


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on that address; or PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PortTaken(str(error)) from error


def serve(listener: socket.socket | None, application: str, duty: Duty | None = None) -> None:
    """Serve `application` on `listener` until SIGTERM or SIGINT, then finish and return.

    A worker lets nobody in before it is ready, and goes with its master.
    """
    app = import_by_path(application)
    memory.settle()
    sys.setswitchinterval(TURN)
    DrainingServer(
        application=app,
        endpoints=[f"fd:fileno={listener.fileno()}"] if listener else ["none"],
        websocket_timeout=-1,  # a till's socket lives as long as the till
        verbosity=0,
        server_name="RegalPOS",
        listening=listener is not None,
        duty=duty,
    ).run()


class DrainingServer(Server):
    """daphne's server, except that being told to stop does not cut anybody off."""

    def __init__(
        self, *args: Any, listening: bool = True, duty: Duty | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, ready_callable=self._begin, **kwargs)
        if not listening:
            self.endpoints: list[str] = []  # daphne refuses to be made without
        self.duty = duty
        self._ports: list[Any] = []

    def listen_success(self, port: Any) -> None:
        """Remember the port, to stop accepting on it; a worker has not begun yet."""
        port.factory = Requests(self)
        port.doRead = partial(_accept_one, port)
        if self.duty is not None and self.duty.loads is not None:
            port.doRead = Door(port, self.duty.loads).accept
        self._ports.append(port)
        if self.duty is not None:
            port.stopReading()
        super().listen_success(port)

    def _begin(self) -> None:
        """Everything is set up, and the loop is about to run."""
        self.http_factory = Requests(self)
        # A terminal that closes ends its shop as Ctrl-C does.
        signal.signal(signal.SIGHUP, lambda *_: _soon(self.leave))
        if self.duty is not None:
            _soon(lambda: asyncio.ensure_future(self._take_up(self.duty)))

    async def _take_up(self, duty: Duty) -> None:
        """The worker is warm, lets people in, and has said so."""
        loop = asyncio.get_running_loop()
        loop.add_reader(duty.master, self.leave)  # it never speaks: it can only end
        while not await self._ready():  # noqa: ASYNC110  (the database does not ring)
            await asyncio.sleep(ASKED_AGAIN)
        if health.draining:
            return
        if duty.loads is not None:
            duty.loads.come()
        for port in self._ports:
            port.startReading()
        if duty.takes is not None:
            loop.add_reader(duty.takes, handover.take, duty.takes, self.http_factory)
        duty.master.send(b"ready")

    async def _ready(self) -> bool:
        """What `/health/ready` would answer; asking brings in most of what a request needs."""
        statuses: list[int] = []

        request: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            return request.pop() if request else await asyncio.Future()

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        await self.application(dict(AM_I_READY), receive, send)
        return statuses[:1] == [200]

    def leave(self) -> None:
        """As SIGTERM does, once."""
        if not health.draining:
            self.stop()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Our sockets write to the network themselves (`regalpos/wires.py`)."""
        if scope["type"] == "websocket":
            scope.setdefault("extensions", {})[wires.EXTENSION] = wires.DaphneWire(protocol)
        return super().create_application(protocol, scope)

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Called as the first step of stopping: requests end, live screens are told to return."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        began = time.monotonic()
        health.draining = True
        for port in self._ports:
            # Not closed: other processes may go on accepting on the same socket.
            port.stopReading()
        if self.duty is not None:
            if self.duty.loads is not None:
                self.duty.loads.go()
            asyncio.get_running_loop().remove_reader(self.duty.master)
            if self.duty.takes is not None:
                asyncio.get_running_loop().remove_reader(self.duty.takes)
        for protocol in self._busy():
            if _is_socket(protocol):
                protocol.sendClose(SERVICE_RESTART, "restart")
        while self._is_needed(time.monotonic() - began):  # noqa: ASYNC110  (many things end it)
            await asyncio.sleep(0.02)
        left = [self.connections[protocol]["application_instance"] for protocol in self._busy()]
        for application in left:
            application.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        # What an application sent last is still in Twisted's buffers: let it leave the house.
        await asyncio.sleep(LAST_WORDS)

    def _is_needed(self, waited: float) -> bool:
        """Somebody here may still be served, so many seconds after it was told to stop."""
        busy = self._busy()
        if not all(map(_is_socket, busy)):
            return waited < REQUESTS_MAY_TAKE
        if busy and waited < SOCKETS_MAY_TAKE:
            return True
        # Where others go on, whoever keeps a connection may ask once more, and is told to change.
        return self.duty is not None and bool(_open()) and waited < IDLE_MAY_TAKE

    def _busy(self) -> list[Any]:
        """Connections with something still running; daphne lists those without, too."""
        return [
            protocol
            for protocol, details in self.connections.items()
            if (application := details.get("application_instance")) and not application.done()
        ]


class Requests(HTTPFactory):
    """daphne's, with requests of ours."""

    def buildProtocol(self, addr: Any) -> Any:
        """What speaks on one new connection."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol


class Request(WebRequest):
    """A request that may be given away, and whose answer is the last one of a server that stops."""

    def process(self) -> Any:
        """As daphne, unless it wants to be a WebSocket and there is a process for those."""
        taker = self.server.duty and self.server.duty.gives
        wants = self.requestHeaders.getRawHeaders(b"upgrade", [b""])[0].lower()
        if taker and wants == b"websocket" and handover.give(self, taker):
            return None
        return super().process()

    def handle_reply(self, message: Message) -> None:
        """As daphne, and whoever is answered by a server that stops asks another one next."""
        starts = message.get("type") == "http.response.start"
        if starts and health.draining and self.channel is not None and not self.finished:
            self.setHeader(b"connection", b"close")
            self.channel.persistent = False
        super().handle_reply(message)


class Door:
    """Lets in one connection at a time, as long as no sibling has fewer."""

    def __init__(self, port: Any, loads: Loads) -> None:
        self.port = port
        self.loads = loads
        self.politely = True
        port.transport = partial(_Counted, loads)

    def accept(self) -> None:
        """Called by Twisted when somebody waits at the port."""
        if self.politely and self.loads.others_have_less():
            self.port.stopReading()
            call_later(AFTER_YOU, self._come_back)
        else:
            self.politely = True
            _accept_one(self.port)

    def _come_back(self) -> None:
        self.politely = False  # whoever waits still, has waited long enough
        if not health.draining:
            self.port.startReading()


class _Counted(Connection):
    """A connection that was accepted here, on the sheet until it ends."""

    def __init__(self, loads: Loads, *args: Any) -> None:
        self.loads = loads
        loads.add(1)
        super().__init__(*args)

    def connectionLost(self, reason: Any) -> None:
        self.loads.add(-1)
        super().connectionLost(reason)


def _accept_one(port: Any) -> None:
    """Twisted accepts all that wait. One at a time leaves the others to idle siblings."""
    port.numberAccepts = 1
    type(port).doRead(port)


def _open() -> list[Connection]:
    readers: list[Any] = reactor.getReaders()  # type: ignore[misc]
    return [one for one in readers if isinstance(one, Connection)]


def _soon(what: Any) -> None:
    reactor.callFromThread(what)


def _is_socket(protocol: Any) -> bool:
    return hasattr(protocol, "sendClose")
