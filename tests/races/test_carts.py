"""Two tabs on one cart: whatever is scanned at the same moment, nothing of it is lost."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from itertools import pairwise
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from inventory.models import Product
from people.access import Actor
from regalpos import ids
from regalpos.lanes import retrying
from sales.checkout_sql import cart as cart_sql
from sales.checkout_sql import cart_steps
from sales.models import Cart, CartLine, CartStep
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart
from sales.services.cart_view import CartView
from tests.databases import Database
from tests.factories import a_cashier, a_product, a_register, a_shift, a_store
from tests.told import Tell

pytestmark = pytest.mark.race
TABS = 4
EACH = 15
NAP = 0.02  # seconds between the look and the step, where the lock would have stood


@pytest.fixture
def till(committed_db: Database) -> tuple[UUID, Actor, list[Product]]:
    """An open cart, whose it is, and what there is to scan."""
    store = a_store()
    actor, register = a_cashier(store), a_register(store)
    a_shift(register, actor)
    goods = [a_product(f"Product {number}", price="2.00") for number in range(TABS)]
    cart = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
    return cart, actor, goods


def in_tabs(scan: Callable[[int], Any], each: int) -> list[Any]:
    """What every scan answered, in the order of its tab; all tabs began together."""
    together = Barrier(TABS)

    def work(tab: int) -> list[Any]:
        together.wait()
        try:
            return [retrying(partial(scan, tab)) for _time in range(each)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TABS) as pool:
        return [answer for answers in pool.map(work, range(TABS)) for answer in answers]


def test_tabs_that_scan_at_once_lose_nothing(
    till: tuple[UUID, Actor, list[Product]], tell: Tell
) -> None:
    cart, actor, goods = till

    def scan(tab: int) -> CartView:
        """Now what everybody scans, now what only this tab does."""
        product = goods[0] if CartStep.objects.count() % 2 else goods[tab]
        return add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, product_id=product.pk)

    views = in_tabs(scan, EACH)
    counts = dict(CartLine.objects.values_list("product_id", "quantity"))
    steps = list(CartStep.objects.values_list("product_id", "before", "after", "line"))
    assert sum(counts.values()) == len(steps) == TABS * EACH
    for product in goods:
        mine = sorted(
            (before, after) for owner, before, after, _line in steps if owner == product.pk
        )
        assert mine == [(Decimal(n), Decimal(n + 1)) for n in range(len(mine))]
        assert counts.get(product.pk, 0) == len(mine)
    # Each product kept the one number that its first scan was given.
    assert len({(owner, line) for owner, _before, _after, line in steps}) == len(counts)
    versions = sorted(view.version for view in views)
    assert all(before < after for before, after in pairwise(versions))
    last = max(views, key=lambda view: view.version)
    assert sum(line.count for line in last.lines) == TABS * EACH
    tell(f"{TABS} tabs x {EACH} scans of one cart at once: every one is in it, {len(counts)} lines")


def test_one_step_sent_by_every_tab_is_taken_once(
    till: tuple[UUID, Actor, list[Product]],
) -> None:
    cart, actor, goods = till
    for _round in range(5):
        step = ids.new()
        send = partial(add_to_cart, step_id=step, cart_id=cart, actor=actor, product_id=goods[0].pk)
        views = in_tabs(partial(_whichever, send), 1)
        assert len({view.version for view in views}) == 1
    assert CartLine.objects.get().quantity == CartStep.objects.count() == 5


def _whichever(send: Callable[[], CartView], _tab: int) -> CartView:
    return send()


def test_tabs_that_open_a_cart_at_once_open_the_same(
    till: tuple[UUID, Actor, list[Product]],
) -> None:
    cart, actor, _goods = till
    register = Cart.objects.get().register_id
    Cart.objects.filter(pk=cart).update(state=Cart.State.ABANDONED)
    begin = partial(open_cart, register_id=register, actor=actor)
    opened = in_tabs(lambda tab: begin(cart_id=ids.new()), 1)
    assert len(set(opened)) == 1
    assert Cart.objects.get(state=Cart.State.OPEN).pk == opened[0]


def test_control_without_the_lock_scans_are_lost(
    till: tuple[UUID, Actor, list[Product]], monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    cart, actor, goods = till
    read = cart_sql.read

    def read_and_dawdle(*args: Any, **asked: Any) -> Any:
        rows = read(*args, **asked)
        time.sleep(NAP)
        return rows

    monkeypatch.setattr(cart_steps, "lock", lambda cart_id: None)
    monkeypatch.setattr(cart_sql, "read", read_and_dawdle)

    def scan(tab: int) -> CartView:
        return add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, product_id=goods[tab].pk)

    in_tabs(scan, 3)
    counted = sum(CartLine.objects.values_list("quantity", flat=True))
    tell(f"without the cart's lock {TABS * 3 - counted} of {TABS * 3} scans are lost")
    assert CartStep.objects.count() == TABS * 3
    assert counted < TABS * 3
