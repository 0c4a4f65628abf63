"""Clients that are gone before the answer: what they sent again is sold once."""

import os
import random
from collections import Counter

import pytest

from inventory.models import Product
from sales.models import Sale
from tests import weak
from tests.crowd import History, Task, send_all
from tests.factories import a_product, a_store, on_hand
from tests.shops import Shop
from tests.tills import Till, books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(1200)]

LONG = bool(os.environ.get("REGAL_LONG"))
HANG_UPS = 2600 if LONG else 260
TILLS = 6


def impatient(shop: Shop, tills: list[Till], product: Product, number: int) -> list[Task]:
    """Every sale is sent twice: first by somebody who leaves, at any moment, then to the end."""
    return [
        till.sale((product, 1), total="2.00", hang_up=random.uniform(0, 0.95))
        for till in tills
        for _sale in range(number // len(tills) + 1)
    ]


def send(shop: Shop, tills: list[Till], tasks: list[Task]) -> History:
    each = len(tasks) // len(tills)
    shares = [tasks[n * each : (n + 1) * each] for n in range(len(tills))]
    return send_all(
        [till.person(shop.url, share) for till, share in zip(tills, shares, strict=True)]
    )


def test_whoever_hangs_up_and_sends_again_has_one_sale(shop: Shop, tell: Tell) -> None:
    random.seed(5)
    store = a_store()
    tills = some_tills(TILLS, store)
    apple = a_product(price="2.00", on_hand="5000", store=store)
    tasks = impatient(shop, tills, apple, HANG_UPS)

    history = send(shop, tills, tasks)

    nothing_wrong(history, tasks)
    gone = {event.task: event for event in history.events if event.event == "hung_up"}
    final = history.final()
    found = Counter(
        ("half sent, " if event.half else "") + ("sold" if final[task].replayed else "not sold")
        for task, event in gone.items()
    )
    assert len(gone) >= 0.75 * HANG_UPS, history
    assert found["sold"] >= 10, found  # The shop finished what it had begun ...
    assert found["not sold"] + found["half sent, not sold"] >= 10, found  # ... and nothing else.
    assert found["half sent, sold"] == 0
    assert Sale.objects.filter(store=store).count() == len(tasks)
    assert on_hand(apple, store) == 5000 - len(tasks)
    tell(f"{len(gone)} hang-ups, found when sent again: {dict(found)}; {books_hold()}")


def test_control_without_the_key_what_was_sent_twice_is_sold_twice(
    weak_shop: Shop, tell: Tell
) -> None:
    store = a_store()
    tills = some_tills(TILLS, store)
    apple = a_product(price="2.00", on_hand="5000", store=store)
    tasks = impatient(weak_shop, tills, apple, 40)

    with weak_shop.without(weak.KEY):
        send(weak_shop, tills, tasks)

    sales = Sale.objects.filter(store=store).count()
    tell(f"without {weak.KEY}: {len(tasks)} sales were sent, {sales} sold")
    assert sales > len(tasks)
