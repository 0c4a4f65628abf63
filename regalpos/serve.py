"""The web server: daphne on a socket of ours, which finishes what it began before it stops."""

import asyncio
import socket
import time
from typing import Any

from daphne.server import Server  # isort: skip  (chooses Twisted's reactor: before any of Twisted)
from daphne.utils import import_by_path
from twisted.internet import defer

from regalpos import health, memory

REQUESTS_MAY_TAKE = 20.0  # seconds to finish, once told to stop
SOCKETS_MAY_TAKE = 2.0  # seconds for a live screen to say goodbye
LAST_WORDS = 0.1  # seconds for answers that are written to reach the network
SERVICE_RESTART = 4012  # WebSocket close code: come back in a moment
BACKLOG = 1024


class PortTaken(Exception):
    """Another program listens there."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on that address; or PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PortTaken(str(error)) from error


def serve(listener: socket.socket, application: str) -> None:
    """Serve `application` on `listener` until SIGTERM or SIGINT, then finish and return."""
    app = import_by_path(application)
    memory.settle()
    DrainingServer(
        application=app,
        endpoints=[f"fd:fileno={listener.fileno()}"],
        websocket_timeout=-1,  # a till's socket lives as long as the till
        verbosity=0,
        server_name="RegalPOS",
    ).run()


class DrainingServer(Server):
    """daphne's server, except that being told to stop does not cut anybody off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ports: list[Any] = []

    def listen_success(self, port: Any) -> None:
        """Remember the port, to stop accepting on it."""
        self._ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Called as the first step of stopping: requests end, live screens are told to return."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        began = time.monotonic()
        health.draining = True
        for port in self._ports:
            # Not closed: other processes may go on accepting on the same socket.
            port.stopReading()
        for protocol in self._busy():
            if _is_socket(protocol):
                protocol.sendClose(SERVICE_RESTART, "restart")
        while busy := self._busy():
            waited = time.monotonic() - began
            if waited > REQUESTS_MAY_TAKE:
                break
            if waited > SOCKETS_MAY_TAKE and all(map(_is_socket, busy)):
                break
            await asyncio.sleep(0.02)
        left = [self.connections[protocol]["application_instance"] for protocol in self._busy()]
        for application in left:
            application.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        # What an application sent last is still in Twisted's buffers: let it leave the house.
        await asyncio.sleep(LAST_WORDS)

    def _busy(self) -> list[Any]:
        """Connections with something still running; daphne lists those without, too."""
        return [
            protocol
            for protocol, details in self.connections.items()
            if (application := details.get("application_instance")) and not application.done()
        ]


def _is_socket(protocol: Any) -> bool:
    return hasattr(protocol, "sendClose")
