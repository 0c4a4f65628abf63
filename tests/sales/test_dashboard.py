"""The day so far: true for each store, in its own clock and currency, for those who see money."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Product, StockRule
from people.access import Actor
from people.models import Store
from people.permissions import Role
from regalpos import ids
from sales.forms import parse_sale
from sales.models import Register, Sale
from sales.reports.today import Today, read_today
from sales.services.checkout import check_out
from tests.factories import (
    a_cashier,
    a_level,
    a_manager,
    a_product,
    a_register,
    a_shift,
    a_store,
    a_user,
    an_admin,
    set_price,
)

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def harbour() -> Store:
    return a_store("HS")


@pytest.fixture
def mill() -> Store:
    return a_store("ML", currency="GBP")


@pytest.fixture
def milk(harbour: Store, mill: Store) -> Product:
    milk = a_product("Oat milk", price="2.00")
    set_price(milk, "3.00", "GBP")
    for store in (harbour, mill):
        a_level(milk, store, "50")
    return milk


@pytest.fixture
def till(harbour: Store) -> Register:
    return a_register(harbour, 1)


@pytest.fixture
def ana(harbour: Store, till: Register) -> Actor:
    """A cashier with a shift at the till of Harbour Street."""
    ana = a_cashier(harbour)
    a_shift(till, ana)
    return ana


def sell(actor: Actor, register: Register, product: Product, quantity: int, total: str) -> Sale:
    said = {
        "register": str(register.pk),
        "lines": [{"product": str(product.pk), "quantity": str(quantity)}],
        "payments": [{"tender": "cash", "amount": total}],
        "shown_total": total,
    }
    sale_id = ids.new()
    answer = check_out(sale_id=sale_id, body=parse_sale(said), actor=actor, source="api")
    assert answer.state == "posted", answer
    return Sale.objects.get(pk=sale_id)


def take_back(actor: Actor, register: Register, sale: Sale, total: str) -> None:
    line = {
        "returns": str(sale.lines.get().pk), "quantity": "-1",
        "reason": "sour", "disposition": "write_off",
    }  # fmt: skip
    said = {
        "register": str(register.pk), "lines": [line], "shown_total": f"-{total}",
        "payments": [{"tender": "cash", "amount": f"-{total}"}],
    }  # fmt: skip
    answer = check_out(sale_id=ids.new(), body=parse_sale(said), actor=actor, source="api")
    assert answer.state == "posted", answer


def look(actor: Actor, at: datetime | None = None) -> Today:
    return read_today(actor, at or timezone.now())


def test_takings_are_what_was_paid_less_what_was_paid_back(
    harbour: Store, till: Register, ana: Actor, milk: Product
) -> None:
    sold = sell(ana, till, milk, 3, "6.00")
    sell(ana, till, milk, 1, "2.00")
    take_back(ana, till, sold, "2.00")
    (day,) = look(a_manager(harbour)).days
    assert (day.takings, day.sales, day.refunded, day.refunds) == (D("6.000"), 2, D("2.000"), 1)
    assert day.average == D("4.00")


def test_a_day_without_sales_is_zero_and_has_no_average(harbour: Store) -> None:
    (day,) = look(a_manager(harbour)).days
    assert (day.takings, day.sales, day.refunded, day.refunds) == (D("0"), 0, D("0"), 0)
    assert (day.average, day.change) == (None, None)


def test_stores_are_never_added_up(
    harbour: Store, mill: Store, till: Register, ana: Actor, milk: Product
) -> None:
    sell(ana, till, milk, 1, "2.00")
    far_till, ewa = a_register(mill, 1), a_cashier(mill)
    a_shift(far_till, ewa)
    sell(ewa, far_till, milk, 1, "3.00")
    days = look(an_admin()).days
    assert [(day.store.code, day.takings) for day in days] == [("HS", D("2")), ("ML", D("3"))]


def test_a_manager_sees_nothing_of_another_store(
    harbour: Store, mill: Store, till: Register, ana: Actor, milk: Product
) -> None:
    sell(ana, till, milk, 1, "2.00")
    StockRule.objects.create(product=milk, store=harbour, reorder_point=90, reorder_to=100)
    seen = look(a_manager(mill))
    assert [day.store.code for day in seen.days] == ["ML"]
    assert [day.takings for day in seen.days] == [D("0")]
    assert (seen.tills, seen.low, seen.low_count, seen.last) == ([], [], 0, [])


def test_the_day_begins_at_the_stores_own_hour(
    harbour: Store, till: Register, ana: Actor, milk: Product
) -> None:
    sold = sell(ana, till, milk, 1, "2.00")
    zone = ZoneInfo(harbour.time_zone)
    end = datetime.combine(sold.business_day + timedelta(days=1), time(harbour.day_ends_at), zone)
    before, after = end - timedelta(microseconds=1), end
    manager = a_manager(harbour)
    assert [day.takings for day in look(manager, before).days] == [D("2.000")]
    assert [day.takings for day in look(manager, after).days] == [D("0")]


def test_last_week_counts_until_the_same_time(
    harbour: Store, till: Register, ana: Actor, milk: Product
) -> None:
    sold = sell(ana, till, milk, 1, "2.00")
    week = timedelta(days=7)
    manager = a_manager(harbour)
    (later,) = look(manager, sold.occurred_at + week + timedelta(seconds=1)).days
    assert (later.takings, later.takings_then, later.sales_then) == (D("0"), D("2"), 1)
    assert (later.change, later.fall) == (D("-1"), D("1"))
    (earlier,) = look(manager, sold.occurred_at + week - timedelta(seconds=1)).days
    assert (earlier.takings_then, earlier.change) == (D("0"), None)


def test_tills_say_who_is_at_them_and_what_they_took(
    harbour: Store, till: Register, ana: Actor, milk: Product
) -> None:
    a_register(harbour, 2)
    a_register(harbour, 99, kind="office")
    sell(ana, till, milk, 2, "4.00")
    first, second = look(a_manager(harbour)).tills
    assert first.shift is not None
    assert (first.shift.cashier.pk, first.sales, first.takings) == (ana.user_id, 1, D("4.000"))
    assert (second.name, second.shift, second.sales) == ("Till 2", None, 0)


def test_low_stock_is_by_the_stores_own_rule_and_the_worst_first(
    harbour: Store, mill: Store, milk: Product
) -> None:
    bread = a_product("Bread", on_hand="1", store=harbour)
    gone = a_product("Gone", on_hand="1", store=harbour, active=False)
    plenty = a_product("Plenty", on_hand="9", store=harbour)
    for product, store, point, up_to in (
        (milk, harbour, 50, 80), (milk, mill, 10, 20), (bread, harbour, 20, 30),
        (gone, harbour, 20, 30), (plenty, harbour, 8, 30),
    ):  # fmt: skip
        StockRule.objects.create(
            product=product, store=store, reorder_point=point, reorder_to=up_to
        )
    seen = look(a_manager(harbour, mill))
    assert [(item.name, item.store.code, item.to_order) for item in seen.low] == [
        ("Bread", "HS", D("29")),
        ("Oat milk", "HS", D("30")),
    ]
    assert seen.low_count == 2


def test_the_last_sales_come_first(
    harbour: Store, till: Register, ana: Actor, milk: Product
) -> None:
    first, second = (sell(ana, till, milk, 1, "2.00") for _ in range(2))
    assert [row.sale for row in look(a_manager(harbour)).last] == [second, first]


def test_it_takes_as_many_queries_for_nine_stores_as_for_one(
    django_assert_num_queries: Any, harbour: Store
) -> None:
    one, many = a_manager(harbour), a_manager(*(a_store() for _ in range(9)))
    for actor in (one, many):
        with django_assert_num_queries(8):
            look(actor)


class TestScreen:
    @pytest.fixture
    def desk(self, harbour: Store) -> Callable[[Role], Client]:
        def desk(role: Role) -> Client:
            client = Client()
            client.force_login(a_user(role, harbour))
            return client

        return desk

    def test_the_page_says_it_in_the_stores_money_and_time(
        self,
        desk: Callable[[Role], Client],
        harbour: Store,
        till: Register,
        ana: Actor,
        milk: Product,
    ) -> None:
        sold = sell(ana, till, milk, 3, "6.00")
        answer = desk(Role.MANAGER).get("/dashboard/")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "€6.00" in page
        assert sold.receipt_number in page
        assert f"/till/receipts/{sold.pk}/" in page

    def test_what_runs_low_leads_to_its_own_page(
        self, desk: Callable[[Role], Client], harbour: Store
    ) -> None:
        bread = a_product("Bread", on_hand="1", store=harbour)
        StockRule.objects.create(product=bread, store=harbour, reorder_point=20, reorder_to=30)

        page = desk(Role.MANAGER).get("/dashboard/").content.decode()

        assert f'href="/products/{bread.sku}/"' in page
        assert desk(Role.MANAGER).get(f"/products/{bread.sku}/").status_code == 200

    def test_an_empty_shop_is_shown_what_will_stand_there(
        self, desk: Callable[[Role], Client], harbour: Store
    ) -> None:
        page = desk(Role.MANAGER).get("/dashboard/").content.decode()
        assert "Nothing sold yet" in page
        assert "Nothing runs low" in page
        assert "No till yet." in page

    def test_an_admin_before_the_first_store_is_told_so(self) -> None:
        client = Client()
        client.force_login(a_user(Role.ADMIN))
        assert "No store yet" in client.get("/dashboard/").content.decode()

    @pytest.mark.parametrize("role", [Role.CASHIER, Role.EMPLOYEE])
    def test_it_is_not_for_those_who_may_not_see_money(
        self, desk: Callable[[Role], Client], role: Role
    ) -> None:
        assert desk(role).get("/dashboard/").status_code == 403
