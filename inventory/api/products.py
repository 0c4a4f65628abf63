"""The catalogue, for programs."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, Field

from inventory.models import Price, Product, StockLevel
from inventory.models.finding import NAME_KEY, SKU_KEY, ProductQuerySet
from inventory.services.catalogue import prices_of
from people.access import Actor, requires
from people.api import actor_of
from people.models import Store
from people.permissions import Permission
from regalpos import lanes
from regalpos.contract import (
    READS,
    Listed,
    Paging,
    Search,
    answers,
    part_of,
)
from regalpos.errors import NotHere
from regalpos.money import EXACT, minor_digits, round_to
from regalpos.shapes import plain

router = Router(tags=["Products"])

HUNDRED = Decimal(100)
UNIT_PLACES = 4


class ProductOut(BaseModel):
    """Something to sell. Price and stock are those of the store that was asked for."""

    id: UUID
    sku: str
    name: str
    price: Annotated[
        str | None,
        Field(description="What one unit sells for now, in the store's currency and tax mode."),
    ]
    barcodes: list[str]
    tax_rate: Annotated[str, Field(description="The letter on the receipt.")]
    unit: str
    limited: Annotated[bool, Field(description="Cannot be sold beyond what is on hand.")]
    active: bool
    on_hand: Annotated[str | None, Field(description="In the product's unit.")]


class ProductFilters(Paging):
    """Which products, and whose prices and stock."""

    store: UUID | None = None
    search: Search = ""
    active: bool | None = None
    category: UUID | None = None
    brand: UUID | None = None
    vendor: UUID | None = None
    ordering: Literal["name", "-name", "sku", "-sku"] | None = None


@router.get(
    "",
    operation_id="list_products",
    summary="Products, with the prices and stock of a store",
    response=answers({200: Listed[ProductOut]}, READS),
)
@requires(Permission.SEE_PRODUCTS)
async def list_products(request: HttpRequest, filters: Query[ProductFilters]) -> Any:
    """`search` takes a barcode, a SKU or words of a name, misspelt too: best match first.

    Without `store`, prices and stock are those of your store if you work at one only; else null.
    """
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        store = _store_of(filters.store, actor)
        rows = _ordered(_filtered(filters), filters.ordering)
        part = part_of(rows.select_related("tax_rate").prefetch_related("barcodes"), filters, _same)
        return {**part, "items": _products(part["items"], store)}

    return await lanes.run(unit, actor, lane="office")


@router.get(
    "/{id}",
    operation_id="get_product",
    summary="One product",
    response=answers({200: ProductOut}, READS),
)
@requires(Permission.SEE_PRODUCTS)
async def get_product(request: HttpRequest, id: UUID, store: UUID | None = None) -> Any:
    """With the price and stock of `store`, as in the list."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        shop = _store_of(store, actor)
        product = Product.objects.select_related("tax_rate").filter(pk=id).first()
        if product is None:
            raise NotHere
        return _products([product], shop)[0]

    return await lanes.run(unit, actor, lane="office")


def _store_of(store_id: UUID | None, actor: Actor) -> Store | None:
    """The store whose prices are meant. NotHere for one that the actor does not work at."""
    if store_id is None:
        only = list(actor.store_ids)
        return Store.objects.filter(pk__in=only).first() if len(only) == 1 else None
    actor.must_work_at(store_id)
    store = Store.objects.filter(pk=store_id).first()
    if store is None:
        raise NotHere
    return store


def _filtered(filters: ProductFilters) -> ProductQuerySet:
    rows = Product.objects.matching(filters.search) if filters.search else Product.objects.all()
    wanted = {
        "active": filters.active,
        "category_id": filters.category,
        "brand_id": filters.brand,
        "vendor_id": filters.vendor,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def _ordered(rows: ProductQuerySet, ordering: str | None) -> ProductQuerySet:
    """By what was asked for; else misspelt names by likeness, and all others by name."""
    if ordering is None:
        return rows if rows.query.order_by else rows.by_name()
    key = {"name": NAME_KEY, "sku": SKU_KEY}[ordering.removeprefix("-")]
    sign = "-" if ordering.startswith("-") else ""
    return rows.alias(order_key=key).order_by(f"{sign}order_key", f"{sign}id")


def _same(product: Product) -> Any:
    return product


def _products(found: list[Product], store: Store | None) -> list[dict[str, Any]]:
    """Each product as it is sent; prices and levels of all of them in one read each."""
    if store is None:
        return [_product(product) for product in found]
    prices = prices_of([product.pk for product in found], store, timezone.now())
    levels = StockLevel.objects.filter(store=store, product__in=found)
    on_hand = {level.product_id: level.on_hand for level in levels}
    return [
        _product(product, prices.get(product.pk), on_hand.get(product.pk, Decimal(0)))
        for product in found
    ]


def _product(
    product: Product, price: Price | None = None, on_hand: Decimal | None = None
) -> dict[str, Any]:
    return {
        "id": product.pk,
        "sku": product.sku,
        "name": product.name,
        "price": None if price is None else _selling_price(product, price),
        "barcodes": [barcode.code for barcode in product.barcodes.all()],
        "tax_rate": product.tax_rate.code,
        "unit": product.unit,
        "limited": product.limited,
        "active": product.active,
        "on_hand": None if on_hand is None else plain(on_hand),
    }


def _selling_price(product: Product, price: Price) -> str:
    """The price less the shop's markdown, with at least the currency's own decimals."""
    kept = EXACT.multiply(price.amount, HUNDRED - product.markdown_percent)
    whole, _point, decimals = f"{round_to(EXACT.divide(kept, HUNDRED), UNIT_PLACES):f}".partition(
        "."
    )
    shown = decimals.rstrip("0").ljust(minor_digits(price.currency), "0")
    return f"{whole}.{shown}" if shown else whole
