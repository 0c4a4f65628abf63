"""Selling by a program: registers, shifts, quotes, and the checkout contract over HTTP."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Product, StockHold
from people.models import Store, User
from people.permissions import Role
from regalpos import ids
from regalpos.errors import Busy
from sales.models import JournalRecord, Quote, Register, Sale, SaleAttempt, Shift
from sales.services.checkout import Answer, InProgress
from tests.factories import (
    a_level,
    a_product,
    a_register,
    a_shift,
    a_store,
    a_user,
    an_actor,
    on_hand,
    some_rules,
    some_tenders,
)
from tests.programs import Program, error

pytestmark = pytest.mark.django_db

REPLAYED = "Idempotent-Replayed"


@dataclass
class Shop:
    """A store with a till, a cashier who is signed in by token, and milk at 1.23 with 23 % tax."""

    store: Store
    register: Register
    user: User
    cashier: Program
    milk: Product

    def open(self, float_amount: str = "100.00") -> Shift:
        return a_shift(self.register, an_actor(self.user), float_amount)

    def body(self, **change: Any) -> dict[str, Any]:
        sale = {
            "register": str(self.register.pk),
            "lines": [{"product": str(self.milk.pk), "quantity": "2"}],
            "payments": [{"tender": "cash", "amount": "5.00"}],
            "shown_total": "2.46",
        }
        return {**sale, **change}

    def sell(self, sale_id: object = None, **change: Any) -> Any:
        return self.cashier.put(f"sales/{sale_id or ids.new()}", self.body(**change))


@pytest.fixture
def shop() -> Shop:
    store = a_store("HS")
    user = a_user(Role.CASHIER, store)
    some_tenders()
    milk = a_product("Milk", price="1.23", barcode="2000000000015", on_hand="20", store=store)
    return Shop(store, a_register(store), user, Program(user), milk)


def nothing_was_sold(shop: Shop) -> bool:
    assert not Sale.objects.exists()
    assert not SaleAttempt.objects.exists()
    assert not JournalRecord.objects.filter(series="sale").exists()
    return on_hand(shop.milk, shop.store) == 20


# ---- registers ----------------------------------------------------------------------------------


def test_registers_say_which_shift_is_open_at_them(shop: Shop) -> None:
    second = a_register(shop.store)
    a_register(shop.store, kind="office")
    a_register(a_store())
    shift = shop.open()

    said = shop.cashier.get("registers").json()

    assert said["items"] == [
        {
            "id": str(shop.register.pk),
            "number": 1,
            "store": str(shop.store.pk),
            "name": "Till 1",
            "open_shift": str(shift.pk),
        },
        {
            "id": str(second.pk),
            "number": 2,
            "store": str(shop.store.pk),
            "name": "Till 2",
            "open_shift": None,
        },
    ]
    assert (said["total"], said["limit"], said["offset"]) == (2, 50, 0)
    assert Program(a_user(Role.ADMIN)).get("registers").json()["total"] == 3
    assert shop.cashier.get("registers", store=a_store().pk).status_code == 404


@pytest.mark.parametrize("path", ["registers", "shifts"])
def test_stock_staff_have_no_till(shop: Shop, path: str) -> None:
    response = Program(a_user(Role.EMPLOYEE, shop.store)).get(path)

    assert response.status_code == 403
    assert error(response)["code"] == "forbidden"


# ---- shifts -------------------------------------------------------------------------------------


def test_a_shift_is_opened_once_and_closed_once(shop: Shop) -> None:
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "float": "100.00"}

    first = shop.cashier.post("shifts", body)
    again = shop.cashier.post("shifts", body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    said = first.json()
    assert said == again.json()
    assert (said["id"], said["register"], said["float"]) == (body["id"], body["register"], "100.00")
    assert (said["cashier"], said["currency"]) == (str(shop.user.pk), "EUR")
    assert (said["closed_at"], said["expected"], said["variance"]) == (None, None, None)
    assert shop.cashier.get("shifts", open="true").json()["items"] == [said]
    assert shop.cashier.get("shifts", open="false").json()["total"] == 0

    count = {"counted": "99.50", "reason": "short of coins"}
    closed = shop.cashier.post(f"shifts/{body['id']}/closure", count)
    repeated = shop.cashier.post(f"shifts/{body['id']}/closure", count)

    assert (closed.status_code, repeated.status_code) == (200, 200)
    assert repeated.headers[REPLAYED] == "true"
    said = closed.json()
    assert said == repeated.json() == shop.cashier.get(f"shifts/{body['id']}").json()
    assert (said["expected"], said["counted"], said["variance"]) == ("100.00", "99.50", "-0.50")
    assert (said["z_number"], said["reason"]) == (1, "short of coins")
    assert shop.cashier.get("shifts", open="true").json()["total"] == 0


def test_another_shift_under_the_same_id_is_refused(shop: Shop) -> None:
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "float": "100.00"}
    shop.cashier.post("shifts", body)

    response = shop.cashier.post("shifts", {**body, "float": "50.00"})

    assert response.status_code == 422
    assert error(response)["code"] == "body_mismatch"
    assert Shift.objects.get().float_amount == 100


def test_one_drawer_per_till_and_one_till_per_person(shop: Shop) -> None:
    shop.open()
    colleague = Program(a_user(Role.CASHIER, shop.store))
    second = a_register(shop.store)

    def opening(register: Register) -> dict[str, str]:
        return {"id": str(ids.new()), "register": str(register.pk), "float": "0"}

    taken = colleague.post("shifts", opening(shop.register))
    elsewhere = shop.cashier.post("shifts", opening(second))

    assert (taken.status_code, error(taken)["code"]) == (409, "register_taken")
    assert (elsewhere.status_code, error(elsewhere)["code"]) == (409, "already_on_shift")
    assert Shift.objects.count() == 1


def test_a_closed_shift_keeps_its_count(shop: Shop) -> None:
    shift = shop.open()
    shop.cashier.post(f"shifts/{shift.pk}/closure", {"counted": "100.00"})

    response = shop.cashier.post(f"shifts/{shift.pk}/closure", {"counted": "90.00"})

    assert response.status_code == 409
    assert error(response)["code"] == "shift_closed"
    assert Shift.objects.get().counted == 100


def test_a_drawer_is_closed_by_its_owner_or_a_manager(shop: Shop) -> None:
    shift = shop.open()
    count = {"counted": "100.00"}
    colleague = Program(a_user(Role.CASHIER, shop.store)).post(f"shifts/{shift.pk}/closure", count)
    employee = Program(a_user(Role.EMPLOYEE, shop.store)).post(f"shifts/{shift.pk}/closure", count)
    stranger = Program(a_user(Role.MANAGER, a_store())).post(f"shifts/{shift.pk}/closure", {})

    assert (colleague.status_code, employee.status_code, stranger.status_code) == (403, 403, 404)
    assert Shift.objects.get().closed_at is None
    manager = Program(a_user(Role.MANAGER, shop.store))
    assert manager.post(f"shifts/{shift.pk}/closure", count).status_code == 200


def test_a_cashier_sees_open_shifts_and_their_own_closed_ones(shop: Shop) -> None:
    mine = shop.open()
    shop.cashier.post(f"shifts/{mine.pk}/closure", {"counted": "100.00"})
    colleague = a_user(Role.CASHIER, shop.store)
    theirs = a_shift(shop.register, an_actor(colleague))
    Program(colleague).post(f"shifts/{theirs.pk}/closure", {"counted": "100.00"})
    open_one = a_shift(shop.register, an_actor(colleague))

    def seen(program: Program) -> set[str]:
        return {shift["id"] for shift in program.get("shifts").json()["items"]}

    assert seen(shop.cashier) == {str(mine.pk), str(open_one.pk)}
    assert seen(Program(a_user(Role.MANAGER, shop.store))) == {
        str(mine.pk),
        str(theirs.pk),
        str(open_one.pk),
    }
    assert seen(Program(a_user(Role.MANAGER, a_store()))) == set()
    assert shop.cashier.get(f"shifts/{theirs.pk}").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"float": "-1"}, "float"),
        ({"float": 100}, "float"),
        ({"float": 10.5}, "float"),
        ({"float": "10.005"}, "float"),
        ({"float": "1000000000000"}, "float"),
        ({"float": ""}, "float"),
        ({"register": "till-1"}, "register"),
        ({"id": None}, "id"),
        ({"cashier": "me"}, "cashier"),
    ],
)
def test_a_shift_that_cannot_be_meant_is_not_opened(
    shop: Shop, change: dict[str, Any], field: str
) -> None:
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "float": "100.00"}

    response = shop.cashier.post("shifts", {**body, **change})

    assert response.status_code == 422
    assert set(error(response)["fields"]) == {field}
    assert not Shift.objects.exists()


def test_a_foreign_till_is_not_here_whatever_else_is_wrong(shop: Shop) -> None:
    foreign = a_register(a_store())

    for register in (foreign.pk, ids.new()):
        for amount in ("100.00", 5):
            body = {"id": str(ids.new()), "register": str(register), "float": amount}
            assert shop.cashier.post("shifts", body).status_code == 404
    assert not Shift.objects.exists()


# ---- quotes -------------------------------------------------------------------------------------


def test_a_quote_is_a_bill_that_a_sale_can_present(shop: Shop) -> None:
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


def test_a_quote_with_an_id_is_made_once(shop: Shop) -> None:
    lines = [{"product": str(shop.milk.pk), "quantity": "2"}]
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "lines": lines}

    first, again = shop.cashier.post("quotes", body), shop.cashier.post("quotes", body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers[REPLAYED] == "true"
    assert first.json() == again.json()
    assert Quote.objects.count() == 1


def test_a_quote_holds_limited_goods(shop: Shop) -> None:
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
    shop: Shop, change: dict[str, Any], field: str
) -> None:
    lines = [{"product": str(shop.milk.pk), "quantity": "2"}]
    body = {"register": str(shop.register.pk), "lines": lines}

    response = shop.cashier.post("quotes", {**body, **change})

    assert response.status_code == 422
    assert set(error(response)["fields"]) == {field}
    assert not Quote.objects.exists()


def test_a_quote_at_a_foreign_till_is_not_made(shop: Shop) -> None:
    foreign = a_register(a_store())

    for lines in ([{"product": str(shop.milk.pk), "quantity": "2"}], []):
        response = shop.cashier.post("quotes", {"register": str(foreign.pk), "lines": lines})
        assert response.status_code == 404
    assert not Quote.objects.exists()


# ---- sales --------------------------------------------------------------------------------------


def test_a_sale_is_posted_and_says_what_the_receipt_says(shop: Shop) -> None:
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


def test_the_same_sale_again_is_the_same_answer(shop: Shop) -> None:
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


def test_another_sale_under_the_same_id_is_refused_by_field(shop: Shop) -> None:
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


def test_a_refusal_is_final_for_its_id_and_carries_the_facts(shop: Shop) -> None:
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
    shop: Shop, change: dict[str, Any], code: str, fact: tuple[str, str] | None
) -> None:
    shop.open()

    response = shop.sell(**change)

    assert response.status_code == 409
    assert error(response)["code"] == code
    if fact:
        assert error(response)[fact[0]] == fact[1]
    assert not Sale.objects.exists()
    assert on_hand(shop.milk, shop.store) == 20


def test_limited_goods_are_not_oversold(shop: Shop) -> None:
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


def test_without_an_open_shift_nothing_is_sold(shop: Shop) -> None:
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
    shop: Shop, change: dict[str, Any], field: str
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


def test_a_foreign_till_sells_nothing_and_is_not_here(shop: Shop) -> None:
    shop.open()
    foreign = a_register(a_store())

    for register in (str(foreign.pk), str(ids.new())):
        assert shop.sell(register=register).status_code == 404
        assert shop.sell(register=register, lines=[], tax="0").status_code == 404
    assert nothing_was_sold(shop)


def test_stock_staff_do_not_sell_and_are_told_before_what_is_wrong(shop: Shop) -> None:
    shop.open()
    employee = Program(a_user(Role.EMPLOYEE, shop.store))

    for body in (shop.body(), {"lines": "all"}):
        response = employee.put(f"sales/{ids.new()}", body)
        assert response.status_code == 403
    assert employee.get(f"sales/{ids.new()}").status_code == 403
    assert employee.put(f"sales/{ids.new()}/abandon").status_code == 403
    assert nothing_was_sold(shop)


def test_another_persons_sale_cannot_be_taken_over(shop: Shop) -> None:
    shop.open()
    sale_id = ids.new()
    shop.sell(sale_id)
    colleague = Program(a_user(Role.CASHIER, shop.store))
    stranger = Program(a_user(Role.MANAGER, a_store()))

    assert colleague.put(f"sales/{sale_id}", shop.body()).status_code == 404
    response = stranger.get(f"sales/{sale_id}")
    assert response.status_code == 404
    assert error(response)["code"] == "unknown"


def test_what_became_of_a_sale_can_be_asked(shop: Shop) -> None:
    shop.open()
    sale_id = ids.new()
    before = shop.cashier.get(f"sales/{sale_id}")
    posted = shop.sell(sale_id).json()

    after = shop.cashier.get(f"sales/{sale_id}")

    assert (before.status_code, error(before)["code"]) == (404, "unknown")
    assert after.status_code == 200
    assert after.json() == {"state": "posted", **posted}


def test_a_twin_in_flight_is_asked_to_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def still_posting(**_asked: object) -> Answer:
        raise InProgress

    shop.open()
    monkeypatch.setattr("sales.api.sales.check_out", still_posting)

    response = shop.sell()

    assert (response.status_code, error(response)["code"]) == (409, "in_progress")
    assert response.headers["Retry-After"] == "1"
    assert REPLAYED not in response.headers


def test_when_the_database_does_not_answer_the_outcome_is_unknown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**_asked: object) -> Answer:
        raise Busy(retry_after=2)

    shop.open()
    monkeypatch.setattr("sales.api.sales.check_out", lost)

    response = shop.sell()

    assert (response.status_code, error(response)["code"]) == (503, "busy")
    assert response.headers["Retry-After"] == "2"


# ---- giving up ----------------------------------------------------------------------------------


def test_a_sale_given_up_is_never_posted(shop: Shop) -> None:
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


def test_a_posted_sale_cannot_be_given_up(shop: Shop) -> None:
    shop.open()
    sale_id = ids.new()
    posted = shop.sell(sale_id).json()

    response = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": str(shop.register.pk)})

    assert response.status_code == 409
    assert error(response)["code"] == "already_posted"
    assert error(response)["sale"] == posted
    assert shop.cashier.get(f"sales/{sale_id}").json()["state"] == "posted"


def test_giving_up_a_refused_sale_leaves_it_refused(shop: Shop) -> None:
    shop.open()
    sale_id = ids.new()
    shop.sell(sale_id, shown_total="1.00")

    response = shop.cashier.put(f"sales/{sale_id}/abandon", {})

    assert (response.status_code, response.json()["state"]) == (200, "refused")


def test_giving_up_at_a_foreign_till_changes_nothing(shop: Shop) -> None:
    foreign = a_register(a_store())
    sale_id = ids.new()

    response = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": str(foreign.pk)})
    wrong = shop.cashier.put(f"sales/{sale_id}/abandon", {"register": "1"})

    assert (response.status_code, wrong.status_code) == (404, 422)
    assert not SaleAttempt.objects.exists()


# ---- coming back --------------------------------------------------------------------------------


def test_goods_come_back_by_the_line_they_were_sold_on(shop: Shop) -> None:
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
    shop: Shop, change: dict[str, Any], field: str
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
