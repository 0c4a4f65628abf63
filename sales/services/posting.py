"""Turning a basket into a posted sale: every lock, every rule, every row, in one step.

The locks come first and in the house's order (docs/ARCHITECTURE.md): stock levels, returned
quantities, shift totals, journal head. The rules look under them, in the order that callers rely
on, and only then is anything written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from inventory.services.stock import Source, plan_moves, settle_levels
from people.access import Actor
from people.services import trail
from sales.checkout_sql.claim import Claim
from sales.checkout_sql.post import Posting, write
from sales.forms import SaleBody
from sales.models import Sale, SaleLine
from sales.pricing import Bill
from sales.sealing import amount
from sales.services.answers import JOURNALED, sale_content
from sales.services.basket import fill_basket
from sales.services.journal import next_record
from sales.services.sale_rows import (
    goods_changes,
    new_cash_move,
    new_lines,
    new_payments,
    new_sale,
    sold_and_returned,
)
from sales.services.selling_rules import (
    open_drawer,
    refuse_beyond_limits,
    refuse_changed_total,
    refuse_short_shelves,
    refuse_unknown_names,
    settle_payments,
)


def post_sale(
    *,
    sale_id: UUID,
    body: SaleBody,
    body_hash: str,
    claim: Claim,
    actor: Actor,
    source: str,
    at: datetime,
    cart_id: UUID | None = None,
) -> dict[str, Any]:
    """The sale is posted and this is what the receipt says; or it is refused and nothing changed.

    A step, in the transaction of its claim. Locks stock levels, returned quantities, shift totals
    and the journal head, in that order; every rule is asked under them, and only then is anything
    written. Raises Invalid, UnknownProduct, NoPrice, TotalChanged, ApprovalNeeded, Underpaid,
    Overpaid, OutOfStock and ShiftClosed.
    """
    register, tenders = claim.register, claim.tenders
    refuse_unknown_names(body, claim)
    basket = fill_basket(body, register, claim.rules, actor, at)
    refuse_changed_total(basket)
    refuse_beyond_limits(basket)
    settlement = settle_payments(basket, tenders)
    refuse_short_shelves(basket)
    drawer = open_drawer(register, actor, basket.rules)
    sale = new_sale(sale_id, basket, settlement, drawer.shift, drawer.head, source, body_hash)
    lines = new_lines(sale, basket)
    goods = plan_moves(goods_changes(lines, basket), Source("sale", sale_id, actor.user_id, at))
    content = sale_content(sale, lines, basket.bill, settlement, tenders)
    record = next_record(drawer.head, **sealed_facts(sale, content, basket.bill))
    answer = {**content, "journal": {"seq": record.seq, "hash": record.hash}}
    write(
        Posting(
            sale=sale,
            lines=lines,
            payments=new_payments(sale, settlement, tenders, body.payments),
            cash=new_cash_move(sale, settlement, drawer.shift, actor.user_id),
            goods=goods,
            settlement=settlement,
            head=drawer.head,
            record=record,
            answer=answer,
            quote=body.quote,
            cart=cart_id,
        )
    )
    settle_levels(goods, register.name)
    if basket.taken:
        trail.record(
            "sale.returned",
            actor=actor,
            subject=sale,
            store_id=register.store_id,
            after=returned_facts(sale, lines),
        )
    return answer


def returned_facts(sale: Sale, lines: Sequence[SaleLine]) -> dict[str, Any]:
    """What the trail keeps of goods that came back: which, why, where they went, for how much."""
    return {
        "receipt_number": sale.receipt_number,
        "payable": amount(sale.payable),
        "lines": [
            {
                "returns": str(line.returns_id),
                "quantity": amount(line.quantity),
                "reason": line.reason,
                "disposition": line.disposition,
            }
            for line in lines
            if line.returns_id
        ],
    }


def sealed_facts(sale: Sale, content: dict[str, Any], bill: Bill) -> dict[str, Any]:
    """What the journal keeps of a sale: the arguments of its record."""
    sold, returned = sold_and_returned(bill)
    return {
        "store_id": sale.store_id,
        "series": "return" if sale.kind == Sale.Kind.RETURN else "sale",
        "business_id": sale.pk,
        "occurred_at": sale.occurred_at,
        "recorded_at": sale.recorded_at,
        "what": {
            "event": "sale.posted",
            "cashier": str(sale.cashier_id),
            "customer": str(sale.customer_id or ""),
            "salesman": str(sale.salesman_id or ""),
            "source": sale.source,
            "rules_version": sale.rules_version,
            **{name: content[name] for name in JOURNALED},
        },
        "sold": sold,
        "returned": returned,
    }
