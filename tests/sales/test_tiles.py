"""The till's shelves: the tiles and tabs that plain ORM finds, in few statements."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from inventory.models import Category, Product, StockRule
from inventory.reports.shelf import ShelfRow
from sales.models import Favourite
from sales.services.till_view import Tile, find_tiles, read_screen, read_tabs, read_tiles
from tests.factories import a_product, set_price
from tests.sales.oracle import tiles as plain
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """Shelves with something of every kind on them."""
    make_tenders()
    made = make_shop()
    bakery = Category.objects.get(name="Bakery")
    Category.objects.create(name="Nothing in it")
    first = Category.objects.create(name="Zinc", position=0)
    last = Category.objects.create(name="Ales", position=9)
    for name, category in (("Oak board", first), ("Old lamp", first), ("Beeswax candle", last)):
        made.product(name).category = category
        made.product(name).save()
    rye = made.product("Rye sourdough")
    for number, name in enumerate(("Café au lait", "apple", "Brioche", "Zebra", "Écl%air"), 20):
        roll = a_product(name, price="1.005", category=bakery, markdown_percent=Decimal(10))
        Favourite.objects.create(store=made.store, number=number, product=roll)
        made.products[name] = roll
    a_product("Not for money", price=None, category=bakery)
    a_product("A service", category=bakery, stocked=False, limited=True)
    Favourite.objects.create(store=made.store, number=2, product=made.product("Old lamp"))
    Favourite.objects.create(store=made.other, number=1, product=rye)
    made.stock("Brioche", "3")
    made.stock("Zebra", "0")
    made.stock("Zebra", "4", made.other)
    made.stock("Beeswax candle", "0")
    limits = {"reorder_point": Decimal(4), "reorder_to": Decimal(9)}
    for name in ("Brioche", "apple"):
        StockRule.objects.create(product=made.product(name), store=made.store, bin="B1", **limits)
    set_price(rye, "5.50", store=made.store)
    set_price(rye, "9.99", store=made.other)
    set_price(rye, "7.77", currency="GBP")
    price = set_price(rye, "99.00")
    type(price).objects.bulk_create(
        [
            type(price)(
                product=rye,
                store=made.store,
                currency="EUR",
                amount=Decimal(1),
                valid_from=timezone.now() + timedelta(days=1),
            )
        ]
    )
    return made


def without_others(tile: Tile) -> Tile:
    """A tile shows no other store's figures."""
    return tile if tile.shelf is None else replace(tile, shelf=replace(tile.shelf, elsewhere=()))


def test_tabs_are_the_favourites_and_what_has_something_to_sell(shop: Shop) -> None:
    tabs = read_tabs(shop.store)
    assert [tab.name for tab in tabs] == ["Favourites", "Bakery", "Zinc", "Ales"]
    for store in (shop.store, shop.other):
        assert read_tabs(store) == plain.read_tabs(store)


def test_a_store_without_favourites_has_no_tab_for_them(shop: Shop) -> None:
    Favourite.objects.filter(store=shop.other).delete()
    assert [tab.name for tab in read_tabs(shop.other)] == ["Bakery", "Zinc", "Ales"]


def test_every_shelf_is_as_plain_orm_finds_it(shop: Shop) -> None:
    for store in (shop.store, shop.other):
        for tab in [*(tab.key for tab in read_tabs(store)), "nonsense", str(UUID(int=1))]:
            found = read_tiles(store, tab)
            assert repr(found) == repr([without_others(t) for t in plain.read_tiles(store, tab)])
    assert len(read_tiles(shop.store, "favourites")) == 6


def test_what_is_found_says_where_else_there_is_most(shop: Shop) -> None:
    shop.on_shift()
    cart = shop.cart()
    _store, [zebra] = find_tiles(cart_id=cart, text="zebra", actor=shop.actor())
    assert zebra.shelf is not None
    assert zebra.shelf.best_elsewhere is not None
    assert zebra.shelf.best_elsewhere.store == "Mill Lane"
    product = Product.objects.get(name="Zebra")
    [same] = plain.make_tiles([product], shop.store, {product.pk: 23})
    assert repr(zebra) == repr(same)


def test_the_whole_page_is_read_in_four_statements(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shop.on_shift()
    cart, actor = shop.cart(), shop.actor()
    with django_assert_num_queries(4):
        screen = read_screen(cart_id=cart, actor=actor)
    assert screen.tab == "favourites"
    assert len(screen.tiles) == 6
    assert {type(tile.shelf) for tile in screen.tiles} == {ShelfRow}
