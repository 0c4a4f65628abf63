"""Fragments of the till's screen, by Jinja2: compiled once, kept in the process."""

from decimal import Decimal
from functools import cache
from pathlib import Path

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.reference.cart import CartView
from bench.reference.refusals import Refused
from regalpos.icons import ICONS
from regalpos.money import cash_round, format_amount, format_money, minor_digits, quick_cash
from regalpos.shapes import plain

LOCALE = "en"
MINUS = "\N{MINUS SIGN}"


def show_cart(view: CartView) -> str:
    """The cart as a fragment."""
    return _pages().get_template("cart.html").render(view=view, cart=view.cart, due=_due(view))


def show_miss(refusal: Refused, raw: str) -> str:
    """The row that says why nothing was added."""
    return _pages().get_template("miss.html").render(refusal=refusal, raw=raw)


def _due(view: CartView) -> dict[str, object]:
    total, currency = view.bill.total, view.bill.currency
    cash = cash_round(total, currency, view.rules.cash_step or None)
    return {
        "total": total,
        "cash": cash,
        "quick": quick_cash(cash, currency),
        "currency": currency,
        "digits": minor_digits(currency),
    }


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    pages.filters |= {
        "plain": plain,
        "money": _money,
        "amount": _amount,
        "unit_price": _unit_price,
        "quantity": _quantity,
    }
    pages.globals |= {"icon": _icon}
    return pages


@cache
def _icon(name: str) -> Markup:
    return Markup('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>').format(
        Markup(ICONS[name])  # noqa: S704  (our own drawings)
    )


def _money(value: Decimal, currency: str) -> str:
    return format_money(value, currency, LOCALE).replace("-", MINUS)


def _amount(value: Decimal, currency: str) -> str:
    return format_amount(value, currency, LOCALE).replace("-", MINUS)


def _unit_price(value: Decimal, currency: str) -> str:
    """With the currency's decimals, and more where the price is finer than a cent."""
    least = minor_digits(currency)
    pattern = f"#,##0.{'0' * least}{'#' * (4 - least)}"
    return format_decimal(value, format=pattern, locale=LOCALE)


def _quantity(value: Decimal) -> str:
    return format_decimal(value, locale=LOCALE).replace("-", MINUS)
