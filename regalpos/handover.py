"""How a WebSocket comes to the process that keeps sockets, by the shop's one port.

Any worker may be the one that accepts a connection, and only its first request says that it wants
to be a WebSocket. The worker then gives the open connection, with the request as it read it, to
whichever socket worker takes it first, over a pair of sockets that the master made. Nothing is
proxied: afterwards the worker has nothing to do with it. If nobody can take it, it keeps it.
"""

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.tcp import Server as Connection

LARGEST = 64 * 1024  # bytes; Twisted refuses a request with 16 KB of headers


def give(request: Any, taker: socket.socket) -> bool:
    """The request's connection belongs to another process now; False if it could not be given."""
    connection: Any = request.transport
    if not isinstance(connection, Connection):
        return False
    try:
        socket.send_fds(taker, [as_read(request)], [connection.fileno()])
    except OSError:  # nobody has taken the last ones yet, or it is too long
        return False
    # Close our end only: shutting it down, as Twisted does, would end it for everybody.
    connection._shouldShutdown = False
    connection.loseConnection()  # type: ignore[no-untyped-call]
    return True


def take(giver: socket.socket, factory: Any) -> None:
    """Whatever other processes have given, if anything, goes on as if it had been accepted here."""
    try:
        data, numbers, _flags, _address = socket.recv_fds(giver, LARGEST, 1)
    except BlockingIOError:  # a sibling was quicker
        return
    adopt: Any = IReactorSocket(reactor).adoptStreamConnection
    for number in numbers:
        with socket.socket(fileno=number) as given:
            given.setblocking(False)
            try:
                connection = adopt(given.fileno(), given.family, factory)
            except OSError:  # it has hung up meanwhile
                continue
        if connection is not None:
            connection.protocol.dataReceived(data)


def as_read(request: Any) -> bytes:
    """The request's head as it came in, good enough to be read again."""
    lines = [b"%s %s HTTP/1.1" % (request.method, request.uri)]
    for name, values in request.requestHeaders.getAllRawHeaders():
        lines += [b"%s: %s" % (name, value) for value in values]
    return b"\r\n".join([*lines, b"", b""])
