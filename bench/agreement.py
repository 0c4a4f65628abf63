"""Do two servers do the same work? The same requests must leave the same rows and sums behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from tests.databases import Database

# Sums that are kept as sales come: as many rows as products and tills, however many sales.
ROLLUPS = {
    "sales_productday",
    "sales_registerday",
    "sales_shifttender",
    "sales_shifttotals",
}
# How many were on hand after one move depends on which till was quicker.
BY_CHANCE = {("inventory_stockmove", "balance")}

_COLUMNS = """
SELECT table_name, array_agg(column_name::text) FILTER (
    WHERE data_type IN ('numeric', 'integer', 'smallint', 'bigint') AND NOT is_key
), bool_or(true)
FROM (
    SELECT c.table_name, c.column_name, c.data_type,
           c.column_name = 'id' OR c.column_name LIKE '%%\\_id' AS is_key
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
) columns
GROUP BY table_name ORDER BY table_name
"""


class Disagree(Exception):
    """Two servers left different books behind: they are not doing the same work."""


@dataclass(frozen=True)
class Books:
    """Each table's number of rows, and the sum of each of its columns of numbers."""

    rows: Mapping[str, int]
    sums: Mapping[tuple[str, str], Decimal]

    def since(self, before: "Books") -> dict[str, int]:
        """The tables that have grown, and by how many rows."""
        grown = {table: count - before.rows[table] for table, count in self.rows.items()}
        return {table: more for table, more in grown.items() if more}


def read_books(database: Database, *, sums: bool = True) -> Books:
    """The books as they stand."""
    rows: dict[str, int] = {}
    found: dict[tuple[str, str], Decimal] = {}
    with database.connect("owner", autocommit=True) as owner:
        for table, columns, _some in owner.execute(_COLUMNS).fetchall():
            asked: list[sql.Composable] = [sql.SQL("count(*)")]
            names = [name for name in columns or [] if sums and (table, name) not in BY_CHANCE]
            asked += [sql.SQL("coalesce(sum({}), 0)").format(sql.Identifier(n)) for n in names]
            query = sql.SQL("SELECT {} FROM {}").format(
                sql.SQL(", ").join(asked), sql.Identifier(table)
            )
            row: Any = owner.execute(query).fetchone()
            rows[table] = row[0]
            found |= {(table, name): Decimal(row[n]) for n, name in enumerate(names, start=1)}
    return Books(rows, found)


def same_books(one: Database, other: Database) -> dict[str, int]:
    """Both have the same number of rows in every table, and the same sum of every column.

    For databases that were alike and have since been asked for the same. Raises Disagree.
    """
    a, b = read_books(one), read_books(other)
    differ = {
        table: (a.rows.get(table), b.rows.get(table))
        for table in a.rows.keys() | b.rows.keys()
        if a.rows.get(table) != b.rows.get(table)
    }
    sums = {
        ".".join(key): (str(a.sums.get(key)), str(b.sums.get(key)))
        for key in a.sums.keys() | b.sums.keys()
        if a.sums.get(key) != b.sums.get(key)
    }
    if differ or sums:
        raise Disagree(f"rows {differ}, sums {sums}")
    return dict(a.rows)


def rows_of_each(grown: Mapping[str, int], number: int) -> dict[str, float]:
    """How many rows one sale or scan has added to each table, running sums left out."""
    return {table: rows / number for table, rows in sorted(grown.items()) if table not in ROLLUPS}


def same_rows(one: Mapping[str, float], other: Mapping[str, float]) -> None:
    """Each answer has added as many rows to every table on both sides. Raises Disagree."""
    if one != other:
        raise Disagree(f"rows of each: {one} beside {other}")


def totals(database: Database) -> dict[UUID, list[Decimal]]:
    """What each register has sold, sale by sale."""
    query = "SELECT register_id, array_agg(total ORDER BY number) FROM sales_sale GROUP BY 1"
    with database.connect("owner", autocommit=True) as owner:
        return dict(owner.execute(query).fetchall())


def same_totals(one: Mapping[UUID, list[Decimal]], other: Mapping[UUID, list[Decimal]]) -> int:
    """As far as both came, every till has the same totals; how many. Raises Disagree."""
    compared = 0
    for register, sold in one.items():
        pairs = [*zip(sold, other.get(register, []), strict=False)]
        compared += len(pairs)
        if wrong := [pair for pair in pairs if pair[0] != pair[1]]:
            raise Disagree(f"register {register}: totals {wrong[:3]}")
    return compared
