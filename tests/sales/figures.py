"""Short ways to write a line down and to read its figures."""

from decimal import Decimal
from typing import Any

from sales.pricing import Ask, PricedLine, price_line

D = Decimal


def ask(quantity: str, list_price: str, tax: str = "0", **more: Any) -> Ask:
    return Ask(
        number=more.pop("number", 1),
        quantity=D(quantity),
        list_price=D(list_price),
        tax_percent=D(tax),
        tax_code=more.pop("tax_code", "A"),
        **more,
    )


def line(asked: Ask, currency: str = "EUR", inclusive: bool = True) -> PricedLine:
    return price_line(asked, currency, inclusive)


def figures(priced: PricedLine) -> tuple[str, str, str, str]:
    """discount, net, tax, total"""
    amounts = (priced.discount, priced.net, priced.tax, priced.total)
    discount, net, tax, total = map(str, amounts)
    return discount, net, tax, total
