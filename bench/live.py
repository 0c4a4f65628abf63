"""How soon the last of many open screens hears that something was sold.

Every socket is a stock screen of one store, on one server of one process. A program sells one
item; what counts is the time from sending that sale to the last screen's message, so the sale
itself is in it.
"""

import asyncio
import base64
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.request import Request, urlopen

from django.conf import settings

from bench import servers
from bench.measures import Measure, Size
from bench.shop import Goods, Shop, Till, open_shop
from people.models import Store
from regalpos import ids

SOCKETS = 500
SOCKETS_IN_SMOKE = 20
ROUNDS = 40
AT_ONCE = 25  # handshakes under way
PAUSE = 0.25  # seconds between two sales: screens are told at most every 0.05


class Screen(asyncio.Protocol):
    """A socket that only notes when something came."""

    def __init__(self, handshake: bytes) -> None:
        self.handshake = handshake
        self.open = asyncio.get_running_loop().create_future()
        self.heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        transport.write(self.handshake)

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            if b" 101 " not in data.split(b"\r\n", 1)[0]:
                self.open.set_exception(RuntimeError(data[:200].decode("latin1")))
            else:
                self.open.set_result(None)
        elif not self.heard.done():
            self.heard.set_result(time.perf_counter())

    def listen_again(self) -> None:
        self.heard = asyncio.get_running_loop().create_future()


def measure(size: Size) -> Iterator[Measure]:
    """One store, and everybody looks at its stock."""
    number = SOCKETS_IN_SMOKE if size.smoke else SOCKETS
    with ExitStack() as stack:
        shop = stack.enter_context(open_shop(tills=1, smoke=size.smoke))
        database = stack.enter_context(shop.clone())
        with database.in_use():
            code = Store.objects.get(pk=shop.tills[0].store_id).code
        server = stack.enter_context(servers.ours(database))
        last = asyncio.run(_rounds(shop, server.port, code, number, 3 if size.smoke else ROUNDS))
    yield Measure(
        name="live: last of 500 sockets, p95",
        value=round(statistics.quantiles(last, n=20)[-1], 1),
        floor=150.0,
        goal=50.0,
        unit="ms",
        more_is_better=False,
        inputs={"sockets": number, "rounds": len(last), "median, ms": statistics.median(last)},
    )


async def _rounds(shop: Shop, port: int, code: str, number: int, rounds: int) -> list[float]:
    """By round, the milliseconds until the last screen heard."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(AT_ONCE)
    handshake = _handshake(shop.tills[0], port, code)

    async def screen() -> Screen:
        async with gate:
            _transport, one = await loop.create_connection(
                lambda: Screen(handshake), "127.0.0.1", port
            )
            await one.open
            return one

    screens = await asyncio.gather(*(screen() for _ in range(number)))
    await asyncio.sleep(1)
    found = []
    for turn in range(rounds + 1):
        for one in screens:
            one.listen_again()
        began = time.perf_counter()
        await asyncio.to_thread(_sell, shop.tills[0], shop.goods[turn % len(shop.goods)], port)
        heard = await asyncio.wait_for(asyncio.gather(*(one.heard for one in screens)), 30)
        if turn:  # the first only warms up
            found.append((max(heard) - began) * 1000)
        await asyncio.sleep(PAUSE)
    return found


def _handshake(till: Till, port: int, code: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET /ws/stock/{code}/?language=en HTTP/1.1",
        f"Host: localhost:{port}",
        f"Origin: http://localhost:{port}",
        f"Cookie: {settings.SESSION_COOKIE_NAME}={till.session}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _sell(till: Till, goods: Goods, port: int) -> None:
    price = f"{goods.cents // 100}.{goods.cents % 100:02}"
    body = (
        f'{{"register": "{till.register_id}", "shown_total": "{price}",'
        f' "lines": [{{"product": "{goods.product_id}", "quantity": "1"}}],'
        f' "payments": [{{"tender": "card", "amount": "{price}"}}]}}'
    )
    asked = Request(
        f"http://localhost:{port}/api/v1/sales/{ids.new()}",
        data=body.encode(),
        method="PUT",
        headers={"Authorization": f"Bearer {till.token}", "Content-Type": "application/json"},
    )
    with urlopen(asked, timeout=30) as answer:  # noqa: S310
        if answer.status != 201:
            raise RuntimeError(answer.status)
