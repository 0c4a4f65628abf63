"""Turning a basket into a posted sale: every lock, every rule, every row, in one step.

The locks come first and in the house's order (docs/ARCHITECTURE.md): stock levels, returned
quantities, shift totals, journal head. The rules look under them, in the order that callers rely
on, and only then is anything written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from people.access import Actor
from people.services import trail
from sales.forms import SaleBody
from sales.models import JournalHead, Register, Sale, SaleLine
from sales.pricing import Bill
from sales.sealing import amount
from sales.services.answers import JOURNALED, sale_content
from sales.services.basket import fill_basket
from sales.services.journal import append_record
from sales.services.sale_rows import (
    add_to_shift,
    move_goods,
    sold_and_returned,
    write_lines,
    write_payments,
    write_sale,
)
from sales.services.selling_rules import (
    lock_shift,
    refuse_beyond_limits,
    refuse_changed_total,
    refuse_short_shelves,
    settle_payments,
    tenders_of,
)


def post_sale(
    *,
    sale_id: UUID,
    body: SaleBody,
    body_hash: str,
    register: Register,
    actor: Actor,
    source: str,
    at: datetime,
) -> dict[str, Any]:
    """The sale is posted and this is what the receipt says; or it is refused and nothing changed.

    A step: call inside a transaction (a savepoint, so that a refusal can be kept). Locks stock
    levels, returned quantities, shift totals and the journal head, in that order. Raises Invalid,
    UnknownProduct, NoPrice, TotalChanged, ApprovalNeeded, Underpaid, Overpaid, OutOfStock and
    ShiftClosed.
    """
    tenders = tenders_of(body)
    basket = fill_basket(body, register, actor, at)
    refuse_changed_total(basket)
    refuse_beyond_limits(basket)
    settlement = settle_payments(basket, tenders)
    refuse_short_shelves(basket)
    shift = lock_shift(register, actor, basket.rules)
    head = JournalHead.objects.lock(register.pk)
    sale = write_sale(sale_id, basket, settlement, shift, head, source, body_hash)
    lines = write_lines(sale, basket)
    write_payments(sale, settlement, tenders, shift, basket)
    move_goods(sale, lines, basket)
    add_to_shift(shift, sale, basket.bill, settlement)
    content = sale_content(sale, lines, basket.bill, settlement, tenders)
    record = append_record(head, **sealed_facts(sale, content, basket.bill))
    if basket.taken:
        trail.record(
            "sale.returned",
            actor=actor,
            subject=sale,
            store_id=register.store_id,
            after=returned_facts(sale, lines),
        )
    return {**content, "journal": {"seq": record.seq, "hash": record.hash}}


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
