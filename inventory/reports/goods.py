"""The catalogue as the office sees it: the list of products, one product, and what can be chosen.

Every function reads the database: call it in a lane.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from inventory.models import (
    Barcode,
    Brand,
    Category,
    Price,
    Product,
    StockLevel,
    StockRule,
    TaxRate,
)
from inventory.models.stock import NOTHING
from inventory.reports.shelf import (
    Count,
    Movement,
    count,
    levels_of,
    own_store,
    page_of,
    read_moves,
    rules_of,
)
from inventory.services.catalogue import prices_of
from people.access import Actor, own_stores
from people.models import Store, Vendor
from regalpos.errors import NotHere

PRICES_SHOWN = 8
STATES = ("active", "inactive", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """What narrows the list of products."""

    text: str = ""
    store_code: str = ""
    category_id: UUID | None = None
    brand_id: UUID | None = None
    vendor_id: UUID | None = None
    state: str = "active"
    after: UUID | None = None
    before: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsRow:
    """One product, with the price and the stock of one store."""

    product_id: UUID
    sku: str
    name: str
    category: str
    unit: str
    image: str
    price: Decimal | None
    cost: Decimal | None
    on_hand: Decimal
    version: int
    order_at: Decimal | None
    known_here: bool
    active: bool
    stocked: bool
    limited: bool

    @property
    def is_out(self) -> bool:
        return self.known_here and self.on_hand <= 0

    @property
    def is_low(self) -> bool:
        return self.order_at is not None and self.on_hand <= self.order_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One page of products, and what the list can be narrowed by."""

    store: Store
    stores: list[Store]
    rows: list[GoodsRow]
    total: Count
    choices: dict[str, list[tuple[str, str]]]
    earlier: UUID | None
    later: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStore:
    """What a product costs and how much there is of it, in one store."""

    store: Store
    price: Decimal | None
    own_price: bool
    on_hand: Decimal
    version: int
    average_cost: Decimal
    known_here: bool
    product_id: UUID
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSheet:
    """Everything on a product's page."""

    product: Product
    barcodes: list[Barcode]
    places: list[AtStore]
    past_prices: list[Price]
    moves: list[tuple[Store, Movement]]
    image: str
    details: dict[str, Any] = field(default_factory=dict)


def read_goods(actor: Actor, sieve: Sieve) -> Goods:
    """A page of the catalogue by name, narrowed, with the chosen store's prices and stock."""
    store, stores = own_store(actor, sieve.store_code)
    products = _sifted(sieve)
    page = page_of(
        products.select_related("category"),
        after=sieve.after,
        before=sieve.before,
        size=settings.PAGE_SIZE,
    )
    return Goods(
        store=store,
        stores=stores,
        rows=_rows(page.rows, store),
        total=count(products),
        choices=choices(),
        earlier=page.earlier,
        later=page.later,
    )


def read_product(actor: Actor, sku: str) -> ProductSheet:
    """The product, its codes, and its prices, stock and movements at the actor's own stores."""
    related = Product.objects.select_related("category", "brand", "vendor", "tax_rate", "parent")
    product = related.filter(sku=sku).first()
    if product is None:
        raise NotHere
    stores = own_stores(actor)
    levels = {
        level.store_id: level
        for level in StockLevel.objects.filter(product=product, store__in=stores)
    }
    at = timezone.now()
    past = Price.objects.filter(product=product).select_related("store")
    past = past.filter(Q(store=None) | Q(store__in=stores))
    return ProductSheet(
        product=product,
        barcodes=list(product.barcodes.all()),
        places=[_place(product, store, levels.get(store.pk), at) for store in stores],
        past_prices=list(past.order_by("-valid_from", "-id")[:PRICES_SHOWN]),
        moves=_moves(stores, levels),
        image=product.image.url if product.image else "",
        details=_details(product),
    )


def choices() -> dict[str, list[tuple[str, str]]]:
    """What a product can be given, by field of its form."""
    return {
        "category": _named(Category.objects.all()),
        "brand": _named(Brand.objects.all()),
        "vendor": _named(Vendor.objects.filter(active=True)),
        "tax_rate": [
            (str(rate.pk), f"{rate.code} · {rate.name}") for rate in TaxRate.objects.all()
        ],
    }


def _named(rows: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(row.pk), row.name) for row in rows]


def _sifted(sieve: Sieve) -> Any:
    products = Product.objects.all()
    if sieve.state != "all":
        products = products.filter(active=sieve.state == "active")
    if sieve.category_id:
        kin = Q(category_id=sieve.category_id) | Q(category__parent_id=sieve.category_id)
        products = products.filter(kin)
    if sieve.brand_id:
        products = products.filter(brand_id=sieve.brand_id)
    if sieve.vendor_id:
        products = products.filter(vendor_id=sieve.vendor_id)
    return products.matching(sieve.text)


def _rows(products: list[Product], store: Store) -> list[GoodsRow]:
    keys = [product.pk for product in products]
    prices = prices_of(keys, store, timezone.now())
    levels, rules = levels_of(store, keys), rules_of(store, keys)
    return [
        _row(product, prices.get(product.pk), levels.get(product.pk), rules.get(product.pk))
        for product in products
    ]


def _row(
    product: Product, price: Price | None, level: StockLevel | None, rule: StockRule | None
) -> GoodsRow:
    return GoodsRow(
        product_id=product.pk,
        sku=product.sku,
        name=product.name,
        category=product.category.name if product.category else "",
        unit=product.unit,
        image=product.image.url if product.image else "",
        price=price.amount if price else None,
        cost=level.average_cost or None if level else None,
        on_hand=level.on_hand if level else NOTHING,
        version=level.version if level else 0,
        order_at=rule.reorder_point if rule else None,
        known_here=bool(level or rule),
        active=product.active,
        stocked=product.stocked,
        limited=product.limited,
    )


def _place(product: Product, store: Store, level: StockLevel | None, at: datetime) -> AtStore:
    price = prices_of([product.pk], store, at).get(product.pk)
    return AtStore(
        store=store,
        price=price.amount if price else None,
        own_price=price is not None and price.store_id is not None,
        on_hand=level.on_hand if level else NOTHING,
        version=level.version if level else 0,
        average_cost=level.average_cost if level else NOTHING,
        known_here=level is not None,
        product_id=product.pk,
        unit=product.unit,
    )


def _moves(stores: list[Store], levels: dict[UUID, StockLevel]) -> list[tuple[Store, Movement]]:
    found = [
        (store, move)
        for store in stores
        if store.pk in levels
        for move in read_moves(levels[store.pk])
    ]
    return sorted(found, key=lambda pair: pair[1].at, reverse=True)[:12]


def _details(product: Product) -> dict[str, Any]:
    """What the form shows at first."""
    keys = ("category", "brand", "vendor", "tax_rate")
    plain = ("name", "description", "unit", "minimum_age", "stocked", "limited", "active")
    said = {name: getattr(product, name) for name in plain}
    linked = {name: str(getattr(product, f"{name}_id") or "") for name in keys}
    return {**said, **linked, "markdown_percent": product.markdown_percent.normalize() or None}
