"""One id is one sale, however many copies of it arrive at the same moment."""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from inventory.models import Product
from regalpos import ids
from sales.models import JournalRecord, Sale, SaleAttempt
from tests import weak
from tests.crowd import History, Task, crowd, send_all
from tests.factories import a_product, a_store, on_hand
from tests.shops import Shop
from tests.tills import Till, a_till, books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(600)]

LONG = bool(os.environ.get("REGAL_LONG"))
IDS = 200 if LONG else 5
COPIES = 100


def copies(till: Till, product: Product, number: int = COPIES) -> list[Task]:
    """The same sale of one, so many times."""
    sale_id = ids.new()
    return [till.sale((product, 1), total="1.50", sale_id=sale_id) for _ in range(number)]


def all_at_once(shop: Shop, till: Till, tasks: list[Task]) -> History:
    """Every copy on a connection of its own, half of them from another process."""
    halves = [tasks[0::2], tasks[1::2]]
    return send_all([till.person(shop.url, *([task] for task in half)) for half in halves])


def test_of_a_hundred_copies_sent_at_once_one_is_sold_and_the_others_hear_of_it(
    shop: Shop, tell: Tell
) -> None:
    store = a_store()
    apple = a_product(price="1.50", on_hand=str(IDS * 2), store=store)
    waits: Counter[str] = Counter()

    for till in some_tills(IDS, store):
        tasks = copies(till, apple)
        history = all_at_once(shop, till, tasks)

        nothing_wrong(history, tasks)
        heard = history.final()
        assert Counter(event.status for event in heard.values()) == {201: 1, 200: COPIES - 1}
        assert all(event.replayed == (event.status == 200) for event in heard.values())
        first = next(event.body for event in heard.values() if event.status == 201)
        assert all(event.body == first for event in heard.values())
        assert Sale.objects.get(register=till.register).receipt_number == first["receipt_number"]
        waits += history.told_to_wait()

    assert Sale.objects.filter(store=store).count() == IDS
    assert SaleAttempt.objects.filter(store=store).count() == IDS
    assert JournalRecord.objects.filter(store=store, series="sale").count() == IDS
    assert on_hand(apple, store) == IDS
    tell(f"{IDS} ids x {COPIES} copies: {IDS} sales; told to wait: {dict(waits)}; {books_hold()}")


@pytest.mark.parametrize("protection", [weak.KEY, weak.LOOK_FIRST])
def test_control_without_the_key_a_copy_is_sold_again(
    weak_shop: Shop, tell: Tell, protection: str
) -> None:
    till = a_till(a_store())
    apple = a_product(price="1.50", on_hand="50", store=till.register.store)
    tasks = copies(till, apple, 30)

    with weak_shop.without(protection):
        all_at_once(weak_shop, till, tasks)

    sales = Sale.objects.filter(register=till.register).count()
    tell(f"without {protection}: 1 id x {len(tasks)} copies: {sales} sales")
    assert sales > 1


def test_a_copy_that_meets_the_first_at_work_is_told_when_to_come_again(shop: Shop) -> None:
    """The first holds the key and does not come to an end; once it gives up, the copy sells."""
    store = a_store()
    till = a_till(store)
    apple = a_product(price="1.50", on_hand="5", store=store)
    task = till.sale((apple, 1), total="1.50")
    sale_id = task.path.rpartition("/")[2]

    with shop.database.connect() as first:
        first.execute(
            "INSERT INTO sales_saleattempt (id, store_id, user_id, body, body_hash, state, at)"
            " VALUES (%s, %s, %s, '{}', '', 'posted', now())",
            [sale_id, store.pk, till.user.pk],
        )
        with crowd([till.person(shop.url, [task])], processes=1) as waiting:
            waiting.go()
            history = waiting.history
            history.wait_until(lambda: history.count("heard", 409) > 0, "a first answer")
            first.rollback()
            waiting.finish()

    waits = history.told_to_wait()
    assert set(waits) == {"409 in_progress"}
    nothing_wrong(history, [task])
    assert history.final()[task.name].status == 201
    assert on_hand(apple, store) == 4


def test_another_sale_under_the_same_id_is_refused_whatever_it_changes(
    shop: Shop, tell: Tell
) -> None:
    store = a_store()
    till, other = some_tills(2, store)
    apple = a_product(price="1.50", barcode="2000000012346", on_hand="50", store=store)
    pear = a_product(price="1.50", on_hand="50", store=store)
    task = till.sale((apple, 2), (pear, 1), total="4.50")
    nothing_wrong(send_all([till.person(shop.url, [task])], processes=1), [task])
    bodies = list(changed(dict(task.body or {}), str(other.register.pk), "2000000012346"))
    assert len({json.dumps(body) for body in bodies}) == len(bodies) >= 60

    history = send_all([till.person(shop.url, *([Task(task.path, body)] for body in bodies))])

    answers = Counter((e.status, e.code) for e in history.final().values())
    assert answers == {(422, "body_mismatch"): len(bodies)}
    assert all(event.body["error"]["fields"] for event in history.final().values())
    assert Sale.objects.filter(store=store).count() == 1
    assert (on_hand(apple, store), on_hand(pear, store)) == (48, 49)
    tell(f"{len(bodies)} other bodies under one id: {len(bodies)} x 422; {books_hold()}")


def changed(body: dict[str, Any], register: str, barcode: str) -> Iterator[dict[str, Any]]:
    """The body with one thing changed, in every way that still makes a sale."""
    apple, pear = body["lines"]
    other = str(ids.new())
    lines = [
        *({**apple, "quantity": str(number)} for number in [1, *range(3, 20)]),
        *({**apple, "discount": {"percent": str(n), "reason": "dented"}} for n in range(1, 13)),
        *({**apple, "discount": {"amount": f"0.0{n}", "reason": "dented"}} for n in range(1, 9)),
        *({**apple, "price": {"amount": f"1.4{n}", "reason": "label"}} for n in range(5)),
        {**apple, "product": other},
        {"barcode": barcode, "quantity": "2"},
    ]
    yield from ({**body, "lines": [line, pear]} for line in lines)
    yield from ({**body, "lines": some} for some in ([pear, apple], [apple], [apple, pear, pear]))
    cash, card = ({"tender": tender, "amount": "2.25"} for tender in ("cash", "card"))
    paid = [[cash, card], [card, cash], [{**card, "amount": "4.50"}], [{**cash, "amount": "5.00"}]]
    yield from ({**body, "payments": payments} for payments in paid)
    yield from ({**body, "shown_total": f"4.{cents}"} for cents in range(51, 59))
    yield from ({**body, name: other} for name in ("customer", "salesman", "quote"))
    yield {**body, "approvals": [other]}
    yield {**body, "register": register}


def test_a_sale_that_is_given_up_and_sent_at_once_is_one_or_the_other(
    shop: Shop, tell: Tell
) -> None:
    random.seed(41)
    store = a_store()
    tills = some_tills(8, store)
    apple = a_product(price="1.50", on_hand="100", store=store)
    pairs: list[tuple[Task, Task]] = []
    people = []
    for till in tills:
        queues: list[list[Task]] = []
        for _pair in range(6):
            sale = till.sale((apple, 1), total="1.50")
            given_up = Task(f"{sale.path}/abandon", {"register": str(till.register.pk)})
            pairs.append((sale, given_up))
            queues += random.sample([[sale], [given_up]], 2)
        people.append(till.person(shop.url, *queues))

    history = send_all(people)

    final = history.final()
    outcomes = Counter((final[a.name].status, final[b.name].status) for a, b in pairs)
    assert outcomes.keys() <= {(201, 409), (410, 200)}
    assert min(outcomes[201, 409], outcomes[410, 200]) > 0
    assert Sale.objects.filter(store=store).count() == outcomes[201, 409]
    assert on_hand(apple, store) == 100 - outcomes[201, 409]
    tell(f"{len(pairs)} sales sent and given up at once: {dict(outcomes)}; {books_hold()}")
