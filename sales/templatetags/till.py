"""What the till's templates say of tenders, names and figures for scripts."""

from collections.abc import Hashable
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal
from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext

from regalpos.money import KEPT, minor_digits
from regalpos.templatetags.shop import reading_locale
from sales.sealing import amount as in_full

register = template.Library()

KEPT_LINES = 1024  # of the carts that are open now

ICONS = {
    "cash": "cash",
    "card": "card",
    "wallet": "phone",
    "transfer": "bank",
    "gift_card": "gift",
    "account": "book",
}


@register.filter
def plain(value: Decimal | None) -> str:
    """A figure as scripts read it: `1234.5`, whatever the language."""
    return "" if value is None else in_full(value)


@register.filter
def unit_price(value: Decimal, currency: str) -> str:
    """`2.35`, and `0.0125` where the shop's price is finer than a cent."""
    return _unit_price(value, currency, reading_locale())


@lru_cache(maxsize=KEPT)
def _unit_price(value: Decimal, currency: str, locale: str) -> str:
    least = minor_digits(currency)
    pattern = f"#,##0.{'0' * least}{'#' * (4 - least)}"
    return format_decimal(value, format=pattern, locale=locale)


@register.simple_tag
def cart_line(line: Hashable, lines_url: str, currency: str) -> SafeString:
    """A line of a cart, drawn anew only when it says something new: a scan changes one of them.

    The line is a LineView, and all that its picture depends on is asked for here.
    """
    draw = _cart_line.__wrapped__ if settings.DEBUG else _cart_line
    return draw(line, lines_url, currency, get_language() or "")


@lru_cache(maxsize=KEPT_LINES)
def _cart_line(line: Hashable, lines_url: str, currency: str, _language: str) -> SafeString:
    known = {"line": line, "lines_url": lines_url, "currency": currency}
    return mark_safe(get_template("sales/_cart_line.html").render(known))  # noqa: S308  (a template)


@register.filter
def first_name(name: str) -> str:
    """What a colleague calls them."""
    return name.split(" ")[0]


@register.filter
def within(name: str) -> str:
    """A tender's name inside a sentence: small, but not where nouns are written large."""
    return name if (get_language() or "").startswith("de") else name.lower()


@register.filter
def tender_icon(code: str) -> str:
    """The picture of a tender; a purse of coins for one of the shop's own."""
    return ICONS.get(code, "cash")


@register.filter
def tender_key(code: str) -> str:
    """The key that chooses a tender while paying, in the reader's language."""
    keys = {
        "cash": pgettext("key that chooses cash", "C"),
        "card": pgettext("key that chooses card", "D"),
        "wallet": pgettext("key that chooses wallet", "W"),
        "transfer": pgettext("key that chooses bank transfer", "T"),
        "gift_card": pgettext("key that chooses gift card", "G"),
        "account": pgettext("key that chooses on account", "A"),
    }
    return keys.get(code, "")


@register.filter
def marked(name: str, text: str) -> SafeString:
    """A name with the part that was typed underlined."""
    at = name.lower().find(text.lower())
    if at < 0 or not text:
        return format_html("{}", name)
    end = at + len(text)
    return format_html("{}<mark>{}</mark>{}", name[:at], name[at:end], name[end:])
