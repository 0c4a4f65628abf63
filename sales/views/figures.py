"""Figures of the till's screens: what is due, what was sold, and what a person typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from people.access import Actor
from regalpos.errors import Invalid
from regalpos.money import (
    NO_MONEY,
    NotAnAmount,
    TooManyDecimals,
    cash_round,
    format_amount,
    minor_digits,
    parse_amount,
    quick_cash,
)
from regalpos.templatetags.shop import reading_locale
from sales.models import Tender
from sales.receipts import Receipt
from sales.reports.receipts import read_receipt
from sales.services.cart_view import CartView
from sales.services.checkout import find_answer

EXAMPLE = Decimal("253.40")


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
class Sold:
    """A posted sale as the till shows it until the next one begins."""

    id: UUID
    receipt_number: str
    currency: str
    change: Decimal
    total: Decimal
    paid: tuple[Paid, ...]
    receipt: Receipt


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
    if answer is None or answer.state != "posted":
        return None
    return sold_of(answer.content, actor)


def sold_of(content: Mapping[str, Any], actor: Actor) -> Sold:
    """A kept answer as figures again, with its receipt. Call it in a lane."""
    sale_id = UUID(content["id"])
    tenders = {tender.code: tender for tender in Tender.objects.all()}
    return Sold(
        id=sale_id,
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
        receipt=read_receipt(sale_id, actor),
    )


def typed_amount(typed: str, currency: str, field: str, words: str) -> Decimal:
    """What a person typed, as they write amounts. Raises Invalid for the field.

    `words` say what to type there instead, with an `%(amount)s` for an example.
    """
    locale = reading_locale()
    try:
        return parse_amount(typed, currency, locale)
    except TooManyDecimals as wrong:
        raise Invalid(fields={field: [_("More decimals than this currency has.")]}) from wrong
    except NotAnAmount as wrong:
        example = format_amount(EXAMPLE, currency, locale)
        raise Invalid(fields={field: [words % {"amount": example}]}) from wrong
