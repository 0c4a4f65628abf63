"""Live screens: one sale, and how long until the last of many screens has heard of it.

From the moment the sale's request leaves, so the sale itself counts; screens and till are one
process beside the server, on one clock. Measured with all screens alike, and with two languages
and one screen that never reads what it is sent.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psutil

from bench import servers
from bench.machine import Meter
from bench.measures import Measure, Size
from bench.screens import Heard, Wish
from bench.servers import Server
from bench.shop import Shop, open_shop
from people.models import Store
from regalpos.environment import BASE_DIR

SCREENS = 500
ROUNDS = 40
SCREENS_IN_SMOKE = 20
ROUNDS_IN_SMOKE = 3
PRODUCTS = 20
SETTLED = 2.5  # seconds until every socket was asked once more whether it may stay


def measure(size: Size) -> Iterator[Measure]:
    """The rows about live screens."""
    with open_shop(tills=1, smoke=True) as shop, shop.clone() as database:
        with database.in_use():
            store = Store.objects.get(pk=shop.tills[0].store_id).code
        with servers.ours(database) as server:
            _listen(_wish(shop, server, store, screens=SCREENS_IN_SMOKE, rounds=1), server)  # warm
            many = SCREENS_IN_SMOKE if size.smoke else SCREENS
            rounds = ROUNDS_IN_SMOKE if size.smoke else ROUNDS
            wish = _wish(shop, server, store, screens=many, rounds=rounds)
            heard, about = _listen(wish, server)
            yield _row(f"live: last of {SCREENS} sockets, p95", heard, about)
            kilobytes = about["KB a socket"]
            yield Measure(
                name="memory of an open socket",
                value=kilobytes,
                unit="KB",
                floor=100,
                goal=40,
                more_is_better=False,
            )
            wish = _wish(
                shop, server, store, screens=many, rounds=rounds, languages=["en", "de"], idle=1
            )
            name = f"live: last of {SCREENS}, two languages, one who never reads, p95"
            yield _row(name, *_listen(wish, server))


def _wish(shop: Shop, server: Server, store: str, **more: Any) -> Wish:
    till = shop.tills[0]
    return Wish(
        port=server.port,
        store=store,
        session=till.session,
        register=str(till.register_id),
        token=till.token,
        goods=[(str(one.product_id), one.cents) for one in shop.goods[:PRODUCTS]],
        **{"languages": ["en"], **more},
    )


def _listen(wish: Wish, server: Server) -> tuple[Heard, dict[str, Any]]:
    """What the screens heard, and what it cost the server."""
    before = _memory(server)
    with _screens(wish) as process:
        time.sleep(0 if wish.rounds == 1 else SETTLED)
        kilobytes = (_memory(server) - before) / wish.screens / 1024
        meter = Meter(app=server.pids)
        _say(process, "go")
        heard = Heard(**json.loads(_hear(process)))
        usage = meter.stop()
    if heard.lost:
        raise RuntimeError(f"{heard.lost} of {wish.screens} screens were closed")
    about = {
        "sockets": wish.screens,
        "KB a socket": round(kilobytes, 1),
        "app_ms a round": round(usage.spent["app"] * 1000 / len(heard.last), 1),
        "others": round(usage.others, 2),
        "steal": round(usage.steal, 2),
    }
    return heard, about


def _row(name: str, heard: Heard, about: dict[str, Any]) -> Measure:
    return Measure(
        name=name,
        value=_p95(heard.last),
        unit="ms",
        floor=150,
        goal=50,
        more_is_better=False,
        inputs={
            **about,
            "rounds": len(heard.last),
            **{f"{one}_p50": round(statistics.median(getattr(heard, one)), 1) for one in _WHICH},
            "answered_p95": round(_p95(heard.answered), 1),
        },
    )


_WHICH = ("answered", "first", "middle", "last")


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _memory(server: Server) -> int:
    """Bytes, without what its processes share."""
    roots = [psutil.Process(pid) for pid in server.pids]
    return sum(one.memory_full_info().uss for root in roots for one in _all(root))


def _all(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


@contextmanager
def _screens(wish: Wish) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.screens"],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _say(process, json.dumps(asdict(wish)))
        _hear(process)  # open
        yield process
    finally:
        if process.poll() is None:
            process.kill() if sys.exc_info()[0] else process.stdin.close()  # type: ignore[union-attr]
        process.wait(30)


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None  # noqa: S101  (tells the type)
    print(line, file=process.stdin, flush=True)


def _hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101  (tells the type)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the screens broke off; their error is above")
    return line.strip()
