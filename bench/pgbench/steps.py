"""A sale as a row of statements: our checkout's own, and between them what the application does.

Values are named as our statements name theirs: `%(store)s`. What a step gives is known to all
that come after it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from inventory.models.stock import _LOCK
from sales.checkout_sql.claim import _claim, names
from sales.checkout_sql.goods import _GOODS
from sales.checkout_sql.locks import _drawer
from sales.checkout_sql.post import _post
from sales.models import JournalHead, Shift

HERE = Path(__file__).parent
COMMENT = re.compile(r"--.*$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One statement. `gives` names the columns of its one row, each with its type."""

    sql: str
    gives: dict[str, str]


# What never changes from sale to sale, and what a plain sale has not.
CONSTANTS = {
    "everywhere": "false",
    "state": "'posted'",
    "tenders": "ARRAY['cash']",
    "customer": "NULL::uuid",
    "salesman": "NULL::uuid",
    "no_answer": "NULL",
    "skus": "ARRAY[]::text[]",
    "lookups": "ARRAY[]::text[]",
    "taken": "ARRAY[]::uuid[]",
    "sold": "1",
    "came_back": "0",
    "only_came_back": "0",
    "returned": "0::numeric",
    "quote": "NULL::uuid",
    "cart": "NULL::uuid",
}

_FOUND = f"SELECT array_agg(ROW(goods.*)::bench.found) AS found FROM ({_GOODS}) AS goods"  # noqa: S608
_LOCKED = f"""
SELECT array_agg(ROW(level.*)::bench.locked) AS locked
FROM ({_LOCK.replace("%(products)s", "%(ids)s")}) AS level
"""  # noqa: S608
_HELD = """
SELECT count(*) AS held FROM (
    SELECT product_id, sum(quantity) FROM inventory_stockhold
    WHERE until > %(at)s AND store_id = %(store)s AND product_id = ANY(%(ids)s::uuid[])
    GROUP BY product_id
) AS hold
"""


def _drawn() -> str:
    columns = [f"shift_{name}" for name in names(Shift)]
    columns += [f"head_{name}" for name in names(JournalHead)]
    return f"""
SELECT shift_id AS shift, head_epoch AS epoch, head_seq AS seq, head_hash AS prev,
       head_last_receipt AS last_receipt, head_perpetual_sales AS perpetual_sales,
       head_perpetual_returns AS perpetual_returns, head_perpetual_net AS perpetual_net
FROM ({_drawer()}) AS drawer ({", ".join(columns)})
"""  # noqa: S608


def steps() -> list[Step]:
    """One sale, first to last."""
    return [
        Step(
            (HERE / "basket.sql").read_text(),
            {
                "id": "uuid",
                "at": "timestamptz",
                "day": "date",
                "register": "uuid",
                "number": "int",
                "store": "uuid",
                "stores": "uuid[]",
                "code": "text",
                "currency": "text",
                "user": "uuid",
                "rules": "int",
                "inclusive": "boolean",
                "tender": "uuid",
                "ids": "uuid[]",
                "body": "jsonb",
                "body_hash": "text",
            },
        ),
        Step(_claim().replace("%(answer)s", "%(no_answer)s"), {}),
        Step(_FOUND, {"found": "bench.found[]"}),
        Step(_LOCKED, {"locked": "bench.locked[]"}),
        Step(_HELD, {"held": "int"}),
        Step(
            _drawn(),
            {
                "shift": "uuid",
                "epoch": "int",
                "seq": "bigint",
                "prev": "text",
                "last_receipt": "bigint",
                "perpetual_sales": "numeric",
                "perpetual_returns": "numeric",
                "perpetual_net": "numeric",
            },
        ),
        Step(
            (HERE / "rules.sql").read_text(),
            {
                "sale": "jsonb",
                "lines": "jsonb",
                "payments": "jsonb",
                "cash": "jsonb",
                "moves": "jsonb",
                "level_ids": "bigint[]",
                "levels": "jsonb",
                "in_drawer": "numeric",
                "answer": "jsonb",
                "payload": "bytea",
                "head": "jsonb",
                "record": "jsonb",
            },
        ),
        Step(_post(), {}),
    ]


def bare(sql: str) -> str:
    """The statement without comments: pgbench would look for its variables in them."""
    return COMMENT.sub("", sql).strip().rstrip(";")
