"""What somebody wants to buy: products by id, code or SKU, priced and taxed as of now."""

from collections.abc import Collection
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

    @cached_property
    def by_sku(self) -> dict[str, Goods]:
        return {goods.sku: goods for goods in self.by_id.values()}


_GOODS = """
SELECT asked.lookup, asked.quantity, asked.price,
       product.id, product.sku, product.name, product.unit, product.limited, product.stocked,
       product.active, product.markdown_percent,
       rate.code, coalesce(tax.percent, 0), tax.parts, price.amount, level.on_hand
FROM (
    SELECT id, NULL::text AS lookup, NULL::numeric AS quantity, NULL::numeric AS price
    FROM inventory_product WHERE id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT id, NULL, NULL, NULL FROM inventory_product WHERE sku = ANY(%(skus)s::text[])
    UNION ALL
    SELECT product_id, lookup, quantity, price
    FROM inventory_barcode WHERE lookup = ANY(%(lookups)s::text[])
) AS asked
JOIN inventory_product AS product ON product.id = asked.id
JOIN inventory_taxrate AS rate ON rate.id = product.tax_rate_id
LEFT JOIN inventory_stocklevel AS level
  ON level.product_id = product.id AND level.store_id = %(store)s
LEFT JOIN LATERAL (
    SELECT amount FROM inventory_price
    WHERE product_id = product.id AND currency = %(currency)s AND valid_from <= %(at)s
      AND (store_id = %(store)s OR store_id IS NULL)
    ORDER BY store_id NULLS LAST, valid_from DESC, id DESC
    LIMIT 1
) AS price ON true
LEFT JOIN LATERAL (
    SELECT percent, parts FROM inventory_taxpercent
    WHERE rate_id = product.tax_rate_id AND valid_from <= %(day)s
      AND (store_id = %(store)s OR store_id IS NULL)
    ORDER BY store_id NULLS LAST, valid_from DESC
    LIMIT 1
) AS tax ON true
"""


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

    A store's own price and tax go before the general ones, then the latest. `lookups` are keys of
    `barcodes.lookup_key`; `day` is the store's business day of `at`.
    """
    packs: dict[str, Pack] = {}
    by_id: dict[UUID, Goods] = {}
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
    for lookup, quantity, price, *facts in found:
        goods = by_id.get(facts[0]) or _goods(facts)
        by_id[goods.id] = goods
        if lookup is not None:
            packs[lookup] = Pack(goods.id, quantity, price)
    return Shelf(packs, by_id)


def _goods(facts: list[Any]) -> Goods:
    return Goods._make([*facts[:-3], _parts(facts[-3]), *facts[-2:]])


def _parts(raw: Any) -> tuple[TaxPart, ...]:
    """The named parts of a tax; most have none."""
    if not raw or raw == "[]":
        return ()
    return tuple(TaxPart.from_json(row) for row in statements.json(raw))
