"""The demo catalogue: products with codes, prices, taxes and pictures, made from words.

A few thousand of them are traded. However many more there are, each is kept at one of the stores,
where it came in once and waits: they make a large shop, and stay out of memory.
"""

from collections.abc import Callable, Iterable, Iterator
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
    StockLevel,
    StockMove,
    StockRule,
    TaxPercent,
    TaxRate,
)
from people.models import AuditEvent, Store, User, Vendor
from regalpos.barcodes import check_digit, lookup_key
from sales.demo import copying
from sales.demo.pictures import picture_of
from sales.demo.words import BRANDS, FAVOURITES, SHELVES, TAXES, VENDORS, Shelf
from sales.models import Favourite

BATCH = 5_000
TRADED = 5_000
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


class Catalogue:
    """`size` products that can be sold in every store from `since` on, a few of them traded."""

    def __init__(
        self,
        size: int,
        stores: list[Store],
        since: datetime,
        rng: Random,
        new_id: Callable[[], UUID],
    ) -> None:
        self.size, self.stores, self.since, self.rng, self.new_id = size, stores, since, rng, new_id
        parts = _ingredients(stores, since.date(), new_id)
        self._coming = _products(size, parts, rng, new_id)
        self._written = 0

    def stock_traded(self) -> list[Goods]:
        """The goods that people come for, with tiles for the best known."""
        goods: list[Goods] = []
        for batch in _batches(islice(self._coming, TRADED)):
            goods += batch
            self._write(batch)
            copying.save(self._rules(batch))
        by_name = {item.product.name: item.product for item in reversed(goods)}
        Favourite.objects.bulk_create(
            Favourite(store=store, number=number, product=by_name[name])
            for store in self.stores
            for number, name in FAVOURITES.items()
            if name in by_name
        )
        return goods

    def stock_the_rest(self, owner: User, tell: Callable[[str], None]) -> None:
        """All others, each on the shelf of one store. Memory does not grow with their number."""
        for batch in _batches(self._coming):
            self._write(batch)
            for number, store in enumerate(self.stores):
                self._deliver(batch[number :: len(self.stores)], store, owner)
            if self._written % 50_000 == 0:
                tell(f"{self._written:,} of {self.size:,} products")

    def _write(self, batch: list[Goods]) -> None:
        """The rows of some products: themselves, their codes and prices."""
        first, products = self._written, [item.product for item in batch]
        self._written += len(batch)
        codes = [(item, _ean(number)) for number, item in enumerate(products, start=first + 1)]
        scales = [
            (product, f"{40_000 + number}")
            for number, product in enumerate(products, start=first)
            if product.unit == Product.Unit.KILOGRAM and number < 9_999
        ]
        copying.save(products)
        copying.save(
            Barcode(product=product, code=code, lookup=lookup_key(code))
            for product, code in [*codes, *scales]
        )
        copying.save(
            Price(
                pk=self.new_id(),
                product=item.product,
                currency=store.currency,
                amount=item.prices[store.currency],
                valid_from=self.since,
            )
            for item in batch
            for store in self.stores
        )

    def _rules(self, batch: list[Goods]) -> Iterator[StockRule]:
        for item in batch:
            for store in self.stores:
                yield StockRule(
                    product=item.product,
                    store=store,
                    reorder_point=Decimal(point := self.rng.choice((4, 6, 8, 12))),
                    reorder_to=Decimal(point * 4),
                    bin=f"Shelf {self.rng.choice('ABCDE')}{self.rng.randint(1, 8)}",
                )

    def _deliver(self, batch: list[Goods], store: Store, owner: User) -> None:
        """One delivery: a level and its first move each, and its entry on the trail."""
        receipt, pieces = self.new_id(), [self.rng.randint(1, 60) for _item in batch]
        levels = [
            StockLevel(
                product=item.product,
                store=store,
                strict=item.product.limited,
                on_hand=Decimal(count),
                average_cost=cost_of(item, store),
                version=1,
            )
            for item, count in zip(batch, pieces, strict=True)
        ]
        copying.give_ids(levels)
        copying.save(levels)
        copying.save(
            StockMove(
                level=level,
                quantity=level.on_hand,
                balance=level.on_hand,
                kind=StockMove.Kind.RECEIPT,
                unit_cost=level.average_cost,
                source_type="receipt",
                source_id=receipt,
                source_line=number,
                who=owner,
                at=self.since,
            )
            for number, level in enumerate(levels, start=1)
        )
        AuditEvent.objects.create(
            at=self.since,
            actor=owner,
            role=owner.role,
            store=store,
            action="stock.received",
            subject_type="inventory.receipt",
            subject_id=str(receipt),
            after={"lines": len(levels)},
        )


def cost_of(item: Goods, store: Store) -> Decimal:
    """Six tenths of the price here, as it was on the first delivery and ever after."""
    return (item.prices[store.currency] * Decimal("0.6")).quantize(Decimal("0.0001"))


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


def _in_dollars(euro: Decimal) -> Decimal:
    return (euro * DOLLARS).quantize(Decimal("0.1"), ROUND_UP) + Decimal("0.09")


def _ean(number: int) -> str:
    """An EAN-13 of the range that GS1 leaves to shops: it collides with no real product."""
    body = f"29{number:010d}"
    return body + check_digit(body)


def _batches(goods: Iterable[Goods]) -> Iterator[list[Goods]]:
    coming = iter(goods)
    while batch := list(islice(coming, BATCH)):
        yield batch
