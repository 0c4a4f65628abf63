"""What somebody wants to buy: products by id, code or SKU, priced and taxed as of now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.functional import cached_property

from inventory.models import Product
from regalpos import statements
from sales.pricing import TaxPart


class Goods(NamedTuple):
    """A product as one store sells it at one instant.

    `price` is None where it has none. `on_hand` is None where the store never had any of it; it is
    what the shelf held when it was looked at, without a lock.
    """

    id: UUID
    sku: str
    name: str
    unit: str
    limited: bool
    stocked: bool
    active: bool
    markdown_percent: Decimal
    tax_code: str
    tax_percent: Decimal
    parts: tuple[TaxPart, ...]
    price: Decimal | None
    on_hand: Decimal | None

    @property
    def by_piece(self) -> bool:
        """Sold in whole pieces only."""
        return self.unit == Product.Unit.EACH


class Pack(NamedTuple):
    """A barcode: what one scan of it counts, and what that costs if it has a price of its own."""

    product: UUID
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True)
class Shelf:
    """What was found, by everything it can be asked for."""

    packs: dict[str, Pack]  # by lookup key
    by_id: dict[UUID, Goods]

    def __or__(self, more: "Shelf") -> "Shelf":
        """Both; what is on both is as it is on the second."""
        return Shelf(self.packs | more.packs, self.by_id | more.by_id)

    @cached_property
    def by_sku(self) -> dict[str, Goods]:
        return {goods.sku: goods for goods in self.by_id.values()}


FACTS = """
product.id, product.sku, product.name, product.unit, product.limited, product.stocked,
product.active, product.markdown_percent,
rate.code, coalesce(tax.percent, 0), tax.parts, price.amount, level.on_hand
"""


def joined(
    asked: str, *, store: str = "%(store)s", currency: str = "%(currency)s", day: str = "%(day)s"
) -> str:
    """The FROM of `FACTS`: the products of `asked` (which has an `id`), as sold at `%(at)s`.

    A store's own price and tax go before the general ones, then the latest.
    """
    return f"""
{asked} AS asked
JOIN inventory_product AS product ON product.id = asked.id
JOIN inventory_taxrate AS rate ON rate.id = product.tax_rate_id
LEFT JOIN inventory_stocklevel AS level
  ON level.product_id = product.id AND level.store_id = {store}
LEFT JOIN LATERAL (
    SELECT amount FROM inventory_price
    WHERE product_id = product.id AND currency = {currency} AND valid_from <= %(at)s
      AND (store_id = {store} OR store_id IS NULL)
    ORDER BY store_id NULLS LAST, valid_from DESC, id DESC
    LIMIT 1
) AS price ON true
LEFT JOIN LATERAL (
    SELECT percent, parts FROM inventory_taxpercent
    WHERE rate_id = product.tax_rate_id AND valid_from <= {day}
      AND (store_id = {store} OR store_id IS NULL)
    ORDER BY store_id NULLS LAST, valid_from DESC
    LIMIT 1
) AS tax ON true
"""  # noqa: S608  (names of ours)


ASKED = """(
    SELECT id, NULL::text AS lookup, NULL::numeric AS quantity, NULL::numeric AS price
    FROM inventory_product WHERE id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT id, NULL, NULL, NULL FROM inventory_product WHERE sku = ANY(%(skus)s::text[])
    UNION ALL
    SELECT product_id, lookup, quantity, price
    FROM inventory_barcode WHERE lookup = ANY(%(lookups)s::text[])
)"""
_GOODS = f"SELECT asked.lookup, asked.quantity, asked.price, {FACTS} FROM {joined(ASKED)}"  # noqa: S608


def read_goods(
    *,
    store_id: UUID,
    currency: str,
    at: datetime,
    day: date,
    ids: Collection[UUID] = (),
    skus: Collection[str] = (),
    lookups: Collection[str] = (),
) -> Shelf:
    """Everything of these that is in the catalogue, sold or not, in one statement.

    `lookups` are keys of `barcodes.lookup_key`; `day` is the store's business day of `at`.
    """
    found = statements.rows(
        _GOODS,
        store=store_id,
        currency=currency,
        at=at,
        day=day,
        ids=list(ids),
        skus=list(skus),
        lookups=list(lookups),
    )
    return shelf_of(found)


def shelf_of(found: Iterable[Any]) -> Shelf:
    """The shelf of rows that are each a barcode's lookup, quantity and price, then `FACTS`."""
    packs: dict[str, Pack] = {}
    by_id: dict[UUID, Goods] = {}
    for row in found:
        product = row[3]
        if product not in by_id:
            by_id[product] = _goods(row[3:])
        if row[0] is not None:
            packs[row[0]] = Pack(product, row[1], row[2])
    return Shelf(packs, by_id)


def _goods(facts: Any) -> Goods:
    return Goods._make([*facts[:-3], _parts(facts[-3]), *facts[-2:]])


def _parts(raw: Any) -> tuple[TaxPart, ...]:
    """The named parts of a tax; most have none."""
    if not raw or raw == "[]":
        return ()
    return tuple(TaxPart.from_json(row) for row in statements.json(raw))
