"""A cart and everything around it, read in one statement."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from regalpos import statements
from sales.checkout_sql.claim import columns, names, one
from sales.checkout_sql.desk import AROUND, DESK, Desk, desk_columns, desk_of, row_of, row_or_none
from sales.checkout_sql.goods import ASKED, FACTS, Shelf, joined, shelf_of
from sales.models import Cart, CartLine, CartStep


@dataclass(frozen=True, kw_only=True)
class CartRows:
    """A cart, its lines in order, and what a step of it has to know.

    `day` is the store's business day as the database reckons it: what the taxes on the shelf are
    of. `last` is the step that an undo takes back, if it was asked for.
    """

    cart: Cart  # with its store and register
    desk: Desk
    lines: list[CartLine]
    shelf: Shelf
    held: dict[UUID, Decimal]  # by quotes, of what is on the shelf
    day: date
    step: CartStep | None  # taken before under the id that was asked about
    last: CartStep | None
    standing: int  # how many steps could be undone; 2 if more
    highest: int  # number of a line so far
    parked: int
    tile: UUID | None  # the product of the tile that was asked about
    attempt_known: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a step wants to know beyond the cart itself."""

    step: UUID | None = None
    product: UUID | None = None
    code: str = ""
    tile: int | None = None
    undo: bool = False
    attempt: UUID | None = None


def _held(store: str) -> str:
    """What quotes hold of `product`."""
    return f"""(
    SELECT coalesce(sum(hold.quantity), 0) FROM inventory_stockhold AS hold
    WHERE hold.store_id = {store} AND hold.product_id = product.id AND hold.until > %(at)s
)"""  # noqa: S608  (names of ours)


_MORE = f"""
SELECT asked.lookup, asked.quantity, asked.price, {FACTS}, {_held("%(store)s")}
FROM {joined(ASKED)}
"""  # noqa: S608  (names of ours)


@cache
def _cart() -> str:
    asked = """(
    SELECT product_id AS id, NULL::text AS lookup, NULL::numeric AS quantity, NULL::numeric AS price
    FROM line
    UNION ALL
    SELECT product_id, NULL, NULL, NULL FROM standing WHERE %(undo)s
    UNION ALL
    SELECT product_id, NULL, NULL, NULL FROM tile
    UNION ALL
    SELECT %(product)s::uuid, NULL, NULL, NULL
    UNION ALL
    SELECT id, NULL, NULL, NULL FROM inventory_product WHERE sku = ANY(ARRAY(SELECT code FROM code))
    UNION ALL
    SELECT product_id, lookup, quantity, price
    FROM inventory_barcode WHERE lookup = ANY(ARRAY(
        SELECT code FROM code
        UNION ALL SELECT lpad(code, 14, '0') FROM code  -- as a GTIN is looked up
    ))
)"""
    goods = joined(
        f"place CROSS JOIN {asked}", store="place.store", currency="place.currency", day="place.day"
    )
    return f"""
WITH line AS MATERIALIZED (
    SELECT * FROM sales_cartline WHERE cart_id = %(cart)s
), standing AS MATERIALIZED (
    SELECT * FROM sales_cartstep AS step
    WHERE cart_id = %(cart)s AND kind IN ('add', 'set', 'remove')
      AND NOT EXISTS (SELECT FROM sales_cartstep AS undo WHERE undo.undoes_id = step.id)
    ORDER BY at DESC, id DESC
    LIMIT 2
), code AS MATERIALIZED (
    SELECT barcode AS code FROM line WHERE barcode <> ''
    UNION ALL
    SELECT code FROM standing WHERE %(undo)s AND code <> ''
    UNION ALL
    SELECT %(code)s::text
), place AS MATERIALIZED (
    SELECT store.id AS store, store.currency,
           (%(at)s::timestamptz AT TIME ZONE store.time_zone
            - make_interval(hours => store.day_ends_at))::date AS day
    FROM sales_cart AS cart JOIN people_store AS store ON store.id = cart.store_id
    WHERE cart.id = %(cart)s
), tile AS MATERIALIZED (
    SELECT product_id FROM sales_favourite
    WHERE store_id = (SELECT store FROM place) AND number = %(tile)s::int
), head AS MATERIALIZED (
    SELECT {columns(Cart, "cart")}, {desk_columns()},
           {columns(CartStep, "step")}, {columns(CartStep, "last")},
           (SELECT day FROM place),
           (SELECT count(*) FROM standing),
           (SELECT max(line) FROM sales_cartstep WHERE cart_id = cart.id),
           (SELECT count(*) FROM sales_cart AS waiting
            WHERE waiting.store_id = cart.store_id AND waiting.state = 'parked'),
           (SELECT product_id FROM tile),
           EXISTS (SELECT FROM sales_saleattempt WHERE id = %(attempt)s)
    FROM sales_cart AS cart
    JOIN sales_register AS register ON register.id = cart.register_id
    {AROUND}
    LEFT JOIN sales_cartstep AS step ON step.id = %(step)s
    LEFT JOIN (SELECT * FROM standing ORDER BY at DESC, id DESC LIMIT 1) AS last ON %(undo)s
    WHERE cart.id = %(cart)s
), goods AS MATERIALIZED (
    SELECT asked.lookup, asked.quantity, asked.price, {FACTS}, {_held("place.store")}
    FROM {goods}
)
SELECT head.*, {columns(CartLine, "line")}, goods.*
FROM (head FULL JOIN line ON false) FULL JOIN goods ON false  -- one below the other
"""  # noqa: S608  (columns of ours)


@cache
def _widths() -> tuple[int, int]:
    """Where the columns of a line begin in a row, and where those of goods."""
    cart, step, desk = len(names(Cart)), len(names(CartStep)), sum(len(names(m)) for m, _ in DESK)
    head = cart + desk + 1 + 2 * step + 6
    return head, head + len(names(CartLine))


def read(
    cart_id: UUID, *, user_id: UUID, at: datetime, asked: Asked | None = None
) -> CartRows | None:
    """The cart as it is for this person, with its goods as sold `at`; None if there is none.

    Beside the goods of its lines lie those of what was asked about. A scale's label is not read
    here: the goods it refers to are missing.
    """
    asked = asked or Asked()
    found = statements.rows(
        _cart(),
        cart=cart_id,
        user=user_id,
        at=at,
        step=asked.step,
        product=asked.product,
        code=asked.code,
        tile=asked.tile,
        undo=asked.undo,
        attempt=asked.attempt,
    )
    to_line, to_goods = _widths()
    head, lines, goods = None, [], []
    for row in found:
        if row[0] is not None:
            head = row[:to_line]
        elif row[to_line] is not None:
            lines.append(one(CartLine, row[to_line:to_goods]))
        else:
            goods.append(row[to_goods:])
    return None if head is None else _read(list(head), lines, goods)


def _read(head: list[Any], lines: list[CartLine], goods: list[Any]) -> CartRows:
    facts = iter(head)
    cart = row_of(Cart, facts)
    desk = desk_of(facts)
    step, last = row_or_none(CartStep, facts), row_or_none(CartStep, facts)
    day, standing, highest, parked, tile, attempt_known = facts
    cart.register, cart.store = desk.register, desk.register.store
    return CartRows(
        cart=cart,
        desk=desk,
        lines=sorted(lines, key=lambda line: line.number),
        **_with_holds(goods),
        day=day,
        step=step,
        last=last,
        standing=standing,
        highest=highest or 0,
        parked=parked,
        tile=tile,
        attempt_known=attempt_known,
    )


def _with_holds(goods: list[Any]) -> dict[str, Any]:
    return {
        "shelf": shelf_of(row[:-1] for row in goods),
        "held": {row[3]: row[-1] for row in goods},
    }


def read_more(
    rows: CartRows,
    *,
    at: datetime,
    day: date,
    ids: Collection[UUID] = (),
    skus: Collection[str] = (),
    lookups: Collection[str] = (),
) -> CartRows:
    """The same with these goods beside its own, or in their place, as they are on `day`."""
    store = rows.cart.store
    found = statements.rows(
        _MORE,
        store=store.pk,
        currency=store.currency,
        at=at,
        day=day,
        ids=list(ids),
        skus=list(skus),
        lookups=list(lookups),
    )
    more = _with_holds(found)
    return replace(rows, shelf=rows.shelf | more["shelf"], held=rows.held | more["held"], day=day)
