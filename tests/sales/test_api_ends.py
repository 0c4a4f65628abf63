"""How a sale ends that was given up, and how goods come back, over HTTP."""

from typing import Any

import pytest

from regalpos import ids
from sales.models import Sale, SaleAttempt
from tests.factories import (
    a_register,
    a_store,
    on_hand,
)
from tests.programs import error
from tests.sales.api_shop import REPLAYED, ApiShop, make_api_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> ApiShop:
    return make_api_shop()


def test_a_sale_given_up_is_never_posted(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()

    given_up = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": str(shop.register.pk)})
    again = shop.cashier.send("PUT", f"sales/{sale_id}/abandon")
    late = shop.sell(sale_id)

    assert (given_up.status_code, given_up.json()["state"]) == (200, "abandoned")
    assert (again.status_code, again.headers[REPLAYED]) == (200, "true")
    assert (late.status_code, error(late)["code"]) == (410, "abandoned")
    assert shop.cashier.get(f"sales/{sale_id}").json()["state"] == "abandoned"
    assert not Sale.objects.exists()
    assert on_hand(shop.milk, shop.store) == 20


def test_a_posted_sale_cannot_be_given_up(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()
    posted = shop.sell(sale_id).json()

    response = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": str(shop.register.pk)})

    assert response.status_code == 409
    assert error(response)["code"] == "already_posted"
    assert error(response)["sale"] == posted
    assert shop.cashier.get(f"sales/{sale_id}").json()["state"] == "posted"


def test_giving_up_a_refused_sale_leaves_it_refused(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()
    shop.sell(sale_id, shown_total="1.00")

    response = shop.cashier.put(f"sales/{sale_id}/abandon", {})

    assert (response.status_code, response.json()["state"]) == (200, "refused")


def test_giving_up_at_a_foreign_till_changes_nothing(shop: ApiShop) -> None:
    foreign = a_register(a_store())
    sale_id = ids.new()

    response = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": str(foreign.pk)})
    wrong = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": "1"})

    assert (response.status_code, wrong.status_code) == (404, 422)
    assert not SaleAttempt.objects.exists()


def test_goods_come_back_by_the_line_they_were_sold_on(shop: ApiShop) -> None:
    shop.open()
    sold = shop.sell().json()
    line = {
        "returns": sold["lines"][0]["id"],
        "quantity": "-1",
        "reason": "sour",
        "disposition": "restock",
    }
    body = {
        "lines": [line],
        "payments": [{"tender": "cash", "amount": "-1.23"}],
        "shown_total": "-1.23",
    }

    response = shop.sell(**body)

    assert response.status_code == 201, response.content
    assert response.json()["kind"] == "return"
    assert response.json()["totals"]["total"] == "-1.23"
    assert on_hand(shop.milk, shop.store) == 19
    too_many = shop.sell(**{**body, "lines": [{**line, "quantity": "-2"}]})
    assert too_many.status_code == 422
    assert set(error(too_many)["fields"]) == {"lines.0.quantity"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "1"}, "lines.0.quantity"),
        ({"reason": ""}, "lines.0.reason"),
        ({"reason": "r" * 201}, "lines.0.reason"),
        ({"disposition": "eaten"}, "lines.0.disposition"),
        ({"barcode": "2000000000015"}, "lines.0.returns"),
        ({"price": {"amount": "9.99", "reason": "kind"}}, "lines.0.returns"),
        ({"returns": str(ids.new())}, "lines.0.returns"),
    ],
)
def test_a_return_that_cannot_be_meant_gives_nothing_back(
    shop: ApiShop, change: dict[str, Any], field: str
) -> None:
    shop.open()
    sold = shop.sell().json()
    line = {"returns": sold["lines"][0]["id"], "quantity": "-1", "reason": "sour"}

    response = shop.sell(
        lines=[{**line, **change}],
        payments=[{"tender": "cash", "amount": "-1.23"}],
        shown_total="-1.23",
    )

    assert response.status_code == 422
    assert set(error(response)["fields"]) == {field}
    assert Sale.objects.count() == 1
    assert on_hand(shop.milk, shop.store) == 18
