"""Figures that the till's screens are drawn from: what is due, and what was sold."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from people.access import Actor
from regalpos.money import NO_MONEY, cash_round, minor_digits, quick_cash
from sales.models import Tender
from sales.services.cart_view import CartView
from sales.services.checkout import find_answer


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is still to pay: to the cent, in cash, and the notes people reach for then."""

    currency: str
    digits: int
    total: Decimal
    left: Decimal
    cash: Decimal
    quick: tuple[Decimal, ...]


@dataclass(frozen=True)
class Paid:
    """One tender of a sale, by the name people know it by."""

    name: str
    in_drawer: bool
    amount: Decimal
    handed_over: Decimal
    change: Decimal


@dataclass(frozen=True)
class SoldLine:
    """One line as the customer reads it: a tax-free figure where prices go without tax."""

    description: str
    quantity: Decimal
    unit: str
    amount: Decimal
    tax_code: str


@dataclass(frozen=True)
class Sold:
    """A posted sale as the till shows it until the next one begins."""

    id: UUID
    receipt_number: str
    currency: str
    change: Decimal
    total: Decimal
    paid: tuple[Paid, ...]
    lines: tuple[SoldLine, ...]
    content: Mapping[str, Any]


def due_of(cart: CartView, paid: Decimal = NO_MONEY) -> Due:
    """What is left of a cart's total when `paid` has been taken in other tenders already."""
    left = cart.bill.total - paid
    cash = cash_round(left, cart.currency, cart.cash_step or None)
    return Due(
        currency=cart.currency,
        digits=minor_digits(cart.currency),
        total=cart.bill.total,
        left=left,
        cash=cash,
        quick=tuple(quick_cash(cash, cart.currency)),
    )


def read_sold(sale_id: UUID, actor: Actor) -> Sold | None:
    """The posted sale of this id, if it is one of the actor's stores'. Call it in a lane."""
    answer = find_answer(sale_id=sale_id, actor=actor)
    return sold_of(answer.content) if answer is not None and answer.state == "posted" else None


def sold_of(content: Mapping[str, Any]) -> Sold:
    """A kept answer as figures again. Reads the tenders: call it in a lane."""
    tenders = {tender.code: tender for tender in Tender.objects.all()}
    return Sold(
        id=UUID(content["id"]),
        receipt_number=content["receipt_number"],
        currency=content["currency"],
        change=Decimal(content["change"]),
        total=Decimal(content["totals"]["payable"]),
        paid=tuple(
            Paid(
                name=tenders[row["tender"]].name,
                in_drawer=tenders[row["tender"]].in_drawer,
                amount=Decimal(row["amount"]),
                handed_over=Decimal(row["handed_over"]),
                change=Decimal(row["change"]),
            )
            for row in content["payments"]
        ),
        lines=tuple(
            SoldLine(
                description=row["description"],
                quantity=Decimal(row["quantity"]),
                unit=row["unit"],
                amount=Decimal(row["total" if content["prices_include_tax"] else "net"]),
                tax_code=row["tax_code"],
            )
            for row in content["lines"]
        ),
        content=content,
    )
