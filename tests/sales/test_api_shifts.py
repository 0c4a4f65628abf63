"""Registers and shifts, for programs."""

from typing import Any

import pytest

from people.permissions import Role
from regalpos import ids
from sales.models import Register, Shift
from tests.factories import (
    a_register,
    a_shift,
    a_store,
    a_user,
    an_actor,
)
from tests.programs import Program, error
from tests.sales.api_shop import REPLAYED, ApiShop, make_api_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> ApiShop:
    return make_api_shop()


def test_registers_say_which_shift_is_open_at_them(shop: ApiShop) -> None:
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
def test_stock_staff_have_no_till(shop: ApiShop, path: str) -> None:
    response = Program(a_user(Role.EMPLOYEE, shop.store)).get(path)

    assert response.status_code == 403
    assert error(response)["code"] == "forbidden"


def test_a_shift_is_opened_once_and_closed_once(shop: ApiShop) -> None:
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


def test_another_shift_under_the_same_id_is_refused(shop: ApiShop) -> None:
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "float": "100.00"}
    shop.cashier.post("shifts", body)

    response = shop.cashier.post("shifts", {**body, "float": "50.00"})

    assert response.status_code == 422
    assert error(response)["code"] == "body_mismatch"
    assert Shift.objects.get().float_amount == 100


def test_one_drawer_per_till_and_one_till_per_person(shop: ApiShop) -> None:
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


def test_a_closed_shift_keeps_its_count(shop: ApiShop) -> None:
    shift = shop.open()
    shop.cashier.post(f"shifts/{shift.pk}/closure", {"counted": "100.00"})

    response = shop.cashier.post(f"shifts/{shift.pk}/closure", {"counted": "90.00"})

    assert response.status_code == 409
    assert error(response)["code"] == "shift_closed"
    assert Shift.objects.get().counted == 100


def test_a_drawer_is_closed_by_its_owner_or_a_manager(shop: ApiShop) -> None:
    shift = shop.open()
    count = {"counted": "100.00"}
    colleague = Program(a_user(Role.CASHIER, shop.store)).post(f"shifts/{shift.pk}/closure", count)
    employee = Program(a_user(Role.EMPLOYEE, shop.store)).post(f"shifts/{shift.pk}/closure", count)
    stranger = Program(a_user(Role.MANAGER, a_store())).post(f"shifts/{shift.pk}/closure", {})

    assert (colleague.status_code, employee.status_code, stranger.status_code) == (403, 403, 404)
    assert Shift.objects.get().closed_at is None
    manager = Program(a_user(Role.MANAGER, shop.store))
    assert manager.post(f"shifts/{shift.pk}/closure", count).status_code == 200


def test_a_cashier_sees_open_shifts_and_their_own_closed_ones(shop: ApiShop) -> None:
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
    shop: ApiShop, change: dict[str, Any], field: str
) -> None:
    body = {"id": str(ids.new()), "register": str(shop.register.pk), "float": "100.00"}

    response = shop.cashier.post("shifts", {**body, **change})

    assert response.status_code == 422
    assert set(error(response)["fields"]) == {field}
    assert not Shift.objects.exists()


def test_a_foreign_till_is_not_here_whatever_else_is_wrong(shop: ApiShop) -> None:
    foreign = a_register(a_store())

    for register in (foreign.pk, ids.new()):
        for amount in ("100.00", 5):
            body = {"id": str(ids.new()), "register": str(register), "float": amount}
            assert shop.cashier.post("shifts", body).status_code == 404
    assert not Shift.objects.exists()
