"""Tills that stand open: each a browser that shows a cart and listens on its two sockets."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import UUID

from django.conf import settings
from django.test import Client
from websockets.asyncio.client import connect
from websockets.typing import Origin

from people.models import Store
from people.permissions import Role
from regalpos import ids
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart
from tests.factories import a_product, a_register, a_shift, a_store, a_user, an_actor

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LINES = 5
SCREENS = ("/", "/stock/", "/products/", "/till/receipts/", "/till/shift/")


@dataclass(frozen=True)
class Browser:
    """A cashier's, signed in."""

    register_id: UUID
    store_code: str
    session: str


type Crew = list[Browser]


def crew(tills: int) -> Crew:
    """So many tills of one store, a cart of some lines at each."""
    store = a_store()
    goods = [a_product(price="1.00", on_hand="1000", store=store) for _ in range(LINES)]
    return [_browser(store, [item.pk for item in goods]) for _ in range(tills)]


def _browser(store: Store, goods: list[UUID]) -> Browser:
    user = a_user(Role.CASHIER, store)
    actor = an_actor(user)
    register = a_register(store)
    a_shift(register, actor)
    cart_id = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
    for product_id in goods:
        add_to_cart(cart_id=cart_id, step_id=ids.new(), product_id=product_id, actor=actor)
    client = Client()
    client.force_login(user, backend=BACKEND)
    return Browser(register.pk, store.code, client.session.session_key or "")


@contextmanager
def open_tills(url: str, browsers: Crew) -> Iterator[None]:
    """Within, each shows its cart, has looked at the other screens, and hears what happens."""
    for browser in browsers:
        for path in (*SCREENS, "/till/"):
            _look(url + path, browser)
    opened, leave = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def listen() -> None:
        async with AsyncExitStack() as sockets:
            for browser in browsers:
                for path in (
                    f"/ws/till/{browser.register_id}/",
                    f"/ws/stock/{browser.store_code}/",
                ):
                    await sockets.enter_async_context(
                        connect(
                            f"ws://{urlsplit(url).netloc}{path}",
                            origin=Origin(url),
                            additional_headers={"Cookie": _cookie(browser)},
                            compression=None,
                        )
                    )
            opened.set()
            await leave.wait()

    listening = threading.Thread(target=loop.run_until_complete, args=[listen()])
    listening.start()
    try:
        if not opened.wait(120):
            raise RuntimeError("the sockets did not open")
        yield
    finally:
        loop.call_soon_threadsafe(leave.set)
        listening.join()
        loop.close()


def _look(address: str, browser: Browser) -> None:
    asked = Request(address, headers={"Cookie": _cookie(browser)})  # noqa: S310  (our own server)
    with urlopen(asked, timeout=30) as answer:  # noqa: S310
        answer.read()


def _cookie(browser: Browser) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={browser.session}"
