"""Goods arrive: found, listed, posted once."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from inventory.models import Barcode, Product, StockLevel, StockMove
from people.models import Store
from people.permissions import Role
from regalpos import ids
from tests.factories import a_product, on_hand

type SignedIn = Callable[..., Client]
HTMX = {"HX-Request": "true"}
URL = "/stock/receive/"


@pytest.fixture
def bread(harbour: Store) -> Product:
    return a_product("Rye sourdough", sku="BK-0003", barcode="036000291452")


def found(browser: Client, text: str) -> str:
    return browser.get("/stock/receive/found/", {"store": "HS", "q": text}).content.decode()


def test_a_scan_finds_one_product_for_the_list(signed_in: SignedIn, bread: Product) -> None:
    Barcode.objects.create(product=bread, code="CASE-6", quantity=6)
    browser = signed_in(Role.EMPLOYEE)
    for code in ("036000291452", "0036000291452", "bk-0003"):
        page = found(browser, code)
        assert f'id="line-{bread.pk}" data-each="1"' in page
    assert f'id="line-{bread.pk}" data-each="6"' in found(browser, "CASE-6")
    assert "Cost of one" not in page  # An employee sees no money.
    assert "Cost of one" in found(signed_in(Role.MANAGER), "BK-0003")


def test_a_name_finds_products_to_choose_from(signed_in: SignedIn, bread: Product) -> None:
    browser = signed_in(Role.EMPLOYEE)
    assert 'data-choose="BK-0003"' in found(browser, "rye")
    assert 'data-choose="BK-0003"' in found(browser, "sourdogh")
    missed = found(browser, "<b>4711</b>")
    assert "data-miss" in missed
    assert "&lt;b&gt;4711" in missed


def test_services_do_not_arrive(signed_in: SignedIn, harbour: Store) -> None:
    a_product("Gift wrapping", sku="SV-1", stocked=False)
    browser = signed_in(Role.EMPLOYEE)
    assert "data-miss" in found(browser, "SV-1")
    assert "data-miss" in found(browser, "gift")


def delivery(*lines: tuple[Any, str, str], **more: Any) -> dict[str, Any]:
    return {
        "receipt_id": str(ids.new()),
        "product": [str(product) for product, _quantity, _cost in lines],
        "quantity": [quantity for _product, quantity, _cost in lines],
        "unit_cost": [cost for _product, _quantity, cost in lines],
        "note": "Baker",
        **more,
    }


def test_what_is_on_the_list_is_put_on_the_shelf_once(
    signed_in: SignedIn, harbour: Store, bread: Product
) -> None:
    oil = a_product("Olive oil", unit="l")
    browser = signed_in(Role.EMPLOYEE)
    page = browser.get(URL).content.decode()
    assert "What has arrived?" in page
    sent = delivery((bread.pk, "12", "2.05"), (oil.pk, "0.5", ""))
    for _again in range(2):
        response = browser.post(f"{URL}?store=HS", sent, headers=HTMX)
        answer = response.content.decode()
        assert response.status_code == 200
        assert "2 lines are on the shelf" in answer
        assert sent["receipt_id"] not in answer  # The next delivery has an id of its own.
    assert (on_hand(bread, harbour), on_hand(oil, harbour)) == (12, Decimal("0.5"))
    assert StockLevel.objects.get(product=bread).average_cost == Decimal("2.05")
    assert StockMove.objects.count() == 2


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        ("0", ""),
        ("-1", ""),
        ("1.5", ""),
        ("1000000000000", ""),
        ("1e12", ""),
        ("x", ""),
        ("", ""),
        ("NaN", ""),
        ("1", "-1"),
        ("1", "x"),
        ("1", "0.00001"),
        ("\x00", ""),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_in_its_place(
    signed_in: SignedIn, harbour: Store, bread: Product, quantity: str, cost: str
) -> None:
    good = a_product("Olive oil")
    sent = delivery((good.pk, "3", "1.00"), (bread.pk, quantity, cost))
    response = signed_in(Role.MANAGER).post(URL, sent, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert sent["receipt_id"] in page  # The same delivery, still to be posted.
    assert 'value="3"' in page
    assert page.count('role="alert"') == 1
    assert page.count("item-miss") == 1
    assert not StockMove.objects.exists()


def test_an_empty_list_and_a_changed_delivery_are_refused(
    signed_in: SignedIn, harbour: Store, bread: Product
) -> None:
    browser = signed_in(Role.EMPLOYEE)
    empty = browser.post(URL, delivery(), headers=HTMX)
    assert empty.status_code == 422
    assert "nothing is on the list" in empty.content.decode()
    sent = delivery((bread.pk, "12", ""))
    browser.post(URL, sent, headers=HTMX)
    changed = browser.post(URL, {**sent, "quantity": ["13"]}, headers=HTMX)
    assert changed.status_code == 422
    assert on_hand(bread, harbour) == 12


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"receipt_id": "7"}, 404),
        ({"product": ["x"]}, 404),
        ({"product": [str(ids.new())]}, 404),
        ({"quantity": []}, 422),
        ({"product": [str(ids.new())] * 501}, 422),
    ],
)
def test_a_delivery_that_makes_no_sense_changes_nothing(
    signed_in: SignedIn, bread: Product, sent: dict[str, Any], status: int
) -> None:
    whole = delivery((bread.pk, "1", "")) | sent
    assert signed_in(Role.EMPLOYEE).post(URL, whole).status_code == status
    assert not StockMove.objects.exists()


def test_a_cashier_receives_nothing(signed_in: SignedIn, bread: Product) -> None:
    browser = signed_in(Role.CASHIER)
    assert browser.get(URL).status_code == 403
    assert browser.post(URL, delivery((bread.pk, "1", ""))).status_code == 403
    assert not StockMove.objects.exists()


def test_nothing_is_received_into_a_foreign_store(
    signed_in: SignedIn, bread: Product, mill: Store
) -> None:
    browser = signed_in(Role.EMPLOYEE)
    sent = delivery((bread.pk, "1", ""))
    assert browser.post(f"{URL}?store=ML", sent).status_code == 404
    assert browser.get("/stock/receive/found/", {"store": "ML", "q": "rye"}).status_code == 404
    assert not StockMove.objects.exists()
