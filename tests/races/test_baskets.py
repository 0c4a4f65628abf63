"""Baskets in any order, goods coming in, counts corrected, all at once: no deadlock is seen."""

import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

import psycopg
import pytest
from django.db import connections

from inventory.models import Product, StockLevel, StockMove
from inventory.services.stock import receive_stock
from people.models import Store
from people.permissions import Role
from regalpos import ids
from regalpos.lanes import retrying
from tests import weak
from tests.crowd import History, Person, Task, crowd, send_all
from tests.factories import PASSWORD, a_manager, a_product, a_store, a_user, set_price
from tests.shops import Shop
from tests.tills import Till, books_hold, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(1200)]

LONG = bool(os.environ.get("REGAL_LONG"))
TILLS = 12
BASKETS = 250 if LONG else 12  # per till
CORRECTIONS = 400 if LONG else 24  # per manager
PRICE = Decimal("2.50")


def eight_products() -> list[Product]:
    """Half of them limited, so that some baskets are refused."""
    return [a_product(price=str(PRICE), limited=number % 2 == 0) for number in range(8)]


def some_baskets(till: Till, products: list[Product], number: int) -> list[Task]:
    """Five to eight of the products each, in any order."""
    tasks = []
    for _basket in range(number):
        lines = [(product, random.randint(1, 3)) for product in _some(products)]
        total = sum(quantity for _product, quantity in lines) * PRICE
        tasks.append(till.sale(*lines, total=total))
    return tasks


def some_corrections(url: str, store: Store, products: list[Product]) -> Person:
    """A manager who counts, and finds more or less than there should be."""
    manager = a_user(Role.MANAGER, store)
    tasks = []
    for _correction in range(CORRECTIONS):
        body = {
            "id": str(ids.new()),
            "store": str(store.pk),
            "product": str(random.choice(products).pk),
            "quantity": random.choice(["-1", "1", "2"]),
            "reason": "counted",
        }
        tasks.append(Task("stock/adjustments", body, method="POST"))
    return Person(url, manager.username, PASSWORD, [tasks])


@contextmanager
def goods_coming_in(store: Store, products: list[Product]) -> Iterator[list[int]]:
    """Another program receives goods as long as this lasts; how many times it did."""
    over, actor, received = threading.Event(), a_manager(store), [0]

    def receive() -> None:
        while not over.is_set():
            lines = [(product.pk, Decimal(4), None) for product in _some(products)]
            receipt = partial(receive_stock, receipt_id=ids.new(), store_id=store.pk, lines=lines)
            retrying(partial(receipt, actor=actor))
            received[0] += 1
            over.wait(0.05)
        connections.close_all()

    worker = threading.Thread(target=receive)
    worker.start()
    try:
        yield received
    finally:
        over.set()
        worker.join()


def deadlocks(connection: psycopg.Connection) -> int:
    """How many PostgreSQL has broken in this database."""
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def test_baskets_in_any_order_among_receipts_and_corrections_never_meet_a_deadlock(
    shop: Shop, tell: Tell
) -> None:
    random.seed(11)
    store = a_store()
    products, tills = eight_products(), some_tills(TILLS, store)
    people = [till.person(shop.url, some_baskets(till, products, BASKETS)) for till in tills]
    people += [some_corrections(shop.url, store, products) for _manager in range(2)]

    with goods_coming_in(store, products) as received:
        history = send_all(people)

    assert not history.faults()
    outcomes = Counter((event.status, event.code) for event in history.final().values())
    assert outcomes.keys() <= {(201, ""), (409, "out_of_stock")}, outcomes
    assert outcomes[201, ""] >= 0.3 * outcomes.total(), outcomes
    assert outcomes.total() == TILLS * BASKETS + 2 * CORRECTIONS
    assert received[0] > 0
    with shop.database.connect(autocommit=True) as connection:
        assert deadlocks(connection) == 0
    moves = StockMove.objects.filter(level__store=store).count()
    assert not StockLevel.objects.filter(store=store, strict=True, on_hand__lt=0).exists()
    tell(
        f"{TILLS * BASKETS} baskets, {2 * CORRECTIONS} corrections, {received[0]} receipts, {moves}"
        f" moves of 8 products: {dict(outcomes)}, 0 deadlocks, {per_second(history):.0f} a second;"
        f" told to wait: {dict(history.told_to_wait())}; {books_hold()}"
    )


def test_control_in_any_lock_order_they_would(weak_shop: Shop, tell: Tell) -> None:
    store = a_store()
    products, tills = eight_products(), some_tills(8, store)
    for product in products:
        set_price(product, "2.50")
    with goods_coming_in(store, products):
        pass
    people = [till.person(weak_shop.url, some_baskets(till, products, 50)) for till in tills]

    with (
        weak_shop.without(weak.LOCK_ORDER),
        weak_shop.database.connect(autocommit=True) as connection,
        crowd(people) as shoppers,
    ):
        shoppers.go()
        history = shoppers.history
        history.wait_until(lambda: deadlocks(connection) > 0, "a deadlock")
        broken = deadlocks(connection)

    tell(f"without {weak.LOCK_ORDER}: {broken} deadlocks among the first {len(history.events)}")
    assert broken > 0


def per_second(history: History) -> float:
    """Final answers a second. For information: the machine has other things to do."""
    times = [event.at for event in history.events if event.event in {"sent", "settled"}]
    return len(history.final()) / (max(times) - min(times))


def _some(products: list[Product]) -> list[Product]:
    return random.sample(products, random.randint(5, len(products)))
