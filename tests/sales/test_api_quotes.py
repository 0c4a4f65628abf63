"""Bills that stand for five minutes, for programs."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import StockHold
from regalpos import ids
from sales.models import Quote
from tests.factories import (
    a_product,
    a_register,
    a_store,
    some_rules,
)
from tests.programs import error
from tests.sales.api_shop import REPLAYED, ApiShop, make_api_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> ApiShop:
    return make_api_shop()


def test_a_quote_is_a_bill_that_a_sale_can_present(shop: ApiShop) -> None:
    shop.open()
    some_rules(shop.store, cash_step=Decimal("0.05"))
    lines = [{"barcode": "2000000000015", "quantity": 2}]

    response = shop.cashier.post("quotes", {"register": str(shop.register.pk), "lines": lines})

    assert response.status_code == 201
    quote = response.json()
    assert (quote["total"], quote["cash_payable"], quote["currency"]) == ("2.46", "2.45", "EUR")
    [line] = quote["lines"]
    assert (line["product"], line["quantity"], line["unit_price"]) == (
        str(shop.milk.pk), "2", "1.23",
    )  # fmt: skip
    assert (line["net"], line["tax"], line["total"]) == ("2.00", "0.46", "2.46")
    assert quote["valid_until"] > timezone.now().isoformat()
    sold = shop.sell(
        quote=quote["id"],
        lines=lines,
        shown_total=quote["total"],
        payments=[{"tender": "cash", "amount": quote["cash_payable"]}],
    )
    assert sold.status_code == 201, sold.content
    assert sold.json()["totals"]["rounding"] == "-0.01"


def test_a_quote_with_an_id_is_made_once(shop: ApiShop) -> None:
    lines = [{"product": str(shop.milk.pk), "quantity": "2"}]
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "lines": lines}

    first, again = shop.cashier.post("quotes", body), shop.cashier.post("quotes", body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers[REPLAYED] == "true"
    assert first.json() == again.json()
    assert Quote.objects.count() == 1


def test_a_quote_holds_limited_goods(shop: ApiShop) -> None:
    lamp = a_product("Lamp", price="10.00", limited=True, on_hand="1", store=shop.store)
    lines = [{"product": str(lamp.pk), "quantity": "1"}]
    body = {"register": str(shop.register.pk), "lines": lines}
    assert shop.cashier.post("quotes", body).status_code == 201

    response = shop.cashier.post("quotes", body)

    assert response.status_code == 409
    assert error(response)["code"] == "out_of_stock"
    assert error(response)["products"] == [{"product": str(lamp.pk), "on_hand": "0"}]
    assert StockHold.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"quantity": "1"}]}, "lines.0.product"),
        ({"payments": []}, "payments"),
        ({"discounts": [{"percent": "10"}]}, "discounts"),
        ({"id": "1"}, "id"),
    ],
)
def test_a_quote_that_cannot_be_meant_is_not_made(
    shop: ApiShop, change: dict[str, Any], field: str
) -> None:
    lines = [{"product": str(shop.milk.pk), "quantity": "2"}]
    body = {"register": str(shop.register.pk), "lines": lines}

    response = shop.cashier.post("quotes", {**body, **change})

    assert response.status_code == 422
    assert set(error(response)["fields"]) == {field}
    assert not Quote.objects.exists()


def test_a_quote_at_a_foreign_till_is_not_made(shop: ApiShop) -> None:
    foreign = a_register(a_store())

    for lines in ([{"product": str(shop.milk.pk), "quantity": "2"}], []):
        response = shop.cashier.post("quotes", {"register": str(foreign.pk), "lines": lines})
        assert response.status_code == 404
    assert not Quote.objects.exists()
