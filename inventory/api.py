"""The catalogue and the shelves, for programs."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Body, Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from inventory.models import Price, Product, StockLevel, StockMove
from inventory.models.finding import NAME_KEY, SKU_KEY, ProductQuerySet
from inventory.services.catalogue import prices_of
from inventory.services.stock import adjust_stock
from people.access import Actor, requires
from people.api import actor_of
from people.models import Store
from people.permissions import Permission, Role
from regalpos import lanes
from regalpos.contract import (
    READS,
    SAFE_TO_REPEAT,
    WRITES,
    Listed,
    Paging,
    Search,
    answers,
    example,
    part_of,
    replayed,
)
from regalpos.errors import Invalid, NotHere
from regalpos.money import EXACT, minor_digits, round_to
from regalpos.shapes import Line, Quantity, Sent, Shape, id_in, plain

products = Router(tags=["Products"])
stock = Router(tags=["Stock"])

HUNDRED = Decimal(100)
UNIT_PLACES = 4


# ---- products -----------------------------------------------------------------------------------


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


@products.get(
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

    return await lanes.run(unit, actor)


@products.get(
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

    return await lanes.run(unit, actor)


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


# ---- stock --------------------------------------------------------------------------------------


class LevelOut(BaseModel):
    """How much of a product a store holds. `version` rises with every movement."""

    product: UUID
    store: UUID
    sku: str
    name: str
    unit: str
    on_hand: str
    version: int


class LevelFilters(Paging):
    """Which levels."""

    store: UUID | None = None
    product: UUID | None = None
    search: Search = ""
    low: Annotated[bool, Field(description="Only what is at or under its reorder point.")] = False
    ordering: Literal["name", "-name", "on_hand", "-on_hand"] = "name"


@stock.get(
    "levels",
    operation_id="list_stock_levels",
    summary="What is on the shelves",
    response=answers({200: Listed[LevelOut]}, READS),
)
@requires(Permission.SEE_STOCK)
async def list_levels(request: HttpRequest, filters: Query[LevelFilters]) -> Any:
    """Of one store, or of every store you work at. What never moved has no level."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        order = filters.ordering.replace("name", "product__name")
        rows = _levels(filters, actor).select_related("product").order_by(order, "pk")
        return part_of(rows, filters, _level)

    return await lanes.run(unit, actor)


def _levels(filters: LevelFilters, actor: Actor) -> QuerySet[StockLevel]:
    rows = StockLevel.objects.all()
    if filters.store is not None:
        actor.must_work_at(filters.store)
        if not Store.objects.filter(pk=filters.store).exists():
            raise NotHere
        rows = rows.filter(store_id=filters.store)
    elif actor.role != Role.ADMIN:
        rows = rows.filter(store_id__in=actor.store_ids)
    if filters.product is not None:
        rows = rows.filter(product_id=filters.product)
    if filters.search:
        found = Product.objects.matching(filters.search).order_by().values("pk")
        rows = rows.filter(product__in=found)
    return rows.running_low() if filters.low else rows


def _level(level: StockLevel) -> dict[str, Any]:
    product = level.product
    return {
        "product": product.pk,
        "store": level.store_id,
        "sku": product.sku,
        "name": product.name,
        "unit": product.unit,
        "on_hand": plain(level.on_hand),
        "version": level.version,
    }


class AdjustmentSent(Shape):
    """A correction: so much more (or less, if negative) is on the shelf, and why."""

    model_config = example(
        {
            "id": "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e7f",
            "store": "019a3f0c-0000-7000-8000-000000000001",
            "product": "019a3f0c-0000-7000-8000-000000000002",
            "quantity": "-2",
            "reason": "two broke",
        }
    )

    id: UUID
    store: UUID
    product: UUID
    quantity: Quantity
    reason: Annotated[str, Line(200, shortest=1)]


class AdjustmentOut(BaseModel):
    """The movement that was made of it, and what is on hand since."""

    id: UUID
    store: UUID
    product: UUID
    quantity: str
    on_hand: str
    reason: str
    at: datetime


@stock.post(
    "adjustments",
    operation_id="adjust_stock",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Correct what is on the shelf",
    response=answers({201: AdjustmentOut, 200: AdjustmentOut}, WRITES | {409}),
)
@requires(Permission.ADJUST_STOCK)
async def post_adjustment(
    request: HttpRequest, response: HttpResponse, payload: Body[Sent[AdjustmentSent]]
) -> Any:
    """Sent again with the same id it changes nothing: 200 and `Idempotent-Replayed: true`."""
    actor = actor_of(request)
    move, again = await lanes.run(partial(_adjust, payload, actor), actor, write=True)
    return Status(replayed(response, again, else_status=201), move)


def _adjust(payload: Sent[AdjustmentSent], actor: Actor) -> tuple[dict[str, Any], bool]:
    try:
        sent = payload.read()
    except Invalid:
        if store_id := id_in(payload.raw, "store"):
            actor.must_work_at(store_id)  # A foreign store is not here, whatever else is wrong.
        raise
    made = StockMove.objects.filter(source_id=sent.id, source_type="adjustment")
    again = made.exists()
    move = adjust_stock(
        adjustment_id=sent.id,
        store_id=sent.store,
        product_id=sent.product,
        quantity=sent.quantity,
        reason=sent.reason,
        actor=actor,
    )
    figures = {"quantity": plain(move.quantity), "on_hand": plain(move.balance)}
    return {**sent.model_dump(), **figures, "reason": move.reason, "at": move.at}, again
