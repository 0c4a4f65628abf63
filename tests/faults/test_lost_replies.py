"""Answers that never arrive: whoever asks and sends the same again has one sale, and knows it."""

import random
from collections import Counter

import pytest

from inventory.models import Product
from sales.models import Sale
from tests.crowd import History, Task, send_all
from tests.factories import a_product, a_store, on_hand
from tests.faults.conftest import LONG
from tests.faults.leaky import PASS, Wire, leaky_wire
from tests.shops import Shop
from tests.tills import Till, books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200 if LONG else 300)]

CHECKOUTS = 10_000 if LONG else 500
TILLS = 8
LOSS = 0.4  # of everything sent


def trade(wire: Wire, tills: list[Till], tasks: list[Task], *, careless: bool = False) -> History:
    """Every till its share, over the wire."""
    shares = [tasks[n :: len(tills)] for n in range(len(tills))]
    pairs = zip(tills, shares, strict=True)
    return send_all([till.person(wire.url, share, careless=careless) for till, share in pairs])


def some_sales(tills: list[Till], apple: Product, number: int) -> list[Task]:
    return [tills[n % len(tills)].sale((apple, 1), total="2.00") for n in range(number)]


def test_no_lost_reply_loses_or_doubles_a_sale(shop: Shop, tell: Tell) -> None:
    random.seed(29)
    store = a_store()
    tills = some_tills(TILLS, store)
    apple = a_product(price="2.00", on_hand="20000", store=store)
    tasks = some_sales(tills, apple, CHECKOUTS)

    with leaky_wire(shop.url, loss=LOSS) as wire:
        history = trade(wire, tills, tasks)

    nothing_wrong(history, tasks)
    assert Sale.objects.filter(store=store).count() == CHECKOUTS
    assert on_hand(apple, store) == 20_000 - CHECKOUTS
    lost = wire.fates.total() - wire.fates[PASS]
    asked = Counter(e.status for e in history.events if e.event == "told")
    assert lost >= 0.3 * CHECKOUTS, wire.fates
    assert asked[200] > 0  # It was posted, said whoever was asked ...
    assert asked[404] > 0  # ... or unknown, and safe to send again.
    tell(
        f"{CHECKOUTS} checkouts over a wire that lost {lost} messages {dict(wire.fates)}:"
        f" 0 lost, 0 doubled; asked what became of it: {dict(asked)}; {books_hold()}"
    )


def test_control_who_makes_a_new_id_for_every_try_sells_twice(shop: Shop, tell: Tell) -> None:
    store = a_store()
    tills = some_tills(4, store)
    tasks = some_sales(tills, a_product(price="2.00", on_hand="900", store=store), 40)

    with leaky_wire(shop.url, loss=LOSS) as wire:
        trade(wire, tills, tasks, careless=True)

    sales = Sale.objects.filter(store=store).count()
    tell(f"new ids for every try: {len(tasks)} checkouts, {sales} sales")
    assert sales > len(tasks)
