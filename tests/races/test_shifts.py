"""Sales that race the closing of their drawer are in its Z, or were refused; never in between."""

import json
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from people.models import Store, User
from regalpos import ids
from sales.models import CashMove, JournalRecord, Register, Sale, Shift
from tests import weak
from tests.crowd import History, Person, Task, send_all
from tests.factories import PASSWORD, a_product, a_register, a_store, a_user
from tests.races.conftest import provoked
from tests.shops import Shop
from tests.tills import Till, books_hold, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(600)]

TILLS = 8
SALES = 16  # per till, in four queues


def race(shop: Shop, store: Store, tills: list[Till]) -> tuple[History, set[str]]:
    """At each till four queues of sales, and two closings in their midst; the closings' names."""
    apple = a_product(price="2.00", on_hand="1000", store=store)
    closings = set()
    people = []
    for till in tills:
        queues = [
            [till.sale((apple, 1), total="2.00") for _sale in range(SALES // 4)] for _ in range(4)
        ]
        for queue, counted in zip(queues, ("100.00", "101.00"), strict=False):
            closing = a_closing(till, counted)
            queue.insert(random.randint(1, 2), closing)
            closings.add(closing.name)
        people.append(till.person(shop.url, *queues))
    return send_all(people), closings


def a_closing(till: Till, counted: str) -> Task:
    body = {"counted": counted, "reason": "a race"}
    return Task(f"shifts/{till.shift.pk}/closure", body, method="POST")


def z_of(till: Till) -> dict[str, Any]:
    """What the journal says of the closing."""
    record = JournalRecord.objects.get(business_id=till.shift.pk, series="closing")
    return dict(json.loads(bytes(record.payload))["what"])


def taken_at(till: Till) -> tuple[int, Decimal]:
    """How many sales the drawer's shift has, and what they come to."""
    sales = Sale.objects.filter(shift=till.shift)
    return sales.count(), sales.aggregate(total=Sum("total"))["total"] or Decimal(0)


def test_a_sale_is_in_the_z_of_its_drawer_or_was_refused(shop: Shop, tell: Tell) -> None:
    random.seed(3)
    store = a_store()
    tills = some_tills(TILLS, store)

    history, closings = race(shop, store, tills)

    assert not history.faults()
    final = history.final()
    closed = Counter((final[name].status, final[name].code) for name in closings)
    assert closed == {(200, ""): TILLS, (409, "shift_closed"): TILLS}  # Of two counts one stands.
    sold = Counter((e.status, e.code) for name, e in final.items() if name not in closings)
    assert sold.keys() <= {(201, ""), (409, "shift_closed")}
    assert sold[201, ""] >= TILLS
    assert sold[409, "shift_closed"] >= TILLS
    for till in tills:
        z, (number, total) = z_of(till), taken_at(till)
        assert (z["sales"], Decimal(z["total"])) == (number, total)
        assert Decimal(z["expected_cash"]) == 100 + total
        assert z["z_number"] == 1
        last = JournalRecord.objects.filter(register=till.register).latest("seq")
        assert last.series == "closing"
    tell(f"{TILLS} drawers closed twice each amid {dict(sold)}; {books_hold()}")


def test_control_without_the_lock_a_sale_is_missing_from_its_z(weak_shop: Shop, tell: Tell) -> None:
    random.seed(3)

    def missing() -> int:
        store = a_store()
        tills = some_tills(4, store)
        with weak_shop.without(weak.SHIFT_LOCK):
            race(weak_shop, store, tills)
        return sum(taken_at(till)[0] - int(z_of(till)["sales"]) for till in tills)

    most = provoked(missing, beyond=0)
    tell(f"without {weak.SHIFT_LOCK}: {most} sales are in no Z")
    assert most > 0


def open_at_once(shop: Shop, pairs: list[tuple[User, Register]]) -> History:
    """Each person opens a drawer at the register, all at the same moment."""
    people = []
    for user, register in pairs:
        body = {"id": str(ids.new()), "register": str(register.pk), "float": "50.00"}
        task = Task("shifts", body, method="POST")
        people.append(Person(shop.url, user.username, PASSWORD, [[task]]))
    history = send_all(people)
    assert not history.faults()
    return history


def test_of_many_who_open_one_till_one_does(shop: Shop, tell: Tell) -> None:
    store = a_store()
    register = a_register(store)

    history = open_at_once(shop, [(a_user("cashier", store), register) for _ in range(TILLS)])

    outcomes = Counter((e.status, e.code) for e in history.final().values())
    assert outcomes == {(201, ""): 1, (409, "register_taken"): TILLS - 1}
    assert CashMove.objects.filter(shift__register=register).count() == 1
    assert JournalRecord.objects.filter(register=register).count() == 1
    tell(f"{TILLS} people open one till: 1 did; {books_hold()}")


def test_one_person_who_opens_many_tills_gets_one(shop: Shop, tell: Tell) -> None:
    store = a_store()
    user = a_user("cashier", store)

    history = open_at_once(shop, [(user, a_register(store)) for _ in range(TILLS)])

    outcomes = Counter((e.status, e.code) for e in history.final().values())
    assert outcomes == {(201, ""): 1, (409, "already_on_shift"): TILLS - 1}
    assert Shift.objects.standing().filter(cashier=user).count() == 1
    tell(f"one person opens {TILLS} tills: 1 opened; {books_hold()}")


def test_control_without_the_constraint_several_open_one_till(weak_shop: Shop, tell: Tell) -> None:
    def opened() -> int:
        store = a_store()
        register = a_register(store)
        pairs = [(a_user("cashier", store), register) for _ in range(TILLS)]
        with weak_shop.without(weak.ONE_SHIFT):
            open_at_once(weak_shop, pairs)
        return Shift.objects.standing().filter(register=register).count()

    most = provoked(opened, beyond=1)
    tell(f"without {weak.ONE_SHIFT}: {most} shifts are open at one till")
    assert most > 1
