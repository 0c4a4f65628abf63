"""The till's shelves: which there are, and what stands on one of them, a statement each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from regalpos import statements


class TileRow(NamedTuple):
    """A product to touch, with what one store knows of it. None: the store has no such row."""

    product: UUID
    name: str
    sku: str
    unit: str
    limited: bool
    stocked: bool
    markdown_percent: Decimal
    category: str
    number: int | None
    price: Decimal | None
    on_hand: Decimal | None
    version: int | None
    bin: str | None
    order_at: Decimal | None
    elsewhere: str | None  # the store with most of it
    left_there: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose shelves: the store, its currency, and the instant that prices are asked for."""

    store: UUID
    currency: str
    at: datetime


_TABS = """
SELECT NULL::uuid, '', 0
WHERE EXISTS (
    SELECT FROM sales_favourite AS favourite
    JOIN inventory_product AS product ON product.id = favourite.product_id
    WHERE favourite.store_id = %(store)s AND product.active
)
UNION ALL
SELECT id, name, row_number() OVER (ORDER BY position, name) FROM (
    SELECT id, name, position FROM inventory_category AS category
    WHERE EXISTS (
        SELECT FROM inventory_product WHERE category_id = category.id AND active
    )
    ORDER BY position, name
    LIMIT %(most)s
) AS filled
"""

# Which products, and in what order: by `place`.
_FAVOURITES = """
    SELECT favourite.product_id AS id, favourite.number::bigint AS place
    FROM sales_favourite AS favourite
    JOIN inventory_product AS product ON product.id = favourite.product_id
    WHERE favourite.store_id = %(store)s AND product.active
    ORDER BY favourite.number
    LIMIT %(most)s
"""
_SHELF = """
    SELECT id, row_number() OVER (ORDER BY name, id) AS place FROM (
        SELECT id, name FROM inventory_product
        WHERE category_id = %(category)s AND active
        ORDER BY name, id
        LIMIT %(most)s
    ) AS shelf
"""
_THESE = "SELECT id, place FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS these (id, place)"


def _tiles(picked: str, *, elsewhere: bool = False) -> str:
    best = """
SELECT store.name, other.on_hand FROM inventory_stocklevel AS other
JOIN people_store AS store ON store.id = other.store_id
WHERE other.product_id = product.id AND other.store_id <> %(store)s
  AND other.on_hand > 0 AND store.active
ORDER BY other.on_hand DESC, store.code
LIMIT 1
"""
    nowhere = "SELECT NULL::text AS name, NULL::numeric AS on_hand"
    return f"""
SELECT product.id, product.name, product.sku, product.unit, product.limited, product.stocked,
       product.markdown_percent, coalesce(category.name, ''), favourite.number, price.amount,
       level.on_hand, level.version, rule.bin, rule.reorder_point, best.name, best.on_hand
FROM ({picked}) AS picked
JOIN inventory_product AS product ON product.id = picked.id
LEFT JOIN inventory_category AS category ON category.id = product.category_id
LEFT JOIN sales_favourite AS favourite
  ON favourite.product_id = product.id AND favourite.store_id = %(store)s
LEFT JOIN inventory_stocklevel AS level
  ON level.product_id = product.id AND level.store_id = %(store)s
LEFT JOIN inventory_stockrule AS rule
  ON rule.product_id = product.id AND rule.store_id = %(store)s
LEFT JOIN LATERAL (
    SELECT amount FROM inventory_price
    WHERE product_id = product.id AND currency = %(currency)s AND valid_from <= %(at)s
      AND (store_id = %(store)s OR store_id IS NULL)
    ORDER BY store_id NULLS LAST, valid_from DESC, id DESC
    LIMIT 1
) AS price ON true
LEFT JOIN LATERAL ({best if elsewhere else nowhere}) AS best ON true
ORDER BY picked.place
"""  # noqa: S608  (texts of ours)


_FAVOURITE_TILES, _SHELF_TILES = _tiles(_FAVOURITES), _tiles(_SHELF)
_THESE_TILES = _tiles(_THESE, elsewhere=True)


def read_tabs(store: UUID, most: int) -> tuple[bool, list[tuple[UUID, str]]]:
    """Whether the store has favourites to sell, and the categories that have something to sell."""
    found = statements.rows(_TABS, store=store, most=most)
    filled = sorted((row for row in found if row[0] is not None), key=lambda row: row[2])
    return len(filled) < len(found), [(key, name) for key, name, _place in filled]


def favourites(place: Place, most: int) -> list[TileRow]:
    """The store's favourites by number."""
    return _rows(_FAVOURITE_TILES, place, most=most)


def of_category(place: Place, category: UUID, most: int) -> list[TileRow]:
    """What a category sells, by name."""
    return _rows(_SHELF_TILES, place, category=category, most=most)


def these(place: Place, products: Collection[UUID]) -> list[TileRow]:
    """Products in the order asked for, and where else there is most of each."""
    return _rows(_THESE_TILES, place, ids=list(products))


def _rows(sql: str, place: Place, **asked: Any) -> list[TileRow]:
    known = {"store": place.store, "currency": place.currency, "at": place.at}
    return [TileRow._make(row) for row in statements.rows(sql, **known, **asked)]
