"""A register as somebody stands at it: its store, the rules there, and whose drawer is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import models

from people.models import Store, StoreRules
from regalpos import statements
from sales.checkout_sql.claim import columns, names, one
from sales.models import Register, Shift


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A register as somebody stands at it: `shift` is open here, `on_shift` anywhere of theirs."""

    register: Register  # with its store
    rules: StoreRules
    shift: Shift | None
    on_shift: bool


AROUND = """
JOIN people_store AS store ON store.id = register.store_id
JOIN LATERAL (
    SELECT * FROM people_storerules
    WHERE store_id = register.store_id AND valid_from <= %(at)s
    ORDER BY version DESC LIMIT 1
) AS rules ON true
LEFT JOIN sales_shift AS shift ON shift.register_id = register.id AND shift.closed_at IS NULL
"""
DESK = ((Register, "register"), (Store, "store"), (StoreRules, "rules"), (Shift, "shift"))


@cache
def desk_columns() -> str:
    """The columns that `desk_of` takes."""
    on_shift = "SELECT FROM sales_shift WHERE cashier_id = %(user)s AND closed_at IS NULL"
    return ", ".join([*(columns(*part) for part in DESK), f"EXISTS ({on_shift})"])


@cache
def _stood() -> str:
    return f"""
SELECT {desk_columns()},
       (SELECT id FROM sales_cart WHERE register_id = register.id AND state = 'open')
FROM sales_register AS register {AROUND}
WHERE register.id = %(register)s
"""  # noqa: S608  (columns of ours)


def read_desk(register_id: UUID, *, user_id: UUID, at: datetime) -> tuple[Desk, UUID | None] | None:
    """The register as this person stands at it, and the cart that is open there."""
    found = statements.rows(_stood(), register=register_id, user=user_id, at=at)
    if not found:
        return None
    facts = iter(found[0])
    return desk_of(facts), next(facts)


def desk_of(facts: Iterator[Any]) -> Desk:
    """The desk of the next `desk_columns`."""
    register = row_of(Register, facts)
    register.store = row_of(Store, facts)
    return Desk(
        register=register,
        rules=row_of(StoreRules, facts),
        shift=row_or_none(Shift, facts),
        on_shift=next(facts),
    )


def row_of[M: models.Model](model: type[M], facts: Iterator[Any]) -> M:
    """The row of the next columns of `model`."""
    return one(model, list(islice(facts, len(names(model)))))


def row_or_none[M: models.Model](model: type[M], facts: Iterator[Any]) -> M | None:
    """The row, or None where there was none to join."""
    values = list(islice(facts, len(names(model))))
    return None if values[0] is None else one(model, values)


_OPEN = """
INSERT INTO sales_cart (id, store_id, register_id, cashier_id, state, name, opened_at, changed_at)
VALUES (%(cart)s, %(store)s, %(register)s, %(cashier)s, 'open', '', %(at)s, %(at)s)
ON CONFLICT (register_id) WHERE state = 'open' DO NOTHING
RETURNING id
"""


def open_at(desk: Desk, *, cart_id: UUID, user_id: UUID, at: datetime) -> bool:
    """The register has a new open cart; False if one stood there. A step."""
    register = desk.register
    return bool(
        statements.rows(
            _OPEN,
            cart=cart_id,
            store=register.store_id,
            register=register.pk,
            cashier=user_id,
            at=at,
        )
    )
