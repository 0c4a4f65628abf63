"""What a client of pgbench knows of the shop: its till, and products by number."""

import psycopg
from psycopg import sql

FEWEST = 20  # products; of fewer no basket of five can be drawn


class NoShop(Exception):
    """There are not enough open tills or products in this database."""


_TILLS = """
CREATE TABLE bench.till AS
SELECT row_number() OVER (ORDER BY register.number) AS n, register.id AS register,
       register.number, store.id AS store, store.code, store.currency, store.time_zone,
       store.day_ends_at, shift.cashier_id AS cashier, rules.version, rules.prices_include_tax,
       (SELECT id FROM sales_tender WHERE code = 'cash') AS tender
FROM sales_shift AS shift
JOIN sales_register AS register ON register.id = shift.register_id
JOIN people_store AS store ON store.id = register.store_id
JOIN LATERAL (
    SELECT version, prices_include_tax FROM people_storerules
    WHERE store_id = store.id ORDER BY version DESC LIMIT 1
) AS rules ON true
WHERE shift.closed_at IS NULL AND store.id = (
    SELECT register.store_id
    FROM sales_shift AS shift JOIN sales_register AS register ON register.id = shift.register_id
    WHERE shift.closed_at IS NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
)
"""
_GOODS = """
CREATE TABLE bench.goods AS
SELECT row_number() OVER (ORDER BY product.id) AS n, product.id
FROM inventory_product AS product
JOIN inventory_stocklevel AS level ON level.product_id = product.id
WHERE level.store_id = (SELECT store FROM bench.till LIMIT 1)
  AND product.active AND product.stocked AND product.unit = 'each'
  AND EXISTS (SELECT FROM inventory_price WHERE product_id = product.id)
"""
# Rows in flight between two statements: what was found, what is locked.
_TYPES = """
CREATE TYPE bench.found AS (
    lookup text, count numeric, own_price numeric, id uuid, sku text, name text, unit text,
    limited boolean, stocked boolean, active boolean, markdown_percent numeric, tax_code text,
    tax_percent numeric, tax_parts jsonb, price numeric, on_hand numeric
);
CREATE TYPE bench.locked AS (
    id bigint, product_id uuid, store_id uuid, on_hand numeric, average_cost numeric,
    strict boolean, version bigint
)
"""


def make(owner: psycopg.Connection, clients: int) -> int:
    """The schema `bench` is there, for so many clients; how many products it knows.

    Raises NoShop.
    """
    owner.execute("DROP SCHEMA IF EXISTS bench CASCADE")
    owner.execute("CREATE SCHEMA bench")
    for statement in (_TILLS, _GOODS, _TYPES):
        owner.execute(statement)
    tills, goods = (_count(owner, table) for table in ("till", "goods"))
    if tills < clients or goods < FEWEST:
        raise NoShop(f"{tills} open tills, {goods} products")
    for table in ("till", "goods"):
        name = sql.Identifier("bench", table)
        owner.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (n)").format(name))
        owner.execute(sql.SQL("ANALYZE {}").format(name))
    return goods


def _count(owner: psycopg.Connection, table: str) -> int:
    name = sql.Identifier("bench", table)
    [count] = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone() or [0]
    return int(count)
