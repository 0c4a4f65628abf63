"""A quote holds the last unit for whoever is paying, and for nobody else."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Product, StockHold
from regalpos import ids
from sales.models import Quote
from tests import weak
from tests.crowd import History, Task, send_all
from tests.factories import a_product, a_store, on_hand
from tests.shops import Shop
from tests.tills import Till, books_hold, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(600)]

TILLS = 12
ROUNDS = 4


def a_quote(till: Till, product: Product) -> Task:
    """Somebody at this till is about to pay for one."""
    body = {
        "id": str(ids.new()),
        "register": str(till.register.pk),
        "lines": [{"product": str(product.pk), "quantity": "1"}],
    }
    return Task("quotes", body, method="POST")


def ask_for(shop: Shop, tills: list[Till], lamp: Product) -> tuple[History, dict[str, Till]]:
    """Every till asks at once; what was heard, and which till asked what."""
    asked = [(till, a_quote(till, lamp)) for till in tills]
    history = send_all([till.person(shop.url, [task]) for till, task in asked])
    assert not history.faults()
    return history, {task.name: till for till, task in asked}


def winners(history: History) -> list[tuple[str, dict[str, Any]]]:
    return [(name, e.body) for name, e in history.final().items() if e.status == 201]


def test_of_many_quotes_for_the_last_unit_one_holds_it_and_its_sale_is_posted(
    shop: Shop, tell: Tell
) -> None:
    store = a_store()
    tills = some_tills(TILLS, store)
    for _round in range(ROUNDS):
        lamp = a_product(price="12.00", limited=True, on_hand="1", store=store)
        history, who = ask_for(shop, tills, lamp)
        codes = Counter((e.status, e.code) for e in history.final().values())
        assert codes == {(201, ""): 1, (409, "out_of_stock"): TILLS - 1}
        [(name, quote)] = winners(history)
        holder = who[name]

        mine = holder.sale((lamp, 1), total=quote["total"], tender="card", quote=quote["id"])
        others = [till.sale((lamp, 1), total="12.00") for till in tills if till is not holder]
        tasks = [mine, *others]
        history = send_all([_of(task, tills).person(shop.url, [task]) for task in tasks])

        assert not history.faults()
        final = history.final()
        assert final[mine.name].status == 201
        refused = Counter((final[task.name].status, final[task.name].code) for task in others)
        assert refused == {(409, "out_of_stock"): TILLS - 1}
        assert on_hand(lamp, store) == 0
        assert not StockHold.objects.filter(product=lamp).exists()
    tell(f"{ROUNDS} x {TILLS} quotes for one unit: 1 each, sold as promised; {books_hold()}")


def test_a_hold_that_has_run_out_holds_nothing(shop: Shop) -> None:
    store = a_store()
    holder, other = some_tills(2, store)
    lamp = a_product(price="12.00", limited=True, on_hand="1", store=store)
    history, _who = ask_for(shop, [holder], lamp)
    [(_name, quote)] = winners(history)
    early = other.sale((lamp, 1), total="12.00")
    late = other.sale((lamp, 1), total="12.00")
    too_late = holder.sale((lamp, 1), total="12.00", quote=quote["id"])

    refused = send_all([other.person(shop.url, [early])], processes=1).final()
    ago = timezone.now() - timedelta(seconds=1)
    Quote.objects.filter(pk=quote["id"]).update(valid_until=ago)
    StockHold.objects.filter(holder=quote["id"]).update(until=ago)
    history = send_all([other.person(shop.url, [late]), holder.person(shop.url, [too_late])])

    assert refused[early.name].code == "out_of_stock"
    assert history.final()[late.name].status == 201
    run_out = history.final()[too_late.name]
    assert (run_out.status, set(run_out.body["error"]["fields"])) == (422, {"quote"})
    assert on_hand(lamp, store) == 0


def test_control_without_holds_the_last_unit_is_promised_twice(weak_shop: Shop, tell: Tell) -> None:
    store = a_store()
    lamp = a_product(price="12.00", limited=True, on_hand="1", store=store)

    with weak_shop.without(weak.HOLDS):
        history, _who = ask_for(weak_shop, some_tills(TILLS, store), lamp)

    promised = len(winners(history))
    tell(f"without {weak.HOLDS}: one unit was promised to {promised}")
    assert promised > 1


def _of(task: Task, tills: list[Till]) -> Till:
    register = (task.body or {})["register"]
    return next(till for till in tills if str(till.register.pk) == register)
