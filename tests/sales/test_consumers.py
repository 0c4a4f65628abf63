"""The socket of a till: who hears it, and what it says."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from people.models import User
from regalpos import ids, live
from regalpos.sockets import WithSession
from sales.consumers import websocket_urlpatterns
from sales.models import Register
from sales.services.cart import add_to_cart
from tests.afar import said_afar
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db

app = WithSession(URLRouter(websocket_urlpatterns))


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


def played[T](scene: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The scene, in a loop of its own that shares this thread's database."""
    result: T = async_to_sync(scene)()
    return result


def socket(user: User | None, till: Register) -> WebsocketCommunicator:
    client = Client()
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    key = client.cookies.get(settings.SESSION_COOKIE_NAME)
    cookie = f"{settings.SESSION_COOKIE_NAME}={key.value}" if key else ""
    path = f"/ws/till/{till.pk}/"
    return WebsocketCommunicator(app, path, headers=[(b"cookie", cookie.encode())])


def closed_with(one: WebsocketCommunicator) -> int:
    async def scene() -> int:
        await one.connect()
        message = await one.receive_output(timeout=3)
        return int(message["code"])

    return played(scene)


def test_strangers_hear_nothing(shop: Shop) -> None:
    assert closed_with(socket(None, shop.till)) == 4401
    assert closed_with(socket(shop.employee, shop.till)) == 4403
    assert closed_with(socket(shop.stranger, shop.till)) == 4404


def test_a_step_is_heard_by_the_other_tabs_of_its_till(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    shop.on_shift()
    cart, actor = shop.cart(), shop.actor()
    tab = socket(shop.cashier, shop.till)

    def step() -> int:
        with django_capture_on_commit_callbacks(execute=False) as told:
            view = add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, code="13")
        assert len(told) == 1
        return view.version

    async def scene() -> tuple[int, dict[str, Any]]:
        assert (await tab.connect())[0]
        version = await sync_to_async(step)()
        topic = live.till_topic(shop.till.pk)
        await said_afar(topic, "cart.changed", cart=str(cart), version=version)
        heard = json.loads(await tab.receive_from(timeout=3))
        await tab.disconnect()
        return version, heard

    version, heard = played(scene)
    assert heard == {"event": "cart", "cart": str(cart), "version": version}


def test_a_till_whose_shift_changed_says_so_and_sign_out_ends_it(shop: Shop) -> None:
    tab = socket(shop.cashier, shop.till)

    async def scene() -> tuple[str, int]:
        assert (await tab.connect())[0]
        await said_afar(live.till_topic(shop.till.pk), "shift.changed", shift="x", open=0)
        heard = await tab.receive_from(timeout=3)
        await said_afar(live.user_topic(shop.cashier.pk), "force.close")
        closed = await tab.receive_output(timeout=3)
        return heard, int(closed["code"])

    assert played(scene) == ('{"event": "shift"}', 4401)
