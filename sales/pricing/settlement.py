"""How the money on the counter settles what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from regalpos.money import NO_MONEY, cash_round, is_money, minus, round_money
from sales.pricing.figures import Unpriceable


@dataclass(frozen=True, kw_only=True)
class Tendered:
    """What was handed over in one tender. Negative: handed to the customer."""

    tender: UUID
    amount: Decimal
    in_drawer: bool
    may_exceed: bool
    rounds: bool


@dataclass(frozen=True)
class Kept:
    """What the shop keeps of it: amount = handed over - change."""

    tendered: Tendered
    amount: Decimal
    change: Decimal

    @property
    def handed_over(self) -> Decimal:
        return self.tendered.amount


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """payable = total + rounding; if `settled`, the payments' amounts add up to it.

    `due` is what is still to pay, `over` what no tender may take; either is signed as the total,
    and one that is not zero means that nothing else here may be posted.
    """

    total: Decimal
    rounding: Decimal
    payable: Decimal
    payments: tuple[Kept, ...]
    due: Decimal
    over: Decimal

    @property
    def settled(self) -> bool:
        return not self.due and not self.over

    @property
    def change(self) -> Decimal:
        return sum((kept.change for kept in self.payments), NO_MONEY)

    @property
    def in_drawer(self) -> Decimal:
        """What the sale adds to the drawer, change already taken out."""
        return sum((kept.amount for kept in self.payments if kept.tendered.in_drawer), NO_MONEY)


def settle(
    total: Decimal,
    tenders: Sequence[Tendered],
    currency: str,
    cash_step: Decimal | None = None,
) -> Settlement:
    """Match what was handed over with what is due.

    Tenders that are taken to the cent come first, whatever their order; what they leave is due in
    cash, and that part alone is rounded, once, and only if cash was offered at all. Only a tender
    that may exceed gives change, and only when money comes in: nobody hands out too much and waits
    for change. Raises Unpriceable for a payment against the total's direction or finer than cents.
    """
    outgoing = total < 0
    left, rounding, over = abs(total), round_money(NO_MONEY, currency), NO_MONEY
    kept: dict[int, Kept] = {}
    rounded = False
    for index, tendered in sorted(enumerate(tenders), key=_to_the_cent_first):
        if tendered.rounds and not rounded:
            rounded, rounding = True, cash_round(left, currency, cash_step) - left
            left += rounding
        handed = _handed(tendered, outgoing, currency)
        amount = min(handed, left)
        left -= amount
        if outgoing or not tendered.may_exceed:
            over += handed - amount
        kept[index] = Kept(tendered, *_signed(outgoing, amount, handed - amount))
    rounding, due, over = _signed(outgoing, rounding, left, over)
    return Settlement(
        total=total,
        rounding=rounding,
        payable=total + rounding,
        payments=tuple(kept[index] for index in range(len(tenders))),
        due=due,
        over=over,
    )


def _to_the_cent_first(offer: tuple[int, Tendered]) -> tuple[bool, bool, int]:
    index, tendered = offer
    return tendered.rounds, tendered.may_exceed, index


def _handed(tendered: Tendered, outgoing: bool, currency: str) -> Decimal:
    handed = minus(tendered.amount) if outgoing else tendered.amount
    if not is_money(handed, currency) or handed < 0:
        raise Unpriceable(0, "payments", "not an amount that settles this total")
    return round_money(handed, currency)


def _signed(outgoing: bool, *amounts: Decimal) -> tuple[Decimal, ...]:
    return tuple(minus(amount) for amount in amounts) if outgoing else amounts
