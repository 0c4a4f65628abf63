"""What was sold comes back once, however many tills take it back at the same moment."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from inventory.models import Product
from sales.models import ReturnedQuantity, SaleLine
from tests import weak
from tests.crowd import History, send_all
from tests.factories import a_product, a_store, on_hand
from tests.races.conftest import provoked
from tests.shops import Shop
from tests.tills import Till, books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.race, pytest.mark.timeout(600)]

SOLD = 30
TILLS = 10


def sell(shop: Shop, till: Till, product: Product) -> dict[str, Any]:
    """Thirty at once; the line as it was answered."""
    task = till.sale((product, SOLD), total="120.00")
    history = send_all([till.person(shop.url, [task])], processes=1)
    nothing_wrong(history, [task])
    [line] = history.final()[task.name].body["lines"]
    return dict(line)


def take_back(shop: Shop, tills: list[Till], line: dict[str, Any], people: int) -> History:
    """So many people bring one piece each, all at once."""
    piece = {"returns": line["id"], "quantity": "-1", "reason": "too many"}
    return send_all(
        [
            till.person(
                shop.url, *([till.sale(piece, total="-4.00")] for _ in range(people // TILLS))
            )
            for till in tills
        ]
    )


# Of what is not kept in stock there is no level, whose lock might do as well.
@pytest.mark.parametrize(("stocked", "people"), [(False, 100), (True, 50)])
def test_of_thirty_sold_no_more_than_thirty_come_back(
    shop: Shop, tell: Tell, stocked: bool, people: int
) -> None:
    store = a_store()
    tills = some_tills(TILLS, store)
    crate = a_product(price="4.00", stocked=stocked, on_hand="40" * stocked, store=store)
    line = sell(shop, tills[0], crate)

    history = take_back(shop, tills, line, people)

    heard = history.final().values()
    assert Counter(event.status for event in heard) == {201: SOLD, 422: people - SOLD}
    for event in heard:
        if event.status == 422:
            assert set(event.body["error"]["fields"]) == {"lines.0.quantity"}
    back = SaleLine.objects.filter(returns_id=line["id"])
    given = back.aggregate(total=Sum("total"), tax=Sum("tax"))
    assert given == {"total": -Decimal(line["total"]), "tax": -Decimal(line["tax"])}
    guard = ReturnedQuantity.objects.get(line_id=line["id"])
    assert (guard.returned, back.count()) == (SOLD, SOLD)
    if stocked:
        assert on_hand(crate, store) == 40
    told = dict(history.told_to_wait())
    tell(f"{people} returns of {SOLD} sold: {SOLD} back; told to wait: {told}; {books_hold()}")


def test_control_without_the_lock_more_comes_back_than_was_sold(
    weak_shop: Shop, tell: Tell
) -> None:
    tills = some_tills(TILLS)

    def came_back() -> Decimal:
        line = sell(weak_shop, tills[0], a_product(price="4.00", stocked=False))
        with weak_shop.without(weak.RETURNS_LOCK):
            take_back(weak_shop, tills, line, 50)
        return ReturnedQuantity.objects.get(line_id=line["id"]).returned

    most = provoked(came_back, beyond=SOLD)
    tell(f"without {weak.RETURNS_LOCK}: {most} of {SOLD} sold came back")
    assert most > SOLD
