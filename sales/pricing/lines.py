"""A basket's lines priced, and their sums."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_UP, Decimal

from regalpos.money import (
    EXACT,
    LIMIT,
    NO_MONEY,
    cash_round,
    is_money,
    minus,
    round_money,
    round_to,
    share,
    spread,
)
from sales.pricing.figures import Ask, Bill, PricedLine, TaxPart, TaxTotal, Unpriceable

HUNDRED = Decimal(100)
UNIT_PLACES = 4
QUANTITY_PLACES = 3
UNIT_LIMIT = Decimal(10) ** 11  # numeric(15,4)
QUANTITY_LIMIT = Decimal(10) ** 9  # numeric(12,3)


def price(
    asks: Iterable[Ask], currency: str, inclusive: bool, cash_step: Decimal | None = None
) -> Bill:
    """The bill for these lines. Raises Unpriceable."""
    lines = [price_line(ask, currency, inclusive) for ask in asks]
    return add_up(lines, currency, inclusive, cash_step)


def price_line(ask: Ask, currency: str, inclusive: bool) -> PricedLine:
    """One line priced: unit price x quantity, rounded once, less its discount, and its tax."""
    _refuse_nonsense(ask, currency)
    unit_price = marked_down(ask) if ask.override_price is None else ask.override_price
    gross = _gross(ask, unit_price, currency)
    discount = _discount(ask, gross, currency)
    charged = gross - discount
    tax = tax_of(charged, ask.tax_percent, inclusive, currency)
    net = charged - tax if inclusive else charged
    sold = PricedLine(
        **vars(ask) | {"tax_parts": split_tax(tax, ask.tax_parts, currency)},
        price_basis="unit" if ask.label_price is None else "label",
        unit_price=unit_price,
        gross=gross,
        discount=discount,
        net=net,
        tax=tax,
        total=net + tax,
    )
    return sold if ask.quantity > 0 else _amounts_negated(sold)


def add_up(
    lines: Sequence[PricedLine], currency: str, inclusive: bool, cash_step: Decimal | None = None
) -> Bill:
    """The bill of lines already priced: sold, returned, or both."""
    total = sum((line.total for line in lines), round_money(NO_MONEY, currency))
    if abs(total) >= LIMIT:
        raise Unpriceable(0, "total", "more than a ledger holds")
    return Bill(
        currency=currency,
        inclusive=inclusive,
        lines=tuple(lines),
        net=sum((line.net for line in lines), NO_MONEY),
        tax=sum((line.tax for line in lines), NO_MONEY),
        discount=sum((line.discount for line in lines), NO_MONEY),
        total=total,
        cash_payable=cash_round(total, currency, cash_step),
        taxes=_taxes(lines),
    )


def marked_down(ask: Ask) -> Decimal:
    """The shop's own unit price: list less markdown, to four places."""
    kept = EXACT.multiply(ask.list_price, HUNDRED - ask.markdown_percent)
    return round_to(EXACT.divide(kept, HUNDRED), UNIT_PLACES)


def tax_of(charged: Decimal, percent: Decimal, inclusive: bool, currency: str) -> Decimal:
    """The tax in an amount (prices include it) or on top of it."""
    return share(charged, percent, HUNDRED + percent if inclusive else HUNDRED, currency)


def split_tax(tax: Decimal, parts: Sequence[TaxPart], currency: str) -> tuple[TaxPart, ...]:
    """The parts with the tax spread over them by their percents, to the last cent."""
    if not parts:
        return ()
    taxes = spread(tax, [part.percent for part in parts], currency)
    return tuple(replace(part, tax=tax) for part, tax in zip(parts, taxes, strict=True))


def quantity_of_label(label_price: Decimal, unit_price: Decimal) -> Decimal:
    """How much a price-embedded label stands for, to three places and never nothing."""
    least = Decimal(1).scaleb(-QUANTITY_PLACES)
    if not unit_price:
        return Decimal(1)
    return max(round_to(EXACT.divide(label_price, unit_price), QUANTITY_PLACES), least)


def discount_percent_of(line: Ask) -> Decimal:
    """How far below the shop's own price a person took this line, in percent: what a role limits.

    Price override and discount together; the shop's markdown is not anybody's gift. A discount
    given in percent counts as that percent, whatever cents its rounding added. Rounded up, at
    four places, so that a limit is never passed unseen. A price above the shop's own is 0.
    """
    shop = marked_down(line)
    left = Decimal(1)
    if line.override_price is not None and shop:
        left = EXACT.divide(line.override_price, shop)
    if line.discount_percent is not None:
        left = EXACT.multiply(left, 1 - line.discount_percent / HUNDRED)
    elif line.discount_amount:
        left = EXACT.multiply(left, 1 - _part_given(line))
    given = EXACT.multiply(HUNDRED, 1 - left)
    up = given.quantize(Decimal(1).scaleb(-UNIT_PLACES), rounding=ROUND_UP, context=EXACT)
    return max(up, NO_MONEY)


# ---- steps --------------------------------------------------------------------------------------


def _part_given(line: Ask) -> Decimal:
    """The discount amount as a part of the line, before rounding."""
    unit_price = marked_down(line) if line.override_price is None else line.override_price
    gross = line.label_price
    if gross is None:
        gross = EXACT.multiply(unit_price, abs(line.quantity))
    amount = line.discount_amount or NO_MONEY
    return min(EXACT.divide(amount, gross), Decimal(1)) if gross else NO_MONEY


def _gross(ask: Ask, unit_price: Decimal, currency: str) -> Decimal:
    gross = ask.label_price
    if gross is None:
        gross = EXACT.multiply(unit_price, abs(ask.quantity))
    # Half the limit: with its tax, at most 100 %, the line must still fit its column.
    if gross >= LIMIT / 2:
        raise Unpriceable(ask.number, "quantity", "more than a ledger holds")
    return round_money(gross, currency)


def _discount(ask: Ask, gross: Decimal, currency: str) -> Decimal:
    if ask.discount_percent is not None:
        return share(gross, ask.discount_percent, HUNDRED, currency)
    return round_money(min(ask.discount_amount or NO_MONEY, gross), currency)


def _amounts_negated(line: PricedLine) -> PricedLine:
    return replace(
        line,
        gross=minus(line.gross),
        discount=minus(line.discount),
        net=minus(line.net),
        tax=minus(line.tax),
        total=minus(line.total),
        tax_parts=tuple(replace(part, tax=minus(part.tax)) for part in line.tax_parts),
    )


def _taxes(lines: Iterable[PricedLine]) -> tuple[TaxTotal, ...]:
    rates: dict[tuple[str, Decimal], list[PricedLine]] = {}
    for line in lines:
        rates.setdefault((line.tax_code, line.tax_percent), []).append(line)
    return tuple(
        TaxTotal(
            code,
            percent,
            net=sum((line.net for line in same), NO_MONEY),
            tax=sum((line.tax for line in same), NO_MONEY),
            gross=sum((line.total for line in same), NO_MONEY),
        )
        for (code, percent), same in sorted(rates.items(), key=lambda rate: rate[0])
    )


def _refuse_nonsense(ask: Ask, currency: str) -> None:
    """Refuse what no sale can mean, so that no figure below has to ask."""

    def need(truth: bool, field: str, reason: str) -> None:
        if not truth:
            raise Unpriceable(ask.number, field, reason)

    quantity = ask.quantity
    need(bool(quantity), "quantity", "nothing is sold")
    need(_fits(abs(quantity), QUANTITY_LIMIT, QUANTITY_PLACES), "quantity", "out of range")
    for unit_price in (ask.list_price, ask.override_price):
        need(unit_price is None or _fits(unit_price, UNIT_LIMIT, UNIT_PLACES), "price", "no price")
    for amount in (ask.label_price, ask.discount_amount):
        need(amount is None or _is_amount(amount, currency), "amount", "no amount")
    for percent in (ask.markdown_percent, ask.discount_percent, ask.tax_percent):
        need(percent is None or _is_percent(percent), "percent", "not between 0 and 100")
    need(None in (ask.discount_percent, ask.discount_amount), "discount", "given twice")
    need(None in (ask.label_price, ask.override_price), "price", "the label's price stands")


def _fits(value: Decimal, limit: Decimal, places: int) -> bool:
    return value.is_finite() and 0 <= value < limit and round_to(value, places) == value


def _is_amount(amount: Decimal, currency: str) -> bool:
    return is_money(amount, currency) and amount >= 0


def _is_percent(percent: Decimal) -> bool:
    return percent.is_finite() and 0 <= percent <= HUNDRED
