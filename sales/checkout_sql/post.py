"""A posted sale written down, every book of it, in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.db import models

from inventory.models import StockMove
from inventory.services.stock import Planned
from regalpos import statements
from sales.checkout_sql.claim import names
from sales.models import CashMove, JournalHead, JournalRecord, Payment, Sale, SaleLine
from sales.pricing import Settlement

NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Posting:
    """Everything that a sale writes. All its locks are held and all its rules were kept."""

    sale: Sale
    lines: list[SaleLine]
    payments: list[Payment]
    cash: CashMove | None
    goods: Planned
    settlement: Settlement
    head: JournalHead  # moved on to the record already
    record: JournalRecord
    answer: dict[str, Any]
    quote: UUID | None  # whose holds end
    cart: UUID | None  # which becomes sold


def write(posting: Posting) -> None:
    """The sale and its whole trail are in the books. A step, in the transaction of its claim."""
    sale, head, record = posting.sale, posting.head, posting.record
    settlement, goods = posting.settlement, posting.goods
    back = -sum((line.total for line in posting.lines if line.quantity < 0), NOTHING)
    statements.rows(
        _post(),
        id=sale.pk,
        answer=statements.as_json(posting.answer),
        sale=_row(sale),
        lines=_rows(posting.lines),
        payments=_rows(posting.payments),
        cash=_rows([posting.cash] if posting.cash else []),
        moves=_rows(goods.moves),
        taken=[line.returns_id for line in posting.lines if line.returns_id],
        level_ids=list(goods.levels),
        levels=statements.as_json(
            [
                {"id": pk, "quantity": quantity, "times": times, "cost": goods.costs[pk]}
                for pk, (quantity, times) in goods.sums().items()
            ]
        ),
        sold=int(sale.kind != Sale.Kind.RETURN),
        came_back=int(sale.kind != Sale.Kind.SALE),
        only_came_back=int(sale.kind == Sale.Kind.RETURN),
        returned=back,
        in_drawer=settlement.in_drawer,
        head=_row(head),
        record=statements.as_json({**_facts(record), "payload": None}),
        payload=record.payload,
        quote=posting.quote,
        cart=posting.cart,
    )


def _row(model: models.Model) -> str:
    return statements.as_json(_facts(model))


def _rows(rows: Iterable[models.Model]) -> str:
    return statements.as_json([_facts(row) for row in rows])


def _facts(model: models.Model) -> dict[str, Any]:
    """A model's columns by name; what Django keeps beside them is left out."""
    return {name: value for name, value in vars(model).items() if name != "_state"}


def _columns(model: type[models.Model]) -> str:
    """All but the id, which these tables give themselves."""
    return ", ".join(name for name in names(model) if name != "id")


@cache
def _post() -> str:
    moves, records = _columns(StockMove), _columns(JournalRecord)
    payload = records.replace("payload", "%(payload)s")
    return f"""
WITH sale AS (
    INSERT INTO sales_sale
    SELECT * FROM jsonb_populate_record(NULL::sales_sale, %(sale)s::jsonb)
    RETURNING *
), line AS (
    INSERT INTO sales_saleline
    SELECT * FROM jsonb_populate_recordset(NULL::sales_saleline, %(lines)s::jsonb)
    RETURNING *
), sold AS (
    INSERT INTO sales_returnedquantity (line_id, sold, returned)
    SELECT id, quantity, 0 FROM line WHERE quantity > 0
), came_back AS (
    UPDATE sales_returnedquantity AS guard SET returned = guard.returned - line.quantity
    FROM line WHERE guard.line_id = line.returns_id AND guard.line_id = ANY(%(taken)s::uuid[])
), payment AS (
    INSERT INTO sales_payment
    SELECT * FROM jsonb_populate_recordset(NULL::sales_payment, %(payments)s::jsonb)
    RETURNING *
), cash AS (
    INSERT INTO sales_cashmove
    SELECT * FROM jsonb_populate_recordset(NULL::sales_cashmove, %(cash)s::jsonb)
), level AS (
    UPDATE inventory_stocklevel AS level
    SET on_hand = level.on_hand + moved.quantity, version = level.version + moved.times,
        average_cost = moved.cost
    FROM jsonb_to_recordset(%(levels)s::jsonb)
      AS moved(id bigint, quantity numeric, times int, cost numeric)
    WHERE level.id = moved.id AND level.id = ANY(%(level_ids)s::bigint[])
), move AS (
    INSERT INTO inventory_stockmove ({moves})
    SELECT {moves} FROM jsonb_populate_recordset(NULL::inventory_stockmove, %(moves)s::jsonb)
), hold AS (
    DELETE FROM inventory_stockhold WHERE holder = %(quote)s
), cart AS (
    UPDATE sales_cart SET state = 'sold', changed_at = greatest(changed_at, sale.recorded_at)
    FROM sale
    WHERE sales_cart.id = %(cart)s AND attempt = sale.id AND state = 'open'
), totals AS (
    UPDATE sales_shifttotals AS totals
    SET sales = sales + %(sold)s, returns = returns + %(came_back)s,
        net = totals.net + sale.net, tax = totals.tax + sale.tax,
        discount = totals.discount + sale.discount, total = totals.total + sale.total,
        rounding = totals.rounding + sale.rounding, returned = returned + %(returned)s,
        expected_cash = expected_cash + %(in_drawer)s
    FROM sale WHERE totals.shift_id = sale.shift_id
), tender AS (
    INSERT INTO sales_shifttender AS kept (shift_id, tender_id, payments, amount)
    SELECT sale.shift_id, payment.tender_id, count(*), sum(payment.amount)
    FROM payment, sale GROUP BY 1, 2
    ON CONFLICT (shift_id, tender_id) DO UPDATE
    SET payments = kept.payments + excluded.payments, amount = kept.amount + excluded.amount
), product_day AS (
    INSERT INTO sales_productday AS kept
        (store_id, product_id, business_day, sold, returned, net, tax, discount, total, cost)
    SELECT sale.store_id, line.product_id, sale.business_day,
           coalesce(sum(line.quantity) FILTER (WHERE line.quantity > 0), 0),
           coalesce(-sum(line.quantity) FILTER (WHERE line.quantity < 0), 0),
           sum(line.net), sum(line.tax), sum(line.discount), sum(line.total),
           sum(line.cost * line.quantity)
    FROM line, sale WHERE line.product_id IS NOT NULL
    GROUP BY 1, 2, 3
    ORDER BY line.product_id  -- of services no level is locked: this is their lock order
    ON CONFLICT (store_id, business_day, product_id) DO UPDATE
    SET sold = kept.sold + excluded.sold, returned = kept.returned + excluded.returned,
        net = kept.net + excluded.net, tax = kept.tax + excluded.tax,
        discount = kept.discount + excluded.discount, total = kept.total + excluded.total,
        cost = kept.cost + excluded.cost
), register_day AS (
    INSERT INTO sales_registerday AS kept
        (register_id, business_day, sales, returns, net, tax, discount, total, payable, refunded)
    SELECT register_id, business_day, 1 - %(only_came_back)s, %(only_came_back)s,
           net, tax, discount, total, payable, -payable * %(only_came_back)s
    FROM sale
    ON CONFLICT (register_id, business_day) DO UPDATE
    SET sales = kept.sales + excluded.sales, returns = kept.returns + excluded.returns,
        net = kept.net + excluded.net, tax = kept.tax + excluded.tax,
        discount = kept.discount + excluded.discount, total = kept.total + excluded.total,
        payable = kept.payable + excluded.payable, refunded = kept.refunded + excluded.refunded
), head AS (
    UPDATE sales_journalhead AS head
    SET seq = now.seq, hash = now.hash, last_receipt = now.last_receipt,
        perpetual_sales = now.perpetual_sales, perpetual_returns = now.perpetual_returns,
        perpetual_net = now.perpetual_net
    FROM jsonb_populate_record(NULL::sales_journalhead, %(head)s::jsonb) AS now
    WHERE head.register_id = now.register_id
), record AS (
    INSERT INTO sales_journalrecord ({records})
    SELECT {payload} FROM jsonb_populate_record(NULL::sales_journalrecord, %(record)s::jsonb)
)
UPDATE sales_saleattempt SET answer = %(answer)s::jsonb WHERE id = %(id)s
"""  # noqa: S608  (columns of ours)
