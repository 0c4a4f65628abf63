"""What a scan or a search at the goods entrance finds. Reads the database: call it in a lane."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from inventory.models import Barcode, Product
from inventory.models.finding import seek
from inventory.reports.shelf import own_store, read_rows
from people.access import Actor
from people.models import Store
from regalpos.barcodes import clean_scan, lookup_key
from regalpos.shapes import plain

MOST_FOUND = 12
ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A product that may be on the list of what arrives. `each` is what one scan counts."""

    product_id: UUID
    sku: str
    name: str
    unit: str
    bin: str
    on_hand: Decimal
    each: Decimal = ONE

    @property
    def one_scan(self) -> str:
        """`each` as a field takes it back, in any language."""
        return plain(self.each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One product for sure, some to choose from, or none. `text` is what was asked."""

    store: Store
    text: str
    sure: Arriving | None
    some: list[Arriving]


def find_arriving(actor: Actor, *, store_code: str, text: str) -> Found:
    """The product with this code, or products named like this that are kept in stock."""
    store, _stores = own_store(actor, store_code)
    text = seek(text)
    goods = Product.objects.filter(stocked=True)
    coded = list(goods.with_code(text)[:2])
    found = coded or goods.on_sale().best(text, MOST_FOUND)
    some = _arriving(store, found)
    sure = None
    if len(coded) == 1:
        sure = _arriving(store, coded, each=_each(text))[0]
    return Found(store=store, text=clean_scan(text), sure=sure, some=[] if sure else some)


def read_arriving(store: Store, product_ids: Iterable[UUID]) -> dict[UUID, Arriving]:
    """These products by id, as they stand on the list."""
    products = Product.objects.filter(pk__in=list(product_ids))
    return {line.product_id: line for line in _arriving(store, products)}


def _each(text: str) -> Decimal:
    barcode = Barcode.objects.filter(lookup=lookup_key(clean_scan(text))).first()
    return barcode.quantity if barcode else ONE


def _arriving(store: Store, products: Iterable[Product], each: Decimal = ONE) -> list[Arriving]:
    order = [product.pk for product in products]
    rows = {row.product_id: row for row in read_rows(store, order)}
    return [
        Arriving(
            product_id=key,
            sku=rows[key].sku,
            name=rows[key].name,
            unit=rows[key].unit,
            bin=rows[key].bin,
            on_hand=rows[key].on_hand,
            each=each,
        )
        for key in order
    ]
