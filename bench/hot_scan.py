"""What one scan costs the app: the use case alone, and the whole request on the hot tier.

    DJANGO_SETTINGS_MODULE=tests.settings python -m bench.hot_scan [--rounds 5] [--scans 100]

In one process, without a network: CPU of the whole process, PostgreSQL left out, and how many
statements each step of a sale sends (BEGIN and COMMIT left out). The cart holds five lines, so a
scan prices five.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import resolve  # noqa: E402

from people.access import KNOWN, Actor, read_actor  # noqa: E402
from people.permissions import Role  # noqa: E402
from regalpos import ids, lanes, live  # noqa: E402
from regalpos.hot import HotHandler  # noqa: E402
from sales.services.cart import add_to_cart, remove_line, set_quantity, undo_step  # noqa: E402
from sales.services.cart_states import freeze_cart, open_cart  # noqa: E402
from sales.services.cart_view import view_cart  # noqa: E402
from sales.services.checkout import check_out  # noqa: E402
from sales.services.till_view import find_tiles, read_screen, read_tiles_of  # noqa: E402
from sales.views.figures import sold_of  # noqa: E402

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LINES = 5
CODES = [f"539001234{number:03}" for number in range(LINES)]


@contextmanager
def counted(said: dict[str, int], name: str) -> Iterator[None]:
    """How many statements went out within, transactions' own left out."""
    sent: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield
    said[name] = sum(not sql.startswith(("SAVEPOINT", "RELEASE")) for sql in sent)


def count_steps(cart: UUID, register: UUID, actor: Actor) -> dict[str, int]:
    """The statements of each step of a small cash sale, and of what stands around it."""
    said: dict[str, int] = {}
    known = {"cart_id": cart, "actor": actor}
    for number, code in enumerate(CODES, 1):
        with counted(said, f"scan {'again' if number == LINES else number}"):
            add_to_cart(step_id=ids.new(), code=code, **known)  # type: ignore[arg-type]
    with counted(said, "see the cart"):
        view = view_cart(**known)  # type: ignore[arg-type]
    with counted(said, "set a count"):
        set_quantity(step_id=ids.new(), number=1, count=Decimal(2), **known)  # type: ignore[arg-type]
    with counted(said, "remove a line"):
        remove_line(step_id=ids.new(), number=2, **known)  # type: ignore[arg-type]
    with counted(said, "undo"):
        view = undo_step(step_id=ids.new(), **known)  # type: ignore[arg-type]
    with counted(said, "till page"):
        screen = read_screen(cart_id=cart, actor=actor)
    with counted(said, "a tab's tiles"):
        read_tiles_of(cart_id=cart, tab=screen.tab, actor=actor)
    with counted(said, "found"):
        find_tiles(cart_id=cart, text="prod", actor=actor)
    attempt = ids.new()
    with counted(said, "pay: freeze"):
        body = freeze_cart(
            attempt_id=attempt,
            payments=[{"tender": "cash", "amount": str(view.bill.total)}],
            shown_total=view.bill.total,
            **known,  # type: ignore[arg-type]
        )
    if body is None:
        raise SystemExit("nothing was frozen")
    with counted(said, "pay: check out"):
        answer = check_out(sale_id=attempt, body=body, source="till", **known)  # type: ignore[arg-type]
    if answer.state != "posted":
        raise SystemExit(f"not sold: {answer.content}")
    with counted(said, "pay: what was sold"):
        sold_of(answer.content, actor)
    with counted(said, "pay: next cart"):
        fresh = open_cart(cart_id=ids.new(), register_id=register, actor=actor)
    with counted(said, "pay: see the next cart"):
        view_cart(cart_id=fresh, actor=actor)
    return said


def scope_of(method: str, where: str, key: str, body: bytes) -> dict[str, Any]:
    headers = {
        "host": "localhost",
        "cookie": f"{settings.SESSION_COOKIE_NAME}={key}; csrftoken={'a' * 32}",
        "x-csrftoken": "a" * 32,
        "origin": "http://localhost",
        "accept": "text/html",
        "accept-language": "en-GB,en;q=0.9",
        "user-agent": "Mozilla/5.0",
        "hx-request": "true",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    return {
        "type": "http",
        "method": method,
        "path": where,
        "raw_path": where.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "root_path": "",
        "match": resolve(where),
    }


async def ask(app: Any, scope: dict[str, Any], body: bytes) -> int:
    """The status of one request, in a task of its own, as a server runs it."""
    said: list[dict[str, Any]] = []
    waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    waiting.put_nowait({"type": "http.request", "body": body, "more_body": False})

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await asyncio.get_running_loop().create_task(app(scope, waiting.get, send))
    return int(said[0]["status"])


def cpu(turn: Callable[[], None], times: int) -> float:
    """CPU milliseconds that one turn takes."""
    gc.collect()
    before = time.process_time()
    for _time in range(times):
        turn()
    return (time.process_time() - before) / times * 1000


async def measure(cart: UUID, actor: Actor, key: str, rounds: int, scans: int) -> dict[str, float]:
    from django.template.loader import render_to_string

    from sales.views.till import cart_context

    live.loop = asyncio.get_running_loop()
    known = {"cart_id": cart, "actor": actor}
    app, lines = HotHandler(), f"/till/{cart}/lines/"
    spent: dict[str, list[float]] = {}

    def scan() -> None:
        add_to_cart(step_id=ids.new(), code=CODES[2], **known)  # type: ignore[arg-type]

    def see() -> None:
        view_cart(**known)  # type: ignore[arg-type]

    async def requests(method: str) -> float:
        gc.collect()
        before = time.process_time()
        for _time in range(scans):
            body = b""
            if method == "POST":
                body = urlencode({"id": str(ids.new()), "code": CODES[2]}).encode()
            status = await ask(app, scope_of(method, lines, key, body), body)
            if status != 200:
                raise SystemExit(f"{method} {lines}: {status}")
        return (time.process_time() - before) / scans * 1000

    view = await lanes.run(lambda: view_cart(**known))  # type: ignore[arg-type]

    def render() -> None:
        render_to_string("sales/_cart.html", cart_context(view))

    for turn in range(rounds + 1):
        found = {
            "scan, service": await lanes.run(lambda: cpu(scan, scans)),
            "cart, service": await lanes.run(lambda: cpu(see, scans)),
            "cart, rendering": cpu(render, scans),
            "scan, request": await requests("POST"),
            "cart, request": await requests("GET"),
        }
        for name, took in found.items():
            if turn:  # the first only warms up
                spent.setdefault(name, []).append(took)
    live.loop = None
    return {name: statistics.median(times) for name, times in spent.items()}


def run(rounds: int, scans: int) -> None:
    from sales.models import Favourite
    from tests import databases
    from tests.factories import a_product, a_register, a_shift, a_store, a_user

    with (
        databases.shared_bed() as bed,
        databases.committed(bed),
        override_settings(KNOWN_SECONDS=3600.0),
    ):
        store = a_store()
        user = a_user(Role.CASHIER, store)
        actor = read_actor(user)
        goods = [
            a_product(price="2.35", barcode=code, on_hand="1000", store=store) for code in CODES
        ]
        for number, product in enumerate(goods, 1):
            Favourite.objects.create(store=store, number=number, product=product)
        register = a_register(store)
        a_shift(register, actor)
        cart = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
        said = count_steps(cart, register.pk, actor)
        cart = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
        for code in CODES:
            add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code=code)
        client = Client()
        client.force_login(user, backend=BACKEND)
        key = client.session.session_key or ""
        found = asyncio.run(measure(cart, actor, key, rounds, scans))
        KNOWN.clear()
        lanes.close()
    say(said, found)


def say(said: dict[str, int], found: dict[str, float]) -> None:
    for step, count in said.items():
        print(f"{step:24} {count:3} statements")
    for name, took in found.items():
        print(f"{name:24} {took:7.3f} ms CPU")
    print(json.dumps({"statements": said, "cpu_ms": found}))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--scans", type=int, default=100)
    given = arguments.parse_args()
    if not os.environ.get("SHOW_LOG"):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    run(given.rounds, given.scans)
