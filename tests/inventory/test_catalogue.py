"""Products, their codes and their prices."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from inventory.forms import ProductDetails
from inventory.models import Barcode, Price, Product, StockLevel
from inventory.services.catalogue import (
    BelowZero,
    StillOnShelf,
    add_barcode,
    add_product,
    change_product,
    prices_of,
    remove_barcode,
    retire_product,
    set_price,
)
from inventory.services.stock import adjust_stock, ensure_levels
from people.access import Actor
from people.models import AuditEvent, Store
from regalpos import ids
from regalpos.errors import BodyMismatch, Invalid, NotHere
from tests.factories import a_level, a_product, a_tax


def details(**said: Any) -> ProductDetails:
    return ProductDetails(**{"name": "Rye sourdough", "tax_rate_id": a_tax().pk, **said})


def trail(product: Product, action: str) -> tuple[Any, Any]:
    event = AuditEvent.objects.get(subject_id=str(product.pk), action=action)
    return event.before, event.after


def test_a_product_is_added_once(manager: Actor) -> None:
    key = ids.new()
    sent = details(markdown_percent=Decimal("5"), limited=True)
    product = add_product(product_id=key, sku=" BK-0003 ", details=sent, actor=manager)
    assert (product.pk, product.sku, product.limited, product.active) == (
        key,
        "BK-0003",
        True,
        True,
    )
    assert add_product(product_id=key, sku="BK-0003", details=sent, actor=manager).pk == key
    assert Product.objects.count() == 1
    before, after = trail(product, "product.added")
    assert before is None
    assert (after["sku"], after["markdown_percent"]) == ("BK-0003", "5.000")


def test_the_same_id_with_other_content_is_refused(manager: Actor) -> None:
    key = ids.new()
    add_product(product_id=key, sku="BK-0003", details=details(), actor=manager)
    with pytest.raises(BodyMismatch) as refusal:
        add_product(product_id=key, sku="BK-3", details=details(name="Rye"), actor=manager)
    assert list(refusal.value.fields) == ["name", "sku"]
    assert Product.objects.get().name == "Rye sourdough"


@pytest.mark.parametrize(
    ("sku", "said", "field"),
    [
        ("", {}, "sku"),
        ("has space", {}, "sku"),
        ("bk-0003", {}, "sku"),  # Taken: case does not tell two products apart.
        ("x" * 51, {}, "sku"),
        ("OK-1", {"name": ""}, "name"),
        ("OK-1", {"name": "x" * 101}, "name"),
        ("OK-1", {"name": "a\x00b"}, "name"),
        ("OK-1", {"tax_rate_id": ids.new()}, "tax_rate"),
        ("OK-1", {"category_id": ids.new()}, "category"),
        ("OK-1", {"markdown_percent": Decimal(101)}, "markdown_percent"),
        ("OK-1", {"unit": "lb"}, "unit"),
    ],
)
def test_a_product_that_cannot_be_is_refused(
    manager: Actor, sku: str, said: dict[str, Any], field: str
) -> None:
    a_product("Taken", sku="BK-0003", price=None)
    with pytest.raises(Invalid) as refusal:
        add_product(product_id=ids.new(), sku=sku, details=details(**said), actor=manager)
    assert list(refusal.value.fields) == [field]
    assert Product.objects.count() == 1
    assert not AuditEvent.objects.filter(action="product.added").exists()


def test_a_change_records_what_was_and_what_is(manager: Actor) -> None:
    product = add_product(product_id=ids.new(), sku="A", details=details(), actor=manager)
    changed = details(name="Rye sourdough 800 g", markdown_percent=Decimal("0.000"))
    change_product(product_id=product.pk, details=changed, actor=manager)
    change_product(product_id=product.pk, details=changed, actor=manager)  # Changes nothing more.
    assert trail(product, "product.changed") == (
        {"name": "Rye sourdough"},
        {"name": "Rye sourdough 800 g"},
    )
    assert Product.objects.get().sku == "A"


def test_a_product_that_becomes_limited_makes_its_levels_strict(
    harbour: Store, mill: Store, manager: Actor
) -> None:
    product = add_product(product_id=ids.new(), sku="A", details=details(), actor=manager)
    a_level(product, harbour, "2")
    ensure_levels(mill.pk, [product.pk])
    limited = details(limited=True)
    change_product(product_id=product.pk, details=limited, actor=manager)
    assert set(StockLevel.objects.values_list("strict", flat=True)) == {True}
    change_product(product_id=product.pk, details=replace(limited, limited=False), actor=manager)
    assert set(StockLevel.objects.values_list("strict", flat=True)) == {False}


def test_what_is_owed_somewhere_cannot_become_limited(harbour: Store, manager: Actor) -> None:
    product = add_product(product_id=ids.new(), sku="A", details=details(), actor=manager)
    adjust_stock(
        adjustment_id=ids.new(),
        store_id=harbour.pk,
        product_id=product.pk,
        quantity=Decimal(-3),
        reason="sold before it came",
        actor=manager,
    )
    with pytest.raises(BelowZero) as refusal:
        change_product(product_id=product.pk, details=details(limited=True), actor=manager)
    assert refusal.value.facts == {"stores": [{"store": harbour.name, "on_hand": "-3"}]}
    assert Product.objects.get().limited is False
    assert StockLevel.objects.get().strict is False


def test_what_lies_on_a_shelf_stays_kept_in_stock(harbour: Store, manager: Actor) -> None:
    product = add_product(product_id=ids.new(), sku="A", details=details(), actor=manager)
    a_level(product, harbour, "3")
    with pytest.raises(StillOnShelf):
        change_product(product_id=product.pk, details=details(stocked=False), actor=manager)
    assert Product.objects.get().stocked is True


def test_a_unit_stays_once_something_moved_by_it(harbour: Store, manager: Actor) -> None:
    product = add_product(product_id=ids.new(), sku="A", details=details(), actor=manager)
    change_product(product_id=product.pk, details=details(unit="kg"), actor=manager)
    a_level(product, harbour, "1.500")
    with pytest.raises(Invalid) as refusal:
        change_product(product_id=product.pk, details=details(unit="each"), actor=manager)
    assert list(refusal.value.fields) == ["unit"]
    assert Product.objects.get().unit == "kg"


def test_a_retired_product_stays_on_record(manager: Actor) -> None:
    product = a_product()
    retire_product(product_id=product.pk, actor=manager)
    retire_product(product_id=product.pk, actor=manager)
    assert Product.objects.get().active is False
    assert trail(product, "product.retired") == ({"active": True}, {"active": False})


def price(product: Product, amount: str, actor: Actor, **said: Any) -> Price:
    given = {"price_id": ids.new(), "currency": "EUR", **said}
    return set_price(product_id=product.pk, amount=Decimal(amount), actor=actor, **given)


def test_a_new_price_is_a_new_row(harbour: Store, manager: Actor) -> None:
    product = a_product(price=None)
    price(product, "2.35", manager)
    price(product, "2.45", manager)
    assert list(Price.objects.order_by("id").values_list("amount", flat=True)) == [
        Decimal("2.3500"),
        Decimal("2.4500"),
    ]
    now = prices_of([product.pk], harbour, timezone.now())
    assert now[product.pk].amount == Decimal("2.4500")
    assert AuditEvent.objects.filter(action="price.set").count() == 2


def test_a_stores_own_price_comes_before_everybodys(
    harbour: Store, mill: Store, manager: Actor
) -> None:
    product = a_product(price=None)
    price(product, "2.00", manager, store_id=harbour.pk)
    price(product, "9.00", manager)
    at = timezone.now()
    assert prices_of([product.pk], harbour, at)[product.pk].amount == Decimal(2)
    assert prices_of([product.pk], mill, at) == {}  # Mill Lane trades in another currency.


def test_a_price_of_tomorrow_is_not_todays(harbour: Store, manager: Actor) -> None:
    product = a_product(price=None)
    at = timezone.now()
    price(product, "2.00", manager)
    price(product, "3.00", manager, valid_from=at + timedelta(days=1))
    now, then = timezone.now(), at + timedelta(days=2)
    assert prices_of([product.pk], harbour, now)[product.pk].amount == Decimal(2)
    assert prices_of([product.pk], harbour, then)[product.pk].amount == Decimal(3)


def test_the_same_price_sent_twice_is_set_once(manager: Actor) -> None:
    product = a_product(price=None)
    key = ids.new()
    price(product, "2.35", manager, price_id=key)
    price(product, "2.3500", manager, price_id=key)
    assert Price.objects.count() == 1
    with pytest.raises(BodyMismatch) as refusal:
        price(product, "2.36", manager, price_id=key)
    assert list(refusal.value.fields) == ["amount"]


@pytest.mark.parametrize(
    ("amount", "said", "field"),
    [
        ("-0.01", {}, "amount"),
        ("NaN", {}, "amount"),
        ("1e12", {}, "amount"),
        ("0.00001", {}, "amount"),
        ("1", {"currency": "XYZ"}, "currency"),
        ("1", {"currency": ""}, "currency"),
    ],
)
def test_a_price_that_cannot_be_is_refused(
    manager: Actor, amount: str, said: dict[str, Any], field: str
) -> None:
    product = a_product(price=None)
    with pytest.raises(Invalid) as refusal:
        price(product, amount, manager, **said)
    assert list(refusal.value.fields) == [field]
    assert not Price.objects.exists()


def test_a_store_has_prices_in_its_own_currency_only(harbour: Store, manager: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        price(a_product(price=None), "1", manager, store_id=harbour.pk, currency="USD")
    assert list(refusal.value.fields) == ["currency"]


def test_a_foreign_stores_price_is_not_here_to_set(mill: Store, manager: Actor) -> None:
    with pytest.raises(NotHere):
        price(a_product(price=None), "1", manager, store_id=mill.pk, currency="GBP")
    assert not Price.objects.exists()


def test_a_code_means_one_product(manager: Actor) -> None:
    bread, oil = a_product("Bread"), a_product("Oil")
    add_barcode(product_id=bread.pk, code="036000291452", actor=manager)
    add_barcode(product_id=bread.pk, code="036000291452", actor=manager)
    assert Barcode.objects.get().lookup == "00036000291452"
    with pytest.raises(Invalid) as refusal:
        # The same can, as a scanner that pads to EAN-13 reads it.
        add_barcode(product_id=oil.pk, code="0036000291452", actor=manager)
    assert refusal.value.fields == {"code": ["Bread has this code already."]}
    assert Barcode.objects.count() == 1


@pytest.mark.parametrize("code", ["", "  ", "\x00\x07", "5012345678901", "036000291453"])
def test_a_broken_code_is_refused(manager: Actor, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_barcode(product_id=a_product().pk, code=code, actor=manager)
    assert list(refusal.value.fields) == ["code"]
    assert not Barcode.objects.exists()


def test_a_shops_own_code_may_be_anything_short(manager: Actor) -> None:
    product = a_product()
    for code in ("7", "00012", "A-17/b", "12345678"):
        add_barcode(product_id=product.pk, code=code, actor=manager)
    assert list(Barcode.objects.values_list("lookup", flat=True)) == [
        "7",
        "00012",
        "A-17/b",
        "12345678",
    ]


def test_a_code_is_taken_off_again(manager: Actor) -> None:
    bread, oil = a_product("Bread", barcode="036000291452"), a_product("Oil")
    remove_barcode(product_id=oil.pk, code="036000291452", actor=manager)
    assert Barcode.objects.count() == 1
    remove_barcode(product_id=bread.pk, code="0036000291452", actor=manager)
    assert Barcode.objects.count() == 0
    assert trail(bread, "barcode.removed")[0]["code"] == "036000291452"


def test_nobody_changes_a_product_that_is_not_there(manager: Actor) -> None:
    with pytest.raises(NotHere):
        change_product(product_id=ids.new(), details=details(), actor=manager)
    with pytest.raises(NotHere):
        retire_product(product_id=ids.new(), actor=manager)
    with pytest.raises(NotHere):
        add_barcode(product_id=ids.new(), code="1", actor=manager)
