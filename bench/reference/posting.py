"""Turning a basket into a posted sale: every lock in the house's order, every rule, every row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from bench.reference import books, rows
from bench.reference.access import Person
from bench.reference.goods import NOTHING, Terms, find, read_terms
from bench.reference.refusals import Refused, invalid
from bench.reference.tables import (
    JournalHead,
    Register,
    Shift,
    ShiftTotals,
    StockHold,
    StockLevel,
    StoreRules,
    Tender,
)
from sales.forms import SaleBody
from sales.pricing import (
    Bill,
    Settlement,
    Tendered,
    Unpriceable,
    discount_percent_of,
    price,
    settle,
)
from sales.sealing import amount


@dataclass(frozen=True, kw_only=True)
class Till:
    """Where, by whose rules, by whom and when it is rung up."""

    register: Register
    rules: StoreRules
    tenders: Mapping[str, Tender]
    person: Person
    at: datetime


async def post_sale(
    session: AsyncSession, *, sale_id: UUID, body: SaleBody, body_hash: str, till: Till
) -> dict[str, Any]:
    """The sale is flushed, and this is what it answers; or Refused, and nothing was written."""
    store = till.register.store
    if body.quote or any(line.returns for line in body.lines):
        raise invalid("lines", "The reference sells only.")
    for index, payment in enumerate(body.payments):
        if payment.tender not in till.tenders:
            raise invalid(f"payments.{index}.tender", "There is no such way to pay.")
    found = await find(session, body.lines, store.currency)
    terms = await read_terms(session, [item.product for item in found], store, till.at)
    stocked = {item.product.id for item in found if item.product.stocked}
    levels = await _lock_levels(session, store.id, stocked)
    bill = _price(found, terms, levels, till)
    _refuse(bill, body, till)
    settlement = _settle(bill, body, till)
    await _refuse_short_shelves(session, bill, levels, till)
    totals = await _lock_shift(session, till)
    head = await session.scalar(
        select(JournalHead)
        .where(JournalHead.register_id == till.register.id)
        .with_for_update(key_share=True)
    )
    assert head is not None  # noqa: S101  (tells the type: every register has one)
    sale = rows.new_sale(sale_id, bill, settlement, body, body_hash, till, totals.shift_id, head)
    lines = rows.new_lines(sale_id, bill)
    content = rows.content(sale, lines, bill, settlement, till.tenders)
    session.add(sale)
    seal = books.seal_journal(session, head, sale, content)
    books.write_cash(session, sale, settlement, till)
    books.add_to_shift(totals, sale, settlement)
    await books.write_goods(session, sale, lines, levels, till)
    await session.flush()
    await books.add_to_sums(session, sale, lines)
    return {**content, "journal": seal}


async def _lock_levels(
    session: AsyncSession, store_id: UUID, products: Collection[UUID]
) -> dict[UUID, StockLevel]:
    """Locked in product order; a missing one is the shop's to make."""
    found = await session.scalars(
        select(StockLevel)
        .where(StockLevel.store_id == store_id, StockLevel.product_id.in_(products))
        .order_by(StockLevel.product_id)
        .with_for_update(key_share=True)
    )
    return {level.product_id: level for level in found}


async def _lock_shift(session: AsyncSession, till: Till) -> ShiftTotals:
    """The open shift and its sums, both locked, so that a close either came before or waits."""
    totals = await session.scalar(
        select(ShiftTotals)
        .join(ShiftTotals.shift)
        .options(contains_eager(ShiftTotals.shift))
        .where(Shift.register_id == till.register.id, Shift.closed_at.is_(None))
        .with_for_update(key_share=True)
    )
    if totals is None:
        raise Refused("shift_closed")
    if totals.shift.cashier_id != till.person.id and not till.rules.shared_drawers:
        raise Refused("shift_closed")
    return totals


def _price(
    found: Collection[Any], terms: Terms, levels: Mapping[UUID, StockLevel], till: Till
) -> Bill:
    costs = {product: level.average_cost for product, level in levels.items()}
    asks = [terms.ask(item, costs.get(item.product.id, NOTHING)) for item in found]
    rules, currency = till.rules, till.register.store.currency
    try:
        return price(asks, currency, rules.prices_include_tax, rules.cash_step or None)
    except Unpriceable as wrong:
        field = f"lines.{wrong.line - 1}.{wrong.field}" if wrong.line else "lines"
        raise invalid(field, "This cannot be sold like that.") from wrong


def _refuse(bill: Bill, body: SaleBody, till: Till) -> None:
    """The customer pays what they were told; a role gives no more than it may."""
    if bill.total != body.shown_total:
        raise Refused(
            "total_changed",
            total=rows.money(bill.total, bill.currency),
            shown=rows.money(body.shown_total, bill.currency),
        )
    limit = till.rules.discount_limit(till.person.role)
    for line in bill.lines:
        given = discount_percent_of(line)
        if given > limit or (line.override_price is not None and not limit):
            raise Refused(
                "approval_needed", action="discount", line=line.number, limit=amount(limit)
            )


def _settle(bill: Bill, body: SaleBody, till: Till) -> Settlement:
    tendered = [
        Tendered(
            tender=till.tenders[payment.tender].id,
            amount=payment.amount,
            in_drawer=till.tenders[payment.tender].in_drawer,
            may_exceed=till.tenders[payment.tender].may_exceed,
            rounds=till.tenders[payment.tender].rounds,
        )
        for payment in body.payments
    ]
    try:
        settled = settle(bill.total, tendered, bill.currency, till.rules.cash_step or None)
    except Unpriceable as wrong:
        raise invalid("payments", "Not an amount that pays this total.") from wrong
    if settled.due:
        raise Refused("underpaid", due=rows.money(abs(settled.due), bill.currency))
    if settled.over:
        raise Refused("overpaid", over=rows.money(abs(settled.over), bill.currency))
    return settled


async def _refuse_short_shelves(
    session: AsyncSession, bill: Bill, levels: Mapping[UUID, StockLevel], till: Till
) -> None:
    """Limited goods are sold only if they are there and not held for somebody who is paying."""
    strict = {product for product, level in levels.items() if level.strict}
    if not strict:
        return
    holds = await session.execute(
        select(StockHold.product_id, func.sum(StockHold.quantity))
        .where(
            StockHold.store_id == till.register.store_id,
            StockHold.product_id.in_(strict),
            StockHold.until > till.at,
        )
        .group_by(StockHold.product_id)
    )
    held = dict(iter(holds))
    wanted: dict[UUID, Decimal] = {}
    for line in bill.lines:
        if line.product_id in strict:
            wanted[line.product_id] = wanted.get(line.product_id, NOTHING) + line.quantity
    free = {product: levels[product].on_hand - held.get(product, NOTHING) for product in strict}
    short = [
        {"product": str(product), "on_hand": amount(max(free[product], NOTHING))}
        for product in sorted(strict)
        if wanted[product] > free[product]
    ]
    if short:
        raise Refused("out_of_stock", products=short)
