"""Clients at work on one server, each asking again as soon as it is answered.

A process of its own, without Django, that spends as little as it can: it stands on the same
processors as what it measures. It reads an `Order` as one line of JSON, connects, says `ready`,
waits for a line, works, and says what it found as one line of JSON (`Found`). Told `again`, it
connects anew: a server of several processes may have given most clients to one of them.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import accumulate, cycle
from typing import Any, cast
from urllib.parse import urlencode

from regalpos import ids

LINES = 5  # of a basket
SCANS_OF_A_CART = 10
CSRF = "c" * 32  # cookie and header only have to agree
BETWEEN_CONNECTIONS = 0.003  # seconds, in which one process or another may take it
SEVERAL_AT_ONCE = 3  # pieces of one product, at most


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to do: either for so many seconds, or so many times each (`times`)."""

    port: int
    work: str  # checkout, scan
    clients: list[dict[str, Any]]  # register and token; session and carts
    goods: list[tuple[str, str, int]]  # id, barcode, cents
    seconds: float = 0.0
    times: int = 0
    zipf: bool = False
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of it. Anything in `wrong` was not the answer that it should have been."""

    count: int
    seconds: float
    p50_ms: float
    p99_ms: float
    wrong: dict[str, int] = field(default_factory=dict)
    example: str = ""

    @property
    def per_second(self) -> float:
        """Right answers a second."""
        return self.count / self.seconds


@dataclass
class Tally:
    """What all clients heard."""

    times: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    example: str = ""

    def miss(self, what: str, body: bytes = b"") -> None:
        """An answer that should not have come."""
        self.wrong[what] += 1
        self.example = self.example or body[:600].decode(errors="replace")


class Client(asyncio.Protocol):
    """One connection; the next request leaves when the last one is answered."""

    def __init__(
        self,
        requests: Iterator[bytes],
        is_right: Callable[[int, bytes], bool],
        tally: Tally,
        port: int,
    ) -> None:
        self.requests, self.is_right, self.tally, self.port = requests, is_right, tally, port
        self.done = asyncio.get_running_loop().create_future()
        self.heard = bytearray()
        self.until = float("inf")
        self.asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open, and silent until `begin`."""
        self.transport = cast(asyncio.Transport, transport)

    def begin(self, until: float) -> None:
        """The first request leaves; none leaves after `until`."""
        self.until = until
        self._ask()

    def leave(self) -> None:
        """Gone, and nothing was asked."""
        self.done.set_result(None)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Part of an answer, or all of it."""
        self.heard += data
        answer = whole(self.heard)
        if answer is None:
            return
        self.heard.clear()
        status, body = answer
        now = time.perf_counter()
        if self.is_right(status, body):
            self.tally.times.append(now - self.asked_at)
        else:
            self.tally.miss(str(status), body)
        self._ask(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up, unless we have."""
        if not self.done.done():
            self.tally.miss("hung up")
            self.done.set_result(None)

    def _ask(self, now: float = 0.0) -> None:
        request = next(self.requests, None) if now < self.until else None
        if request is None:
            self.done.set_result(None)
            self.transport.close()
            return
        self.asked_at = time.perf_counter()
        self.transport.write(request)


def whole(heard: bytearray) -> tuple[int, bytes] | None:
    """The status and the body of an answer that is complete; one answer is under way at most."""
    end = heard.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(heard[:end]).lower()
    status, start = int(head[9:12]), end + 4
    at = head.find(b"\r\ncontent-length:")
    if at < 0:  # sent in chunks, of which the last is empty
        return (status, bytes(heard[start:])) if heard.endswith(b"\r\n0\r\n\r\n") else None
    length = int(head[at + 17 :].split(b"\r\n", 1)[0])
    return (status, bytes(heard[start : start + length])) if len(heard) >= start + length else None


class Shelf:
    """What customers take: every product as often, or few of them most of the time."""

    def __init__(self, order: Order, rng: random.Random) -> None:
        self.goods, self.rng = order.goods, rng
        weights = [1 / rank if order.zipf else 1.0 for rank in range(1, len(self.goods) + 1)]
        self.weights = list(accumulate(weights))

    def take(self, number: int) -> list[tuple[str, str, int]]:
        """So many different products."""
        taken: dict[str, tuple[str, str, int]] = {}
        while len(taken) < number:
            for one in self.rng.choices(self.goods, cum_weights=self.weights, k=number):
                taken[one[0]] = one
        return list(taken.values())[:number]


def sales(order: Order, client: dict[str, Any], shelf: Shelf) -> Iterator[bytes]:
    """One checkout after another, priced right and paid in cash, each under an id of its own."""
    head = f"Host: localhost:{order.port}\r\nAuthorization: Bearer {client['token']}\r\n"
    head += "Content-Type: application/json\r\nAccept: application/json\r\n"
    while True:
        basket = [(one, shelf.rng.randint(1, SEVERAL_AT_ONCE)) for one in shelf.take(LINES)]
        total = f"{sum(cents * n for (_id, _code, cents), n in basket) / 100:.2f}"
        body = json.dumps(
            {
                "register": client["register"],
                "lines": [{"product": one[0], "quantity": str(n)} for one, n in basket],
                "payments": [{"tender": "cash", "amount": total}],
                "shown_total": total,
            }
        )
        path = f"PUT /api/v1/sales/{ids.new()} HTTP/1.1\r\n"
        yield f"{path}{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def is_sold(status: int, body: bytes) -> bool:
    """A new sale, with its receipt's number."""
    return status == 201 and b'"receipt_number"' in body


def scans(order: Order, client: dict[str, Any], shelf: Shelf) -> Iterator[bytes]:
    """Ten different products into one cart, then ten into the next."""
    cookie = f"regal={client['session']}; csrftoken={CSRF}"
    head = f"Host: localhost:{order.port}\r\nCookie: {cookie}\r\nX-CSRFToken: {CSRF}\r\n"
    head += "HX-Request: true\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for cart in cycle(client["carts"]):
        for _id, barcode, _cents in shelf.take(SCANS_OF_A_CART):
            sent = {"id": ids.new(), "code": barcode, "quantity": 1, "scanned": "yes"}
            body = urlencode(sent)
            path = f"POST /till/{cart}/lines/ HTTP/1.1\r\n"
            yield f"{path}{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def is_in_cart(status: int, body: bytes) -> bool:
    """The cart, as it then stands."""
    return status == 200 and b"Product " in body


WORK: dict[str, tuple[Callable[..., Iterator[bytes]], Callable[[int, bytes], bool]]] = {
    "checkout": (sales, is_sold),
    "scan": (scans, is_in_cart),
}


def at_most(requests: Iterator[bytes], times: int) -> Iterator[bytes]:
    """So many of them; all, if none is said."""
    return (one for _n, one in zip(range(times), requests, strict=False)) if times else requests


async def connect(order: Order, tally: Tally) -> list[Client]:
    """Everybody on a connection of their own, with nothing asked yet."""
    loop = asyncio.get_running_loop()
    make, is_right = WORK[order.work]
    clients = []
    for number, one in enumerate(order.clients):
        shelf = Shelf(order, random.Random(f"{order.seed} {number}"))
        requests = at_most(make(order, one, shelf), order.times)
        client = Client(requests, is_right, tally, order.port)
        await loop.create_connection(lambda it=client: it, "127.0.0.1", order.port)  # type: ignore[misc]
        clients.append(client)
        await asyncio.sleep(BETWEEN_CONNECTIONS)
    return clients


async def run(order: Order, wait: Callable[[], str]) -> Found:
    """Everybody connected, then at work; what they heard."""
    tally = Tally()
    clients = await connect(order, tally)
    while wait() == "again":
        for client in clients:
            client.leave()
        clients = await connect(order, tally)
    began = time.perf_counter()
    for client in clients:
        client.begin(float("inf") if order.times else began + order.seconds)
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - began
    times = sorted(tally.times) or [0.0]
    return Found(
        count=len(tally.times),
        seconds=seconds,
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[len(times) * 99 // 100] * 1000,
        wrong=dict(tally.wrong),
        example=tally.example,
    )


def main() -> None:
    """Order, `ready`, go, findings."""
    order = Order(**json.loads(sys.stdin.readline()))

    def wait() -> str:
        print("ready", flush=True)
        return sys.stdin.readline().strip()

    try:
        import uvloop
    except ImportError:  # not on every platform; it is only quicker
        found = asyncio.run(run(order, wait))
    else:
        found = uvloop.run(run(order, wait))
    print(json.dumps(asdict(found)), flush=True)


if __name__ == "__main__":
    main()
