"""What the office may set, and what it may not, because every till computes with it."""

import json

import pytest
from django.test import Client

from inventory.models import TaxPercent, TaxRate
from people.models import StoreRules
from people.permissions import Role
from regalpos import ids
from sales.forms import parse_sale
from sales.models import Tender
from sales.services.checkout import Answer, check_out
from tests.factories import a_user
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    shop = make_shop()
    shop.on_shift()
    return shop


@pytest.fixture
def admin(shop: Shop) -> Client:
    client = Client()
    admin = a_user(Role.ADMIN, shop.store)
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def sell(shop: Shop) -> Answer:
    """An oak board, by card."""
    raw = {
        "register": str(shop.till.pk),
        "lines": [{"barcode": "5390012340122", "quantity": "1"}],
        "payments": [{"tender": "card", "amount": "34.00"}],
        "shown_total": "34.00",
    }
    return check_out(sale_id=ids.new(), body=parse_sale(raw), actor=shop.actor(), source="api")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("discount_limits", []),
        ("discount_limits", {"cashier": "much"}),
        ("discount_limits", {"cashier": "101"}),
        ("barcode_patterns", 5),
        ("barcode_patterns", [21]),
    ],
)
def test_rules_that_no_till_can_read_are_not_made(
    shop: Shop, admin: Client, field: str, value: object
) -> None:
    form = {"store": str(shop.store.pk), "cash_step": "0"}
    form |= {"discount_limits": "{}", "barcode_patterns": "[]", field: json.dumps(value)}
    page = admin.post("/admin/people/storerules/add/", form)
    assert page.status_code == 200
    assert field in page.context["adminform"].form.errors
    assert StoreRules.objects.filter(store=shop.store).count() == 1
    assert sell(shop).status == 201


@pytest.mark.parametrize("parts", ["5", '{"name": "State"}', '[{"name": "State"}]', "[4]"])
def test_tax_parts_that_no_till_can_read_are_not_made(
    shop: Shop, admin: Client, parts: str
) -> None:
    rate = TaxRate.objects.get(code="B")
    form = {"rate": str(rate.pk), "percent": "20", "parts": parts, "valid_from": "2024-01-01"}
    page = admin.post("/admin/inventory/taxpercent/add/", form)
    assert "parts" in page.context["adminform"].form.errors
    assert TaxPercent.objects.filter(rate=rate).count() == 1
    assert sell(shop).status == 201


def test_tax_parts_are_named_percents(shop: Shop, admin: Client) -> None:
    parts = [{"name": "State", "percent": "4"}, {"name": "City", "percent": 4.875}]
    form = {"percent": "8.875", "parts": json.dumps(parts), "valid_from": "2024-01-01"}
    form["rate"] = str(TaxRate.objects.get(code="B").pk)
    assert admin.post("/admin/inventory/taxpercent/add/", form).status_code == 302
    assert sell(shop).content["totals"]["tax"] == "2.77"


def test_what_was_paid_in_a_tender_stays_where_it_went(shop: Shop, admin: Client) -> None:
    card = Tender.objects.get(code="card")
    form = {"name": "Card", "in_drawer": "on", "rounds": "on", "refundable": "on"}
    form |= {"position": "1", "active": "on"}
    assert sell(shop).status == 201

    answer = admin.post(f"/admin/sales/tender/{card.pk}/change/", {**form, "name": "Cards"})

    assert answer.status_code == 302
    card.refresh_from_db()
    assert (card.name, card.in_drawer, card.rounds) == ("Cards", False, False)
