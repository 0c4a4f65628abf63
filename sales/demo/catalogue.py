"""The demo catalogue: products with codes, prices, taxes and pictures, made from words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_UP, Decimal
from itertools import cycle, islice
from random import Random
from uuid import UUID

from inventory.models import (
    Barcode,
    Brand,
    Category,
    Price,
    Product,
    StockRule,
    TaxPercent,
    TaxRate,
)
from people.models import Store, Vendor
from regalpos.barcodes import check_digit, lookup_key
from sales.demo.pictures import picture_of
from sales.demo.words import BRANDS, FAVOURITES, SHELVES, TAXES, VENDORS, Shelf
from sales.models import Favourite

BATCH = 5_000
DOLLARS = Decimal("1.15")  # To the euro, in this town.


@dataclass(frozen=True)
class Goods:
    """A product with what the trade of the demo needs to know of it."""

    product: Product
    prices: dict[str, Decimal]  # By currency.
    wanted: float  # How often it is bought, against the others.


@dataclass(frozen=True)
class Ingredients:
    rates: dict[str, TaxRate]
    categories: dict[str, Category]
    brands: list[Brand]
    vendors: list[Vendor]


def stock_catalogue(
    size: int, stores: list[Store], since: datetime, rng: Random, new_id: Callable[[], UUID]
) -> list[Goods]:
    """`size` products that can be sold in every store from `since` on."""
    parts = _ingredients(stores, since.date(), new_id)
    goods: list[Goods] = []
    for batch in _batches(_products(size, parts, rng, new_id)):
        goods += batch
        _write(batch, len(goods) - len(batch), stores, since, rng, new_id)
    by_name = {item.product.name: item.product for item in reversed(goods)}
    Favourite.objects.bulk_create(
        Favourite(store=store, number=number, product=by_name[name])
        for store in stores
        for number, name in FAVOURITES.items()
        if name in by_name
    )
    return goods


def _ingredients(stores: list[Store], day: date, new_id: Callable[[], UUID]) -> Ingredients:
    rates = {}
    for code, (name, here, there) in TAXES.items():
        rates[code] = TaxRate.objects.create(pk=new_id(), code=code, name=name)
        for store, percent in zip(stores, (here, there), strict=True):
            TaxPercent.objects.create(
                pk=new_id(), rate=rates[code], store=store, percent=Decimal(percent), valid_from=day
            )
    categories = [
        Category(pk=new_id(), name=shelf.name, position=position)
        for position, shelf in enumerate(SHELVES)
    ]
    vendors = [Vendor(pk=new_id(), name=name, payment_days=days) for name, days in VENDORS]
    return Ingredients(
        rates,
        {row.name: row for row in Category.objects.bulk_create(categories)},
        Brand.objects.bulk_create(Brand(pk=new_id(), name=name) for name in BRANDS),
        Vendor.objects.bulk_create(vendors),
    )


def _products(
    size: int, parts: Ingredients, rng: Random, new_id: Callable[[], UUID]
) -> Iterator[Goods]:
    """Thing by kind over every shelf; a larger shop goes round again, brand by brand."""
    names = [(shelf, name) for shelf in SHELVES for name in shelf.names()]
    numbers = {shelf.letters: 0 for shelf in SHELVES}
    for index, (shelf, name) in enumerate(islice(cycle(names), size)):
        numbers[shelf.letters] += 1
        lap, brand = index // len(names), rng.choice(parts.brands)
        euro = _price(shelf, rng)
        yield Goods(
            Product(
                pk=new_id(),
                sku=f"{shelf.letters}-{numbers[shelf.letters]:04d}",
                name=_name(name, brand.name, lap),
                tax_rate=parts.rates[shelf.tax],
                category=parts.categories[shelf.name],
                brand=brand,
                vendor=rng.choice(parts.vendors),
                unit=shelf.unit,
                limited=shelf.limited,
                markdown_percent=Decimal(15) if rng.random() < 0.02 else Decimal(0),
                image=picture_of(shelf.shape, index),
            ),
            {"EUR": euro, "USD": _in_dollars(euro)},
            wanted=3.0 if name in FAVOURITES.values() else rng.paretovariate(1.4),
        )


def _name(name: str, brand: str, lap: int) -> str:
    """The second time round a brand makes the same; after that it numbers its recipes."""
    if not lap:
        return name
    number = f" no. {lap}" if lap > 1 else ""
    return f"{brand} {name[0].lower()}{name[1:]}{number}"[:100]


def _price(shelf: Shelf, rng: Random) -> Decimal:
    """Somewhere on the shelf's scale, most of it at the lower end, ending as prices do."""
    low, high = shelf.prices
    rough = low + (high - low) * rng.betavariate(1.6, 4)
    return Decimal(round(rough * 20)) / 20


def _write(
    batch: list[Goods],
    first: int,
    stores: list[Store],
    since: datetime,
    rng: Random,
    new_id: Callable[[], UUID],
) -> None:
    """The rows of some products: themselves, their codes, prices and reorder points."""
    products = [item.product for item in batch]
    Product.objects.bulk_create(products)
    codes = [(product, _ean(first + offset)) for offset, product in enumerate(products, start=1)]
    scales = [
        (product, f"{40_000 + first + offset}")
        for offset, product in enumerate(products)
        if product.unit == Product.Unit.KILOGRAM and first + offset < 9_999
    ]
    Barcode.objects.bulk_create(
        Barcode(product=product, code=code, lookup=lookup_key(code))
        for product, code in [*codes, *scales]
    )
    Price.objects.bulk_create(
        Price(
            pk=new_id(),
            product=item.product,
            currency=store.currency,
            amount=item.prices[store.currency],
            valid_from=since,
        )
        for item in batch
        for store in stores
    )
    StockRule.objects.bulk_create(
        StockRule(
            product=product,
            store=store,
            reorder_point=Decimal(point := rng.choice((4, 6, 8, 12))),
            reorder_to=Decimal(point * 4),
            bin=f"Shelf {rng.choice('ABCDE')}{rng.randint(1, 8)}",
        )
        for product in products
        for store in stores
    )


def _in_dollars(euro: Decimal) -> Decimal:
    return (euro * DOLLARS).quantize(Decimal("0.1"), ROUND_UP) + Decimal("0.09")


def _ean(number: int) -> str:
    """An EAN-13 of the range that GS1 leaves to shops: it collides with no real product."""
    body = f"29{number:010d}"
    return body + check_digit(body)


def _batches(goods: Iterator[Goods]) -> Iterator[list[Goods]]:
    while batch := list(islice(goods, BATCH)):
        yield batch
