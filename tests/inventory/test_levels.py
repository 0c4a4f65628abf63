"""Stock levels on a tablet, and their correction."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from inventory.models import Product, StockLevel, StockMove, StockRule
from people.models import AuditEvent, Store
from people.permissions import Role
from regalpos import ids
from tests.factories import a_level, a_product, a_store, on_hand

type SignedIn = Callable[..., Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shelves(harbour: Store, mill: Store) -> list[Product]:
    """Plenty of bread, little oil, no candles here but 22 elsewhere."""
    bread = a_product("Rye sourdough", sku="BK-0003")
    a_level(bread, harbour, "31")
    oil = a_product("Olive oil 500 ml", sku="GR-0120")
    a_level(oil, harbour, "3")
    StockRule.objects.create(
        product=oil, store=harbour, reorder_point=6, reorder_to=24, bin="Shelf B1"
    )
    candle = a_product("Beeswax candle", sku="HM-0077")
    StockRule.objects.create(product=candle, store=harbour, reorder_point=2, reorder_to=10)
    a_level(candle, mill, "22")
    return [bread, oil, candle]


def names(page: str) -> list[str]:
    return [name for name in ("Beeswax candle", "Olive oil", "Rye sourdough") if name in page]


def test_the_list_shows_what_is_on_the_shelves(signed_in: SignedIn, shelves: list[Product]) -> None:
    response = signed_in(Role.EMPLOYEE).get("/stock/levels/")
    page = response.content.decode()
    assert response.status_code == 200
    assert names(page) == ["Beeswax candle", "Olive oil", "Rye sourdough"]
    assert f'id="stock-{shelves[0].pk}" data-version="1"' in page
    assert "None left" in page
    assert "22 at " in page
    assert "order at 6" in page
    assert 'data-url="/ws/stock/HS/?language=en"' in page


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("all", ["Beeswax candle", "Olive oil", "Rye sourdough"]),
        ("low", ["Beeswax candle", "Olive oil"]),
        ("none", ["Beeswax candle"]),
        ("nonsense", ["Beeswax candle", "Olive oil", "Rye sourdough"]),
    ],
)
def test_a_filter_narrows_the_list(
    signed_in: SignedIn, shelves: list[Product], show: str, shown: list[str]
) -> None:
    page = signed_in(Role.EMPLOYEE).get("/stock/levels/", {"show": show}).content.decode()
    assert names(page) == shown


@pytest.mark.parametrize("text", ["olive", "oilve oil", "GR-0120", "gr-01", "shelf b1"])
def test_a_product_is_found_by_name_sku_or_shelf(
    signed_in: SignedIn, shelves: list[Product], text: str
) -> None:
    page = signed_in(Role.EMPLOYEE).get("/stock/levels/", {"q": text}).content.decode()
    assert names(page) == ["Olive oil"]


def test_a_swap_gets_the_list_and_its_filters_alone(
    signed_in: SignedIn, shelves: list[Product]
) -> None:
    response = signed_in(Role.EMPLOYEE).get("/stock/levels/", headers=HTMX)
    page = response.content.decode()
    assert 'id="stock-list"' in page
    assert 'id="stock-filters"' in page
    assert "<html" not in page
    assert "HX-Request" in response.headers["Vary"]


def test_pages_follow_each_other_by_name(
    signed_in: SignedIn, harbour: Store, settings: Any
) -> None:
    settings.PAGE_SIZE = 2
    goods = [a_product(name) for name in ("eel", "Ant", "cow", "Bee", "dog")]
    browser = signed_in(Role.EMPLOYEE)

    def page(**query: Any) -> list[str]:
        text = browser.get("/stock/levels/", {"store": "HS", **query}).content.decode()
        return [name for name in ("Ant", "Bee", "cow", "dog", "eel") if f">{name}</a>" in text]

    assert page() == ["Ant", "Bee"]
    assert page(after=str(goods[3].pk)) == ["cow", "dog"]
    assert page(after=str(goods[4].pk)) == ["eel"]
    assert page(before=str(goods[0].pk)) == ["cow", "dog"]
    assert page(before=str(goods[2].pk)) == ["Ant", "Bee"]


def test_a_foreign_or_unknown_store_is_not_here(
    signed_in: SignedIn, shelves: list[Product]
) -> None:
    browser = signed_in(Role.EMPLOYEE)
    for code in ("ML", "NOWHERE", "\x00", "x" * 500):
        assert browser.get("/stock/levels/", {"store": code}).status_code == 404
        assert browser.get("/stock/levels/GR-0120/", {"store": code}).status_code == 404
        assert browser.get("/stock/receive/", {"store": code}).status_code == 404


def test_an_admin_sees_every_store(signed_in: SignedIn, shelves: list[Product]) -> None:
    page = signed_in(Role.ADMIN).get("/stock/levels/", {"store": "ML"}).content.decode()
    assert 'value="22' in page


@pytest.mark.parametrize("query", [{"after": "x"}, {"before": str(ids.new())[:-1]}])
def test_a_page_after_nothing_is_not_here(
    signed_in: SignedIn, harbour: Store, query: dict[str, str]
) -> None:
    assert signed_in(Role.EMPLOYEE).get("/stock/levels/", query).status_code == 404


def test_strangers_are_sent_to_the_sign_in(harbour: Store) -> None:
    response = Client().get("/stock/levels/")
    assert (response.status_code, response.headers["Location"][:16]) == (302, "/accounts/login/")
    swapped = Client().get("/stock/levels/", headers=HTMX)
    assert swapped.status_code == 401


def test_the_stock_room_opens_on_its_levels(signed_in: SignedIn, harbour: Store) -> None:
    browser = signed_in(Role.EMPLOYEE)
    assert browser.get("/stock/").headers["Location"] == "/stock/levels/"
    low = browser.get("/stock/low/", {"store": "HS"}).headers["Location"]
    assert low == "/stock/levels/?store=HS&show=low"


def test_one_product_shows_its_movements_and_the_other_stores(
    signed_in: SignedIn, shelves: list[Product]
) -> None:
    page = signed_in(Role.EMPLOYEE).get("/stock/levels/GR-0120/").content.decode()
    assert "Received" in page
    assert "+3" in page
    assert "Average cost" not in page  # An employee sees no money.
    assert "Correct the level" not in page
    page = signed_in(Role.MANAGER).get("/stock/levels/GR-0120/").content.decode()
    assert "Average cost" in page
    assert "Correct the level" in page
    beside = signed_in(Role.MANAGER).get("/stock/levels/GR-0120/", headers=HTMX)
    assert "<html" not in beside.content.decode()


def test_a_sku_may_hold_any_sign(signed_in: SignedIn, harbour: Store) -> None:
    a_product("Odd", sku="a/b?c#d%e")
    page = signed_in(Role.EMPLOYEE).get("/stock/levels/").content.decode()
    assert "/stock/levels/a/b%3Fc%23d%25e/" in page
    browser = signed_in(Role.EMPLOYEE)
    assert browser.get("/stock/levels/a/b%3Fc%23d%25e/").status_code == 200
    assert browser.get("/stock/levels/unknown/").status_code == 404


def correction(**said: str) -> dict[str, str]:
    return {
        "adjustment_id": str(ids.new()),
        "way": "less",
        "quantity": "2",
        "why": "broken",
        "note": "",
        **said,
    }


def test_a_manager_corrects_a_level(
    signed_in: SignedIn, harbour: Store, shelves: list[Product]
) -> None:
    browser = signed_in(Role.MANAGER)
    sent = correction(note="fell down")
    for _again in range(2):
        response = browser.post("/stock/levels/GR-0120/adjustments/", sent, headers=HTMX)
        assert response.status_code == 200
    assert 'id="stock-item"' in response.content.decode()
    assert on_hand(shelves[1], harbour) == 1
    move = StockMove.objects.get(kind="adjustment")
    assert (move.quantity, move.reason) == (-2, "Broken: fell down")
    assert AuditEvent.objects.filter(action="stock.adjusted").count() == 1


@pytest.mark.parametrize(
    "said",
    [
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "1.5"},
        {"quantity": "1000000000000"},
        {"quantity": "two"},
        {"quantity": ""},
        {"why": "fun"},
        {"why": "other"},
        {"way": "sideways"},
        {"adjustment_id": "7"},
        {"note": "x" * 151},
    ],
)
def test_a_correction_that_cannot_be_meant_changes_nothing(
    signed_in: SignedIn, harbour: Store, shelves: list[Product], said: dict[str, str]
) -> None:
    browser = signed_in(Role.MANAGER)
    url = "/stock/levels/GR-0120/adjustments/"
    response = browser.post(url, correction(**said), headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'id="stock-item"' in page
    assert "error" in page
    assert on_hand(shelves[1], harbour) == 3
    assert not StockMove.objects.filter(kind="adjustment").exists()


def test_a_limited_product_cannot_be_corrected_below_zero(
    signed_in: SignedIn, harbour: Store
) -> None:
    honey = a_product("Honey", sku="HO-1", limited=True)
    a_level(honey, harbour, "1")
    browser = signed_in(Role.MANAGER)
    response = browser.post("/stock/levels/HO-1/adjustments/", correction(), headers=HTMX)
    assert response.status_code == 409
    assert "not that much left" in response.content.decode()
    assert on_hand(honey, harbour) == 1


@pytest.mark.parametrize("role", [Role.CASHIER, Role.EMPLOYEE])
def test_who_may_not_adjust_changes_nothing(
    signed_in: SignedIn, harbour: Store, shelves: list[Product], role: Role
) -> None:
    browser = signed_in(role)
    response = browser.post("/stock/levels/GR-0120/adjustments/", correction())
    assert response.status_code == 403
    assert on_hand(shelves[1], harbour) == 3


def test_a_manager_of_another_store_changes_nothing(
    signed_in: SignedIn, harbour: Store, shelves: list[Product]
) -> None:
    browser = signed_in(Role.MANAGER, a_store("XX"))
    url = "/stock/levels/GR-0120/adjustments/?store=HS"
    assert browser.post(url, correction()).status_code == 404
    assert StockLevel.objects.get(product=shelves[1]).on_hand == Decimal(3)
