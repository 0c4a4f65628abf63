"""The checkout contract over HTTP."""

from typing import Any

import pytest

from people.permissions import Role
from regalpos import ids
from regalpos.errors import Busy
from sales.models import JournalRecord, Sale, SaleAttempt
from sales.services.checkout import Answer, InProgress
from tests.factories import (
    a_level,
    a_product,
    a_register,
    a_store,
    a_user,
    on_hand,
)
from tests.programs import Program, error
from tests.sales.api_shop import REPLAYED, ApiShop, make_api_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> ApiShop:
    return make_api_shop()


def nothing_was_sold(shop: ApiShop) -> bool:
    assert not Sale.objects.exists()
    assert not SaleAttempt.objects.exists()
    assert not JournalRecord.objects.filter(series="sale").exists()
    return on_hand(shop.milk, shop.store) == 20


def test_a_sale_is_posted_and_says_what_the_receipt_says(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()

    response = shop.sell(sale_id)

    assert response.status_code == 201
    assert REPLAYED not in response.headers
    said = response.json()
    sale = Sale.objects.get()
    assert said["id"] == str(sale_id) == str(sale.pk)
    assert said["receipt_number"] == sale.receipt_number
    assert (said["kind"], said["currency"], said["change"]) == ("sale", "EUR", "2.54")
    assert said["totals"]["total"] == "2.46"
    assert said["payments"][0]["tender"] == "cash"
    assert said["lines"][0]["total"] == "2.46"
    record = JournalRecord.objects.get(series="sale")
    assert said["journal"] == {"seq": record.seq, "hash": record.hash}
    assert on_hand(shop.milk, shop.store) == 18


def test_the_same_sale_again_is_the_same_answer(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()
    first = shop.sell(sale_id)
    otherwise_written = [{"quantity": "2.000", "product": str(shop.milk.pk).upper()}]

    again = shop.sell(sale_id)
    same_meaning = shop.sell(sale_id, lines=otherwise_written, shown_total="2.460", customer=None)

    for response in (again, same_meaning):
        assert response.status_code == 200
        assert response.headers[REPLAYED] == "true"
        assert response.json() == first.json()
    assert Sale.objects.count() == 1
    assert on_hand(shop.milk, shop.store) == 18


def test_another_sale_under_the_same_id_is_refused_by_field(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()
    shop.sell(sale_id)

    response = shop.sell(
        sale_id,
        lines=[{"product": str(shop.milk.pk), "quantity": "3"}],
        shown_total="3.69",
    )

    assert response.status_code == 422
    assert error(response)["code"] == "body_mismatch"
    assert set(error(response)["fields"]) == {"lines.0.quantity", "shown_total"}
    assert Sale.objects.count() == 1


def test_a_refusal_is_final_for_its_id_and_carries_the_facts(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()

    first = shop.sell(sale_id, shown_total="2.00")
    again = shop.sell(sale_id, shown_total="2.00")

    assert (first.status_code, again.status_code) == (409, 409)
    assert error(first)["code"] == "total_changed"
    assert error(first)["total"] == "2.46"
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert {**error(again), "request_id": ""} == {**error(first), "request_id": ""}
    assert not Sale.objects.exists()
    assert on_hand(shop.milk, shop.store) == 20
    found = shop.cashier.get(f"sales/{sale_id}").json()
    assert (found["state"], found["code"], found["total"]) == ("refused", "total_changed", "2.46")
    assert shop.sell(ids.new()).status_code == 201


@pytest.mark.parametrize(
    ("change", "code", "fact"),
    [
        ({"payments": [{"tender": "cash", "amount": "2.00"}]}, "underpaid", ("due", "0.46")),
        ({"payments": []}, "underpaid", ("due", "2.46")),
        ({"payments": [{"tender": "card", "amount": "3.00"}]}, "overpaid", ("over", "0.54")),
        ({"lines": [{"barcode": "0000", "quantity": "1"}]}, "unknown_product", None),
        ({"lines": [{"product": str(ids.new()), "quantity": "1"}]}, "unknown_product", None),
    ],
)
def test_a_business_refusal_sells_nothing(
    shop: ApiShop, change: dict[str, Any], code: str, fact: tuple[str, str] | None
) -> None:
    shop.open()

    response = shop.sell(**change)

    assert response.status_code == 409
    assert error(response)["code"] == code
    if fact:
        assert error(response)[fact[0]] == fact[1]
    assert not Sale.objects.exists()
    assert on_hand(shop.milk, shop.store) == 20


def test_limited_goods_are_not_oversold(shop: ApiShop) -> None:
    shop.open()
    lamp = a_product("Lamp", price="10.00", limited=True)
    a_level(lamp, shop.store, "1")

    response = shop.sell(
        lines=[{"product": str(lamp.pk), "quantity": "2"}],
        shown_total="20.00",
        payments=[{"tender": "card", "amount": "20.00"}],
    )

    assert response.status_code == 409
    assert error(response)["code"] == "out_of_stock"
    assert error(response)["products"] == [{"product": str(lamp.pk), "on_hand": "1"}]


def test_without_an_open_shift_nothing_is_sold(shop: ApiShop) -> None:
    response = shop.sell()

    assert response.status_code == 409
    assert error(response)["code"] == "shift_closed"
    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "1"}] * 500}, "lines"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "0"}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "-1"}]}, "lines.0.quantity"),
        (
            {"lines": [{"barcode": "2000000000015", "quantity": "1000000000000"}]},
            "lines.0.quantity",
        ),
        ({"lines": [{"barcode": "2000000000015", "quantity": 10**12}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "0.0001"}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "2000000000015", "quantity": 1.0}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "NaN"}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "1.5"}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "x" * 65, "quantity": "1"}]}, "lines.0.barcode"),
        ({"lines": [{"barcode": "20\u000700", "quantity": "1"}]}, "lines.0.barcode"),
        ({"lines": [{"quantity": "1"}]}, "lines.0.product"),
        ({"lines": [{"barcode": "2000000000015"}]}, "lines.0.quantity"),
        ({"lines": [{"barcode": "2000000000015", "quantity": "1", "tax": "0"}]}, "lines.0.tax"),
        ({"lines": {"0": {}}}, "lines"),
        ({"payments": [{"tender": "shells", "amount": "2.46"}]}, "payments.0.tender"),
        ({"payments": [{"tender": "CASH!", "amount": "2.46"}]}, "payments.0.tender"),
        ({"payments": [{"tender": "cash", "amount": 5}]}, "payments.0.amount"),
        ({"payments": [{"tender": "cash", "amount": 2.46}]}, "payments.0.amount"),
        ({"payments": [{"tender": "cash", "amount": "5.00 EUR"}]}, "payments.0.amount"),
        (
            {"payments": [{"tender": "card", "amount": "2.46", "reference": "4111111111111111"}]},
            "payments.0.reference",
        ),
        ({"payments": [{"tender": "cash", "amount": "1"}] * 21}, "payments"),
        ({"shown_total": None}, "shown_total"),
        ({"shown_total": 2.46}, "shown_total"),
        ({"shown_total": "2.46", "total": "0.01"}, "total"),
        ({"customer": "walk-in"}, "customer"),
        ({"customer": str(ids.new())}, "customer"),
        ({"salesman": str(ids.new())}, "salesman"),
        ({"quote": str(ids.new())}, "quote"),
        ({"register": None}, "register"),
        ({"approvals": "all"}, "approvals"),
    ],
)
def test_a_sale_that_cannot_be_meant_leaves_its_id_free(
    shop: ApiShop, change: dict[str, Any], field: str
) -> None:
    shop.open()
    sale_id = ids.new()

    response = shop.sell(sale_id, **change)

    assert response.status_code == 422
    assert error(response)["code"] == "invalid"
    assert set(error(response)["fields"]) == {field}
    assert nothing_was_sold(shop)
    assert shop.cashier.get(f"sales/{sale_id}").status_code == 404
    assert shop.sell(sale_id).status_code == 201


def test_a_foreign_till_sells_nothing_and_is_not_here(shop: ApiShop) -> None:
    shop.open()
    foreign = a_register(a_store())

    for register in (str(foreign.pk), str(ids.new())):
        assert shop.sell(register=register).status_code == 404
        assert shop.sell(register=register, lines=[], tax="0").status_code == 404
    assert nothing_was_sold(shop)


def test_stock_staff_do_not_sell_and_are_told_before_what_is_wrong(shop: ApiShop) -> None:
    shop.open()
    employee = Program(a_user(Role.EMPLOYEE, shop.store))

    for body in (shop.body(), {"lines": "all"}):
        response = employee.put(f"sales/{ids.new()}", body)
        assert response.status_code == 403
    assert employee.get(f"sales/{ids.new()}").status_code == 403
    assert employee.put(f"sales/{ids.new()}/abandon").status_code == 403
    assert nothing_was_sold(shop)


def test_another_persons_sale_cannot_be_taken_over(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()
    shop.sell(sale_id)
    colleague = Program(a_user(Role.CASHIER, shop.store))
    stranger = Program(a_user(Role.MANAGER, a_store()))

    assert colleague.put(f"sales/{sale_id}", shop.body()).status_code == 404
    response = stranger.get(f"sales/{sale_id}")
    assert response.status_code == 404
    assert error(response)["code"] == "unknown"


def test_what_became_of_a_sale_can_be_asked(shop: ApiShop) -> None:
    shop.open()
    sale_id = ids.new()
    before = shop.cashier.get(f"sales/{sale_id}")
    posted = shop.sell(sale_id).json()

    after = shop.cashier.get(f"sales/{sale_id}")

    assert (before.status_code, error(before)["code"]) == (404, "unknown")
    assert after.status_code == 200
    assert after.json() == {"state": "posted", **posted}


def test_a_twin_in_flight_is_asked_to_wait(shop: ApiShop, monkeypatch: pytest.MonkeyPatch) -> None:
    def still_posting(**_asked: object) -> Answer:
        raise InProgress

    shop.open()
    monkeypatch.setattr("sales.api.sales.check_out", still_posting)

    response = shop.sell()

    assert (response.status_code, error(response)["code"]) == (409, "in_progress")
    assert response.headers["Retry-After"] == "1"
    assert REPLAYED not in response.headers


def test_when_the_database_does_not_answer_the_outcome_is_unknown(
    shop: ApiShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**_asked: object) -> Answer:
        raise Busy(retry_after=2)

    shop.open()
    monkeypatch.setattr("sales.api.sales.check_out", lost)

    response = shop.sell()

    assert (response.status_code, error(response)["code"]) == (503, "busy")
    assert response.headers["Retry-After"] == "2"
