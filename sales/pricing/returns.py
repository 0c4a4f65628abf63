"""What comes back when a part of what was sold comes back."""

from dataclasses import replace
from decimal import Decimal

from regalpos.money import minus, share
from sales.pricing.figures import PricedLine, TaxPart, Unpriceable
from sales.pricing.lines import split_tax


def return_share(
    total: Decimal,
    sold: Decimal,
    returned_before: Decimal,
    returned_now: Decimal,
    currency: str,
) -> Decimal:
    """What this return gives back of `total`, so that the last one leaves no cent.

    The share of all that is back by now, rounded, less what the returns before got: however a
    quantity comes back, in one go or in many, the parts add up to the whole. Quantities are
    positive. ValueError if more comes back than was sold.
    """
    back = returned_before + returned_now
    if not 0 <= returned_before < back <= sold:
        raise ValueError("More comes back than was sold.")
    return share(total, back, sold, currency) - share(total, returned_before, sold, currency)


def return_line(
    sold: PricedLine,
    *,
    number: int,
    returned_before: Decimal,
    returned_now: Decimal,
    currency: str,
    inclusive: bool,
) -> PricedLine:
    """The negative line that takes back part of a sold one, at the prices and taxes of then.

    Total, tax, its parts and discount are return shares of the sold line's; net is what is left.
    `sold.gross` is not read. Unpriceable if more comes back than was sold.
    """
    if not 0 <= returned_before < returned_before + returned_now <= sold.quantity:
        raise Unpriceable(number, "quantity", "more than was sold")

    def back(amount: Decimal) -> Decimal:
        return return_share(amount, sold.quantity, returned_before, returned_now, currency)

    total, tax, discount = back(sold.total), back(sold.tax), back(sold.discount)
    net = total - tax
    return replace(
        sold,
        number=number,
        quantity=minus(returned_now),
        gross=minus((total if inclusive else net) + discount),
        discount=minus(discount),
        net=minus(net),
        tax=minus(tax),
        tax_parts=_parts_back(sold, returned_before, returned_now, currency),
        total=minus(total),
    )


def _parts_back(
    sold: PricedLine, before: Decimal, now: Decimal, currency: str
) -> tuple[TaxPart, ...]:
    """Each part of the tax: all that is back by now, less what was back before."""
    by_now, by_then = (
        split_tax(share(sold.tax, back, sold.quantity, currency), sold.tax_parts, currency)
        for back in (before + now, before)
    )
    return tuple(
        replace(part, tax=minus(part.tax - then.tax))
        for part, then in zip(by_now, by_then, strict=True)
    )
