"""The key of a checkout taken, and where and by whose rules it is rung up: one statement."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models

from people.models import Store, StoreRules
from regalpos import statements
from sales.models import Register, SaleAttempt, Tender


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`taken`: the id is ours now. The rest is true whether it is or not."""

    taken: bool
    register: Register  # with its store
    rules: StoreRules
    tenders: dict[str, Tender]
    customer: bool  # there is one by the id that was asked for
    salesman: bool


@cache
def columns(model: type[models.Model], table: str) -> str:
    """Every column of a model, for a SELECT that `Model.from_db` can read."""
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


@cache
def names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def one[M: models.Model](model: type[M], values: Collection[Any]) -> M:
    """The model's instance for the values of `columns`, as the ORM would have read it."""
    if places := _written_as_json(model):
        values = list(values)
        for place in places:
            if values[place]:  # it arrives as text
                values[place] = statements.json(values[place])
    return model.from_db(DEFAULT_DB_ALIAS, names(model), values)


@cache
def _written_as_json(model: type[models.Model]) -> list[int]:
    fields = enumerate(model._meta.concrete_fields)
    return [place for place, field in fields if isinstance(field, models.JSONField)]


@cache
def _claim() -> str:
    return f"""
WITH asked AS (
    SELECT * FROM sales_register
    WHERE id = %(register)s AND active AND (%(everywhere)s OR store_id = ANY(%(stores)s::uuid[]))
), claimed AS (
    INSERT INTO sales_saleattempt (id, store_id, user_id, body, body_hash, state, answer, at)
    SELECT %(id)s, store_id, %(user)s, %(body)s::jsonb, %(body_hash)s, %(state)s,
           %(answer)s::jsonb, %(at)s
    FROM asked
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM claimed) = 1,
       EXISTS (SELECT FROM people_customer WHERE id = %(customer)s),
       EXISTS (SELECT FROM people_salesman WHERE id = %(salesman)s),
       (SELECT json_agg(tender) FROM sales_tender AS tender
        WHERE tender.code = ANY(%(tenders)s::text[]) AND tender.active),
       {columns(Register, "asked")}, {columns(Store, "store")}, {columns(StoreRules, "rules")}
FROM asked
JOIN people_store AS store ON store.id = asked.store_id
JOIN LATERAL (
    SELECT * FROM people_storerules
    WHERE store_id = asked.store_id AND valid_from <= %(at)s
    ORDER BY version DESC LIMIT 1
) AS rules ON true
"""  # noqa: S608  (columns of ours)


def claim(
    attempt: SaleAttempt,
    *,
    register_id: UUID,
    store_ids: Collection[UUID] | None,
    tenders: Collection[str] = (),
    customer: UUID | None = None,
    salesman: UUID | None = None,
) -> Claim | None:
    """Take the attempt's id, or learn that it is taken; None if the register is not here.

    A step, the first of its transaction: it waits for a twin in flight on the unique key. The
    attempt's store is set to the register's. `store_ids` are those that may be asked about; None
    means all. Raises OperationalError (55P03) if the twin takes too long.
    """
    found = statements.rows(
        _claim(),
        id=attempt.pk,
        user=attempt.user_id,
        body=statements.as_json(attempt.body),
        body_hash=attempt.body_hash,
        state=attempt.state,
        answer=None if attempt.answer is None else statements.as_json(attempt.answer),
        at=attempt.at,
        register=register_id,
        everywhere=store_ids is None,
        stores=list(store_ids or ()),
        tenders=list(tenders),
        customer=customer,
        salesman=salesman,
    )
    if not found:
        return None
    taken, has_customer, has_salesman, ways, *rest = found[0]
    after_register = len(names(Register))
    after_store = after_register + len(names(Store))
    register = one(Register, rest[:after_register])
    register.store = one(Store, rest[after_register:after_store])
    attempt.store_id = register.store_id
    return Claim(
        taken=taken,
        register=register,
        rules=one(StoreRules, rest[after_store:]),
        tenders={row["code"]: Tender(**row) for row in ways or ()},
        customer=has_customer,
        salesman=has_salesman,
    )
