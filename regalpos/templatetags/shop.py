"""What templates say the shop's way: icons, money, quantities.

The figures come without markup; a template puts them into `<span class="num">`.
"""

from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel.dates import format_skeleton, format_time
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol
from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, to_locale

from regalpos.icons import ICONS, MARK, POINTING
from regalpos.money import KEPT, format_amount, format_money

register = template.Library()

# A typographic minus: as wide as a plus, and never broken off its figure.
MINUS = "\N{MINUS SIGN}"

# Counted things go without a unit: "3", not "3 pieces".
COUNTED = frozenset({"", "each", "ea", "piece", "pieces", "pcs", "pc", "unit", "item"})

# Signs in a user agent, the more telling first: Chrome's also says Safari, Edge's also Chrome.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
MACHINES = (
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An inline picture, unseen by a screen reader: the word goes beside it or in `aria-label`."""
    way = " icon-way" if name in POINTING else ""
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>',
        way,
        mark_safe(ICONS[name]),  # noqa: S308  Our own drawings; a wrong name is a KeyError.
    )


@register.simple_tag
@cache
def mark() -> SafeString:
    """RegalPOS's crown."""
    return format_html(
        '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">{}</svg>',
        mark_safe(MARK),  # noqa: S308  As above.
    )


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """`€43.15`, where the amount stands alone. Nothing for None."""
    if amount is None:
        return ""
    return _with_minus(format_money(amount, currency, reading_locale()))


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """`43.15`, in a column whose currency is known: its digits, without its sign."""
    if value is None:
        return ""
    return _with_minus(format_amount(value, currency, reading_locale()))


@register.filter
def unit_price(value: Decimal | None, currency: str) -> str:
    """`€2.35`, `€0.0125`: what one costs, which may be finer than any coin. Nothing for None."""
    if value is None:
        return ""
    return _unit_price(value.normalize(), currency, reading_locale())


@register.filter
def quantity(value: Decimal | int | None, unit: str = "") -> str:
    """`3`, `0.64 kg`: no zeros that say nothing, no unit where things are counted."""
    if value is None:
        return ""
    figure = _figure(value)
    return figure if unit.lower() in COUNTED else f"{figure}\N{NO-BREAK SPACE}{unit}"


@register.filter
def in_parts(value: Decimal | int | None) -> SafeString:
    """`12` with a smaller `.46`: a large figure whose decimals do not crowd its row."""
    whole, point, part = _figure(value or 0).rpartition(get_decimal_symbol(reading_locale()))
    if not point:
        return format_html("{}", part)
    return format_html('{}<span class="part">{}{}</span>', whole, point, part)


@register.filter
def moment(at: datetime | None) -> str:
    """`14:02` today, `21 Nov, 14:02` this year, else with the year: in the reader's time zone."""
    if at is None:
        return ""
    local, now, locale = timezone.localtime(at), timezone.localtime(), reading_locale()
    if local.date() == now.date():
        return format_time(local, "short", tzinfo=local.tzinfo, locale=locale)
    day = format_skeleton("MMMd" if local.year == now.year else "yMMMd", local, locale=locale)
    return f"{day}, {format_time(local, 'short', tzinfo=local.tzinfo, locale=locale)}"


@register.filter
def signed(value: Decimal | int | None) -> str:
    """A change: `+12`, `−3`, `0`."""
    if value is None:
        return ""
    return f"+{_figure(value)}" if value > 0 else _figure(value)


@register.filter
def percent(rate: Decimal | None) -> str:
    """`23%` for 0.23, `8.875%` for 0.08875: as many decimals as it needs."""
    if rate is None:
        return ""
    said = format_percent(rate, locale=reading_locale(), decimal_quantization=False)
    return _with_minus(said)


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's control in the shop's look: `input`, or `check` where it is ticked.

    A placeholder that only repeats the label is left out: it would look like an answer.
    """
    ticked = field.widget_type in {"checkbox", "radioselect"}
    attrs: dict[str, str | bool] = {"class": "check" if ticked else "input"}
    if field.field.widget.attrs.get("placeholder") == field.label:
        attrs["placeholder"] = False
    return field.as_widget(attrs=attrs)


@register.filter
def browser(user_agent: str) -> str:
    """What somebody sits at, as far as the browser tells: `Firefox, Windows`."""
    name = next((name for sign, name in BROWSERS if sign in user_agent), "")
    machine = next((name for sign, name in MACHINES if sign in user_agent), "")
    return ", ".join(filter(None, [name, machine])) or user_agent[:40]


def reading_locale() -> str:
    """The locale of whoever reads, as Babel names it: `en_GB` for `en-gb`."""
    return to_locale(get_language() or "en")


def _figure(value: Decimal | int) -> str:
    """Up to three decimals, as quantities have, grouped as the locale groups."""
    return _plain_figure(value or 0, reading_locale())


@lru_cache(maxsize=KEPT)
def _plain_figure(value: Decimal | int, locale: str) -> str:
    return _with_minus(format_decimal(value, locale=locale))


@lru_cache(maxsize=KEPT)
def _unit_price(value: Decimal, currency: str, locale: str) -> str:
    said = format_currency(value, currency, locale=locale, decimal_quantization=False)
    return _with_minus(said)


def _with_minus(figure: str) -> str:
    return figure.replace("-", MINUS)
