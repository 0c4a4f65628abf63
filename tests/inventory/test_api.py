"""The catalogue and the shelves, for programs."""

from typing import Any

import pytest

from inventory.models import Product, StockMove
from people.models import AuditEvent, Store
from people.permissions import Role
from regalpos import ids
from tests.factories import a_product, a_store, a_user, on_hand, set_price
from tests.programs import Program, error

pytestmark = pytest.mark.django_db

ITEM = {
    "id", "sku", "name", "price", "barcodes", "tax_rate", "unit", "limited", "active", "on_hand",
}  # fmt: skip


# ---- products -----------------------------------------------------------------------------------


def test_a_product_comes_with_the_price_and_stock_of_the_store_asked_for() -> None:
    here, there = a_store("HERE"), a_store("THERE")
    milk = a_product("Milk", price="1.10", barcode="2000000000015", on_hand="12", store=here)
    set_price(milk, "1.25", store=there)
    program = Program(a_user(Role.CASHIER, here, there))

    [item] = program.get("products", store=here.pk).json()["items"]

    assert set(item) == ITEM
    assert item == {
        "id": str(milk.pk),
        "sku": milk.sku,
        "name": "Milk",
        "price": "1.10",
        "barcodes": ["2000000000015"],
        "tax_rate": "T23",
        "unit": "each",
        "limited": False,
        "active": True,
        "on_hand": "12",
    }
    elsewhere = program.get(f"products/{milk.pk}", store=there.pk).json()
    assert (elsewhere["price"], elsewhere["on_hand"]) == ("1.25", "0")


def test_without_a_store_the_only_one_of_the_asker_is_meant() -> None:
    here, there = a_store(), a_store()
    a_product("Milk", price="1.10", on_hand="2.500", store=here, unit="kg")

    [one] = Program(a_user(Role.CASHIER, here)).get("products").json()["items"]
    [two] = Program(a_user(Role.CASHIER, here, there)).get("products").json()["items"]

    assert (one["price"], one["on_hand"]) == ("1.10", "2.5")
    assert (two["price"], two["on_hand"]) == (None, None)


@pytest.mark.parametrize(
    ("currency", "amount", "markdown", "said"),
    [
        ("EUR", "2", "0", "2.00"),
        ("EUR", "2.0050", "0", "2.005"),
        ("EUR", "10", "25", "7.50"),
        ("JPY", "120", "0", "120"),
        ("KWD", "1.25", "0", "1.250"),
    ],
)
def test_a_price_is_what_one_unit_sells_for(
    currency: str, amount: str, markdown: str, said: str
) -> None:
    store = a_store(currency=currency)
    a_product(price=amount, currency=currency, markdown_percent=markdown)

    [item] = Program(a_user(Role.CASHIER, store)).get("products").json()["items"]

    assert item["price"] == said


def test_a_product_without_a_price_in_the_currency_has_none() -> None:
    store = a_store(currency="EUR")
    a_product(price="3.00", currency="USD")

    [item] = Program(a_user(Role.CASHIER, store)).get("products").json()["items"]

    assert (item["price"], item["on_hand"]) == (None, "0")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("milk", ["Oat milk", "Whole milk"]),
        ("whole", ["Whole milk"]),
        ("wohle milk", ["Whole milk"]),
        ("MLK-2", ["Oat milk"]),
        ("2000000000015", ["Whole milk"]),
        ("zzzzzz", []),
    ],
)
def test_a_product_is_found_by_name_misspelt_too_by_sku_and_by_barcode(
    search: str, found: list[str]
) -> None:
    a_product("Whole milk", barcode="2000000000015", sku="MLK-1")
    a_product("Oat milk", sku="MLK-2")
    a_product("Rye bread", sku="BRD-1")
    program = Program(a_user(Role.EMPLOYEE, a_store()))

    items = program.get("products", search=search).json()["items"]

    assert sorted(item["name"] for item in items) == found


def test_a_list_is_filtered_ordered_and_cut_in_the_database(
    django_assert_max_num_queries: Any,
) -> None:
    store = a_store()
    for name in ("Bread", "Apple", "Cheese"):
        a_product(name, sku=f"X-{name[0]}")
    a_product("Old", active=False, sku="A-OLD")
    program = Program(a_user(Role.CASHIER, store))

    def names(**query: object) -> list[str]:
        return [item["name"] for item in program.get("products", **query).json()["items"]]

    assert names(active="true") == ["Apple", "Bread", "Cheese"]
    assert names(active="false") == ["Old"]
    assert names(ordering="-name") == ["Old", "Cheese", "Bread", "Apple"]
    assert names(ordering="sku") == ["Old", "Apple", "Bread", "Cheese"]
    part = program.get("products", limit=1, offset=1, active="true").json()
    assert [item["name"] for item in part["items"]] == ["Bread"]
    assert (part["total"], part["limit"], part["offset"]) == (3, 1, 1)
    with django_assert_max_num_queries(12):
        names(store=store.pk)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"offset": -1}, "offset"),
        ({"offset": 10**12}, "offset"),
        ({"offset": 10**30}, "offset"),
        ({"ordering": "cost"}, "ordering"),
        ({"ordering": "name; DROP TABLE"}, "ordering"),
        ({"store": "1"}, "store"),
        ({"active": "perhaps"}, "active"),
        ({"search": "x" * 101}, "search"),
        ({"search": "mi\0lk"}, "search"),
        ({"category": "\0"}, "category"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_list_cannot_be_asked_is_named(query: dict[str, object], field: str) -> None:
    response = Program(a_user(Role.CASHIER, a_store())).get("products", **query)

    assert response.status_code == 422
    assert error(response)["code"] == "invalid"
    assert set(error(response)["fields"]) == {field}


def test_a_foreign_store_is_not_here() -> None:
    other = a_store()
    product = a_product()
    program = Program(a_user(Role.MANAGER, a_store()))

    for path in ("products", f"products/{product.pk}", "stock/levels"):
        for store in (other.pk, ids.new()):
            response = program.get(path, store=store)
            assert response.status_code == 404, path
            assert error(response)["code"] == "not_found"
    assert program.get(f"products/{ids.new()}").status_code == 404
    assert Program(a_user(Role.ADMIN)).get("products", store=ids.new()).status_code == 404


# ---- levels -------------------------------------------------------------------------------------


def test_levels_are_those_of_own_stores() -> None:
    own, other = a_store(), a_store()
    milk = a_product("Milk", on_hand="5", store=own)
    a_product("Bread", on_hand="7.5", store=other, unit="kg")
    employee = Program(a_user(Role.EMPLOYEE, own))

    said = employee.get("stock/levels").json()

    assert said["total"] == 1
    assert said["items"] == [
        {
            "product": str(milk.pk),
            "store": str(own.pk),
            "sku": milk.sku,
            "name": "Milk",
            "unit": "each",
            "on_hand": "5",
            "version": 1,
        }
    ]
    everywhere = Program(a_user(Role.ADMIN)).get("stock/levels", ordering="-on_hand").json()
    assert [level["on_hand"] for level in everywhere["items"]] == ["7.5", "5"]
    assert employee.get("stock/levels", search="bread").json()["total"] == 0
    assert employee.get("stock/levels", product=milk.pk, low="false").json()["total"] == 1


# ---- adjustments --------------------------------------------------------------------------------


def an_adjustment(store: Store, product: Product, /, **change: object) -> dict[str, Any]:
    body = {
        "id": str(ids.new()),
        "store": str(store.pk),
        "product": str(product.pk),
        "quantity": "-2",
        "reason": "two broke",
    }
    return {**body, **change}


def test_an_adjustment_moves_the_stock_once_however_often_it_is_sent() -> None:
    store = a_store()
    milk = a_product("Milk", on_hand="10", store=store)
    manager = Program(a_user(Role.MANAGER, store))
    body = an_adjustment(store, milk)

    first = manager.post("stock/adjustments", body)
    second = manager.post("stock/adjustments", {**body, "quantity": -2})

    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    said = first.json()
    assert (said["quantity"], said["on_hand"], said["reason"]) == ("-2", "8", "two broke")
    assert second.status_code == 200
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json() == said
    assert on_hand(milk, store) == 8
    assert StockMove.objects.filter(source_id=body["id"]).count() == 1


def test_another_adjustment_under_the_same_id_is_refused_by_field() -> None:
    store = a_store()
    milk = a_product("Milk", on_hand="10", store=store)
    manager = Program(a_user(Role.MANAGER, store))
    body = an_adjustment(store, milk)
    manager.post("stock/adjustments", body)

    response = manager.post("stock/adjustments", {**body, "quantity": "-3"})

    assert response.status_code == 422
    assert error(response)["code"] == "body_mismatch"
    assert set(error(response)["fields"]) == {"quantity"}
    assert on_hand(milk, store) == 8


def test_limited_goods_are_not_adjusted_below_nothing() -> None:
    store = a_store()
    milk = a_product("Milk", on_hand="1", store=store, limited=True)

    response = Program(a_user(Role.MANAGER, store)).post(
        "stock/adjustments", an_adjustment(store, milk)
    )

    assert response.status_code == 409
    assert error(response)["code"] == "out_of_stock"
    assert error(response)["products"][0]["product"] == str(milk.pk)
    assert on_hand(milk, store) == 1


@pytest.mark.parametrize("role", [Role.CASHIER, Role.EMPLOYEE])
def test_only_office_roles_adjust(role: Role) -> None:
    store = a_store()
    milk = a_product("Milk", on_hand="10", store=store)

    response = Program(a_user(role, store)).post("stock/adjustments", an_adjustment(store, milk))

    assert response.status_code == 403
    assert error(response)["code"] == "forbidden"
    assert on_hand(milk, store) == 10
    assert not AuditEvent.objects.filter(action="stock.adjusted").exists()


def test_a_foreign_store_and_an_unknown_product_are_not_here() -> None:
    own, other = a_store(), a_store()
    milk = a_product("Milk", on_hand="10", store=other)
    manager = Program(a_user(Role.MANAGER, own))

    for body in (
        an_adjustment(other, milk),
        an_adjustment(other, milk, quantity="nothing", colour="red"),  # 404 before 422
        an_adjustment(own, milk, product=str(ids.new())),
    ):
        assert manager.post("stock/adjustments", body).status_code == 404
    assert on_hand(milk, other) == 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": "1.5"}, "quantity"),
        ({"quantity": "1000000000000"}, "quantity"),
        ({"quantity": 10**12}, "quantity"),
        ({"quantity": "1e3"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": "r" * 201}, "reason"),
        ({"reason": "bell\u0007"}, "reason"),
        ({"reason": "card 4111 1111 1111 1111"}, "reason"),
        ({"id": "1"}, "id"),
        ({"product": 7}, "product"),
        ({"store": None}, "store"),
        ({"who": "me"}, "who"),
    ],
)
def test_an_adjustment_that_cannot_be_meant_writes_nothing(
    change: dict[str, object], field: str
) -> None:
    store = a_store()
    milk = a_product("Milk", on_hand="10", store=store)

    response = Program(a_user(Role.MANAGER, store)).post(
        "stock/adjustments", an_adjustment(store, milk, **change)
    )

    assert response.status_code == 422
    assert error(response)["code"] == "invalid"
    assert set(error(response)["fields"]) == {field}
    assert on_hand(milk, store) == 10
