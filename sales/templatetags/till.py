"""What the till's templates say of tenders, names and figures for scripts."""

from decimal import Decimal

from babel.numbers import format_decimal
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from regalpos.money import minor_digits
from regalpos.templatetags.shop import reading_locale
from sales.sealing import amount as in_full

register = template.Library()

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
    least = minor_digits(currency)
    pattern = f"#,##0.{'0' * least}{'#' * (4 - least)}"
    return format_decimal(value, format=pattern, locale=reading_locale())


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
