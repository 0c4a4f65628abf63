"""A client that is gone before its answer: on the hot tier the payment is finished all the same."""

import json
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as shop_settings
from django.test import Client

from regalpos import ids
from regalpos.bodies import Application, Message
from sales.models import Cart, Sale
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart
from tests.databases import Database
from tests.factories import (
    a_product,
    a_register,
    a_shift,
    a_store,
    a_user,
    an_actor,
    on_hand,
    some_tenders,
)
from tests.regalpos.tiers import Ask, hot_tier, whole_stock_tier

TOKEN = "t" * 32


@pytest.fixture
def payment(committed_db: Database) -> Ask:
    """A payment for one apple of ten, ready to be sent."""
    store, user = a_store(), a_user()
    user.stores.add(store)
    some_tenders()
    register, actor = a_register(store), an_actor(user)
    a_shift(register, actor)
    apple = a_product("Apple", price="2.00", on_hand="10", store=store)
    cart: UUID = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
    add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, product_id=apple.pk)
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    key = browser.cookies[shop_settings.SESSION_COOKIE_NAME].value
    form = {
        "attempt": str(ids.new()),
        "payments": json.dumps([{"tender": "cash", "amount": "2.00"}]),
        "shown_total": "2.00",
    }
    headers = {"Cookie": f"regal={key}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
    return Ask("POST", f"/till/{cart}/payment/", headers, form=form)


def send_and_leave(app: Application, ask: Ask) -> None:
    """All of it is sent, and nobody is there any more."""
    body, _content_type = ask.content()
    incoming: list[Message] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": body, "more_body": False},
    ]

    async def receive() -> Message:
        return incoming.pop()

    async def send(message: Message) -> None:
        """To nobody."""

    run: Any = async_to_sync(app)
    run(ask.scope(), receive, send)


def test_whoever_leaves_at_once_has_paid_in_full(payment: Ask) -> None:
    send_and_leave(hot_tier(), payment)

    assert Sale.objects.count() == 1
    sold = Cart.objects.get(attempt=payment.form["attempt"] if payment.form else "")
    assert sold.state == Cart.State.SOLD
    sale = Sale.objects.get()
    [line] = sale.lines.all()
    assert (str(sale.pk), sale.payable, sale.payments.count()) == (str(sold.attempt), 2, 1)
    assert line.product
    assert on_hand(line.product, sale.store) == 9


def test_control_on_the_other_tier_the_sale_would_not_have_come_about(payment: Ask) -> None:
    """Django's handler cancels between two units; each is whole, and the next never begins."""
    send_and_leave(whole_stock_tier(), payment)

    assert Sale.objects.count() == 0
    assert Cart.objects.get().state == Cart.State.OPEN
