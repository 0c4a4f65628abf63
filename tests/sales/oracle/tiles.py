"""The till's shelves in plain ORM, a query for each kind of thing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Category, Price, Product
from inventory.reports.shelf import read_rows
from people.models import Store
from regalpos.money import round_money
from sales.models import Favourite
from sales.pricing import Ask, marked_down
from sales.services.till_view import MOST_TABS, MOST_TILES, Tab, Tile


def read_tabs(store: Store) -> list[Tab]:
    """The favourites, if there are any, then the categories that have something to sell."""
    filled = Category.objects.filter(products__active=True).annotate(size=Count("products"))
    tabs = [Tab(key=str(row.pk), name=row.name) for row in filled.order_by("position", "name")]
    if Favourite.objects.filter(store=store, product__active=True).exists():
        tabs.insert(0, Tab(key="favourites", name=_("Favourites")))
    return tabs[:MOST_TABS]


def read_tiles(store: Store, tab: str) -> list[Tile]:
    """The tiles of one tab: the favourites by number, or a category's products by name."""
    if tab == "favourites":
        rows = Favourite.objects.filter(store=store, product__active=True)
        codes = dict(rows.order_by("number").values_list("product_id", "number")[:MOST_TILES])
        products = Product.objects.in_bulk(codes)
        return make_tiles([products[pk] for pk in codes], store, codes)
    try:
        category = UUID(tab)
    except ValueError:
        return []
    shelf = Product.objects.filter(category_id=category, active=True)
    return make_tiles(shelf.order_by("name", "pk")[:MOST_TILES], store, _codes(store))


def make_tiles(products: Iterable[Product], store: Store, codes: dict[UUID, int]) -> list[Tile]:
    """Products with what they cost and how many there are, in three reads."""
    shown = list(products)
    ids = [product.pk for product in shown]
    now = timezone.now()
    prices = _prices(shown, store, now)
    shelf = {row.product_id: row for row in read_rows(store, ids)}
    categories = dict(Category.objects.filter(products__in=ids).values_list("pk", "name"))
    return [
        Tile(
            product_id=product.pk,
            name=product.name,
            sku=product.sku,
            unit=product.unit,
            category=categories.get(product.category_id, "") if product.category_id else "",
            price=prices.get(product.pk),
            limited=product.limited and product.stocked,
            shelf=shelf.get(product.pk) if product.stocked else None,
            code=codes.get(product.pk),
        )
        for product in shown
    ]


def _codes(store: Store) -> dict[UUID, int]:
    return dict(Favourite.objects.filter(store=store).values_list("product_id", "number"))


def _prices(products: Sequence[Product], store: Store, at: datetime) -> dict[UUID, Decimal]:
    """What one unit costs here now, markdown taken off."""
    rows = Price.objects.filter(product__in=[product.pk for product in products]).in_force(
        store_id=store.pk, currency=store.currency, at=at
    )
    amounts = {row.product_id: row.amount for row in rows}
    return {
        product.pk: round_money(marked_down(_ask(product, amounts[product.pk])), store.currency)
        for product in products
        if product.pk in amounts
    }


def _ask(product: Product, amount: Decimal) -> Ask:
    return Ask(
        number=1,
        quantity=Decimal(1),
        list_price=amount,
        tax_percent=Decimal(0),
        tax_code="",
        markdown_percent=product.markdown_percent,
    )
