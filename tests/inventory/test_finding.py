"""A product is found by what somebody types or scans."""

import pytest
from django.db import connection

from inventory.models import Product
from tests.factories import a_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    a_product("Rye sourdough 800 g", sku="BK-0003", barcode="5390012340108")
    a_product("Rye crisps", sku="BK-0004", barcode="036000291452")
    a_product("Oat milk 1 l", sku="DR-0014", barcode="00017")
    a_product("Éclair au café", sku="BK-0100")
    a_product("Carrier bag 100% paper", sku="NF_0001", price=None)
    a_product("Batteries AA", sku="17")


def found(text: str) -> list[str]:
    products = Product.objects.matching(text)
    names = products if products.query.order_by else products.by_name()
    return [product.sku for product in names]


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        # A code is exactly one product.
        ("5390012340108", ["BK-0003"]),
        ("05390012340108", ["BK-0003"]),  # GTIN-14
        (" 5390012340108\r\n", ["BK-0003"]),
        ("036000291452", ["BK-0004"]),  # UPC-A
        ("0036000291452", ["BK-0004"]),  # the same can, as EAN-13
        ("00017", ["DR-0014"]),  # The shop's own code: its zeros count ...
        ("17", ["17"]),  # ... so this is a SKU, and not that code.
        ("bk-0003", ["BK-0003"]),
        # The beginning of a name or SKU, even of one letter.
        ("r", ["BK-0004", "BK-0003"]),
        ("ry", ["BK-0004", "BK-0003"]),
        ("BK-00", ["BK-0004", "BK-0003"]),
        # Words anywhere, in any order.
        ("sourdough", ["BK-0003"]),
        ("800 rye", ["BK-0003"]),
        ("milk oat", ["DR-0014"]),
        ("CAFÉ", ["BK-0100"]),
        # What a database would take for a wildcard is a sign like any other.
        ("100%", ["NF_0001"]),
        ("%%%", []),
        ("___", []),
        # Misspelt.
        ("sourdogh", ["BK-0003"]),
        ("ot milk", ["DR-0014"]),
        ("bateries", ["17"]),
        # Nothing like it.
        ("zucchini", []),
        ("xq", []),
    ],
)
def test_a_product_is_found_by_code_name_or_something_like_it(text: str, skus: list[str]) -> None:
    assert found(text) == skus
    assert [product.sku for product in Product.objects.best(text, 20)] == skus


@pytest.mark.parametrize("text", ["", "   ", "\x00\x01\n", "\u202e"])
def test_nothing_typed_narrows_nothing(text: str) -> None:
    assert len(found(text)) == 6
    assert Product.objects.best(text, 20) == []


def test_long_and_strange_text_finds_nothing_and_harms_nothing() -> None:
    for text in ("x" * 10_000, "\U0001f35e", "\uffdc", "' OR 1=1 --", "\\", "(((", "z" * 99 + "%"):
        assert found(text) == []
    for text in ("a\U0010ffff", "\U0010ffff", "\ud7ff"):
        assert list(Product.objects.starting(text)) == []


def test_names_that_begin_with_it_come_before_names_that_hold_it() -> None:
    a_product("Milk chocolate", sku="CH-1")
    skus = [product.sku for product in Product.objects.best("milk", 20)]
    assert skus == ["CH-1", "DR-0014"]
    assert [product.sku for product in Product.objects.best("milk", 1)] == ["CH-1"]


def test_a_narrowed_catalogue_stays_narrowed() -> None:
    Product.objects.filter(sku="BK-0003").update(active=False)
    on_sale = Product.objects.on_sale()
    assert not on_sale.matching("5390012340108").exists()
    assert [p.sku for p in on_sale.matching("rye")] == ["BK-0004"]
    # Misspelt, and the only thing like it is off sale.
    assert not on_sale.matching("sourdogh").exists()


@pytest.mark.parametrize(
    ("queryset", "index"),
    [
        (lambda: Product.objects.starting("rye").by_name(), "product_by_name"),
        (
            lambda: Product.objects.filter(pk__isnull=False).holding("dough"),
            "product_name_trigrams",
        ),
        (lambda: Product.objects.like("sourdogh"), "product_name_trigrams"),
    ],
)
def test_each_way_has_its_index(queryset: object, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = queryset().explain()  # type: ignore[operator]
    assert index in plan
