"""Deliveries and corrections that arrive at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

import pytest
from django.db import connections

from inventory.books import INVARIANTS
from inventory.models import Product, StockLevel, StockMove
from inventory.services import stock
from inventory.services.stock import OutOfStock, adjust_stock, receive_stock
from people.access import Actor
from people.models import Store
from regalpos import ids
from regalpos.errors import BodyMismatch
from regalpos.lanes import retrying
from tests.databases import Database
from tests.factories import a_level, a_manager, a_product, a_store

pytestmark = pytest.mark.race
CLIENTS = 20


@pytest.fixture
def shop(committed_db: Database) -> tuple[Store, Actor, list[Product]]:
    store = a_store("HS")
    goods = [a_product(f"Product {number}") for number in range(CLIENTS)]
    return store, a_manager(store), goods


def at_once(*units: Callable[[], object]) -> list[object]:
    """What each unit answered, or the exception it raised; all were started together."""

    def run(unit: Callable[[], object]) -> object:
        try:
            return retrying(unit)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(units)) as pool:
        return list(pool.map(run, units))


def deliver(shop: tuple[Store, Actor, list[Product]]) -> list[object]:
    """One id, and a different product from every client."""
    store, actor, goods = shop
    receipt = ids.new()

    def send(product: Product) -> object:
        line = (product.pk, Decimal(5), None)
        return receive_stock(receipt_id=receipt, store_id=store.pk, lines=[line], actor=actor)

    return at_once(*[partial(send, product) for product in goods])


def test_of_many_deliveries_under_one_id_one_arrives(
    shop: tuple[Store, Actor, list[Product]],
) -> None:
    answers = deliver(shop)
    refused = [answer for answer in answers if isinstance(answer, BodyMismatch)]
    assert len(refused) == CLIENTS - 1
    assert StockMove.objects.count() == 1


def test_control_without_the_claim_several_arrive(
    shop: tuple[Store, Actor, list[Product]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "_claim", lambda document_id: None)
    for _time in range(5):
        before = StockMove.objects.count()
        deliver(shop)
        if StockMove.objects.count() > before + 1:
            return
    pytest.fail("the claim guards nothing that this test can see")


def test_of_many_hands_on_the_last_ones_each_gets_one_until_none_is_left(
    shop: tuple[Store, Actor, list[Product]],
) -> None:
    store, actor, _goods = shop
    honey = a_product("Honey", limited=True)
    a_level(honey, store, "7")

    def take() -> object:
        return adjust_stock(
            adjustment_id=ids.new(),
            store_id=store.pk,
            product_id=honey.pk,
            quantity=Decimal(-1),
            reason="taken",
            actor=actor,
        )

    answers = at_once(*[take] * CLIENTS)
    assert sum(isinstance(answer, StockMove) for answer in answers) == 7
    assert sum(isinstance(answer, OutOfStock) for answer in answers) == CLIENTS - 7
    assert StockLevel.objects.get(product=honey).on_hand == 0


def test_baskets_in_any_order_and_new_levels_leave_good_books(
    shop: tuple[Store, Actor, list[Product]],
) -> None:
    store, actor, goods = shop

    def fill(start: int) -> object:
        mixed = goods[start:] + goods[:start]
        lines = [(product.pk, Decimal(1), None) for product in mixed[::-1]]
        return receive_stock(receipt_id=ids.new(), store_id=store.pk, lines=lines, actor=actor)

    answers = at_once(*[partial(fill, start) for start in range(CLIENTS)])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert set(StockLevel.objects.values_list("on_hand", "version")) == {(CLIENTS, CLIENTS)}
    for invariant in INVARIANTS:
        assert invariant.check().holds, invariant.name
