"""Sums that tills share, a product's day, are taken in one order: nobody waits in a ring."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from unittest.mock import patch
from uuid import UUID

import psycopg
import pytest
from django.db import connections

from inventory.models import Product, StockLevel
from people.access import Actor
from regalpos import ids
from sales.checkout_sql import post
from sales.forms import parse_sale
from sales.models import ProductDay, Register
from sales.services.checkout import Answer, check_out
from tests.databases import Database
from tests.factories import a_cashier, a_product, a_register, a_shift, a_store

pytestmark = pytest.mark.race
IN_ORDER = "ORDER BY line.product_id "


@dataclass
class Till:
    """A till whose products have sold today; `first` and `second` are in the house's order."""

    register: Register
    ana: Actor
    first: Product
    second: Product
    database: Database

    def sell(self, *products: Product) -> Answer:
        total = f"{len(products)}.00"
        body = {
            "register": str(self.register.pk),
            "lines": [{"product": str(product.pk), "quantity": "1"} for product in products],
            "payments": [{"tender": "card", "amount": total}],
            "shown_total": total,
        }
        try:
            return check_out(
                sale_id=ids.new(), body=parse_sale(body), actor=self.ana, source="till"
            )
        finally:
            connections.close_all()


@pytest.fixture
def till(committed_db: Database) -> Till:
    return make_till(committed_db, stocked=False)


@pytest.fixture
def seller() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def make_till(database: Database, *, stocked: bool) -> Till:
    store = a_store()
    register, ana = a_register(store), a_cashier(store)
    a_shift(register, ana)
    goods = [a_product(price="1.00", stocked=stocked, on_hand="9" * stocked, store=store)
             for _ in range(2)]  # fmt: skip
    first, second = sorted(goods, key=lambda product: product.pk)
    till = Till(register, ana, first, second, database)
    assert till.sell(first, second).state == "posted"
    return till


def waits_behind(till: Till, held: Product, seller: ThreadPoolExecutor) -> set[UUID]:
    """Of which products a basket holds the day while it waits for that of `held`."""
    key = ProductDay.objects.values_list("pk", flat=True).get(product=held)
    with till.database.connect() as other, till.database.connect(autocommit=True) as looking:
        other.execute("SELECT FROM sales_productday WHERE id = %s FOR UPDATE", [key])
        selling: Future[Answer] = seller.submit(till.sell, till.second, till.first)
        wait_until_somebody_waits(looking)
        free = looking.execute(
            "SELECT product_id FROM sales_productday FOR NO KEY UPDATE SKIP LOCKED"
        ).fetchall()
        other.rollback()
    assert selling.result(20).state == "posted"
    return {till.first.pk, till.second.pk} - {held.pk} - {row[0] for row in free}


def wait_until_somebody_waits(looking: psycopg.Connection) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    for _look in range(1000):
        if looking.execute(waiting).fetchone() != (0,):
            return
        looking.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waited")


def test_days_of_services_are_taken_by_product(till: Till, seller: ThreadPoolExecutor) -> None:
    assert waits_behind(till, till.first, seller) == set()
    assert waits_behind(till, till.second, seller) == {till.first.pk}


def test_control_as_rung_up_they_would_be_taken_the_other_way(
    till: Till, seller: ThreadPoolExecutor
) -> None:
    disordered = post._post().replace(IN_ORDER, "ORDER BY line.product_id DESC ")
    assert disordered != post._post()
    with patch.object(post, "_post", lambda: disordered):
        assert waits_behind(till, till.first, seller) == {till.second.pk}


def test_a_days_sum_is_taken_behind_the_level_of_its_goods(
    committed_db: Database, seller: ThreadPoolExecutor
) -> None:
    till = make_till(committed_db, stocked=True)
    level = StockLevel.objects.values_list("pk", flat=True).get(product=till.second)
    with committed_db.connect() as other, committed_db.connect(autocommit=True) as looking:
        other.execute("SELECT FROM inventory_stocklevel WHERE id = %s FOR UPDATE", [level])
        selling = seller.submit(till.sell, till.second, till.first)
        wait_until_somebody_waits(looking)
        days = "SELECT FROM sales_productday FOR NO KEY UPDATE SKIP LOCKED"
        free = looking.execute(days).fetchall()
        other.rollback()
    assert len(free) == 2
    assert selling.result(20).state == "posted"
    assert ProductDay.objects.get(product=till.first).sold == 2
