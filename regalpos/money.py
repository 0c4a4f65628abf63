"""Every rule about money that does not depend on what is sold.

Amounts are `Decimal`, never float, in one currency named beside them. One rule rounds:
half away from zero, at the currency's own number of digits (yen 0, euro 2, dinar 3).
"""

import re
from collections.abc import Sequence
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from functools import cache, lru_cache

from babel import Locale
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
    list_currencies,
)

# A context of its own: the rule must not depend on what a library did to the thread's. Sixty
# digits hold any product or quotient of three columns, so only the final step ever rounds.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[DivisionByZero, InvalidOperation, Overflow])
LIMIT = Decimal(10) ** 12  # What numeric(15,3) holds stays below this.
DIGITS = 15
PLACES = 3

NO_MONEY = Decimal(0)


class NotAnAmount(ValueError):
    """This text or number is not an amount of this currency."""


class TooManyDigits(NotAnAmount):
    """More digits than any till or ledger holds."""


class TooManyDecimals(NotAnAmount):
    """Finer than the currency's smallest unit."""


@cache
def minor_digits(currency: str) -> int:
    """How many digits the currency has behind the point: 0, 2 or 3. ValueError if unknown."""
    if currency not in list_currencies():
        raise ValueError(f"{currency!r} is not a currency code.")
    digits = get_currency_precision(currency)
    if digits > PLACES:
        raise ValueError(f"{currency} has {digits} decimals; amounts have {PLACES}.")
    return digits


@cache
def smallest(currency: str) -> Decimal:
    """The currency's smallest amount: 1, 0.01 or 0.001."""
    return Decimal(1).scaleb(-minor_digits(currency))


def round_to(value: Decimal, places: int) -> Decimal:
    """The value to so many places, half away from zero. Never a negative zero."""
    if not value.is_finite():
        raise NotAnAmount("Not a number.")
    # ROUND_HALF_UP works on the absolute value: 0.005 becomes 0.01, -0.005 becomes -0.01.
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=EXACT)
    return rounded if rounded else abs(rounded)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole smallest units of its currency, half away from zero."""
    return round_to(amount, minor_digits(currency))


def is_money(amount: Decimal, currency: str) -> bool:
    """Whether this is finite, within what a ledger holds, and no finer than the currency."""
    return amount.is_finite() and abs(amount) < LIMIT and round_money(amount, currency) == amount


def minus(amount: Decimal) -> Decimal:
    """The amount with its sign turned; nothing stays nothing, not minus nothing."""
    return amount.copy_negate() if amount else amount


def share(total: Decimal, part: Decimal, whole: Decimal, currency: str) -> Decimal:
    """total x part / whole, rounded once."""
    return round_money(EXACT.divide(EXACT.multiply(total, part), whole), currency)


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount as a count of smallest units: 12.30 euro are 1230."""
    if not is_money(amount, currency):
        raise NotAnAmount(f"{amount} is not an amount of {currency}.")
    return int(amount.scaleb(minor_digits(currency), context=EXACT))


def from_minor(units: int, currency: str) -> Decimal:
    """The amount of so many smallest units, with all its decimals."""
    return EXACT.multiply(Decimal(units), smallest(currency))


def cash_round(amount: Decimal, currency: str, step: Decimal | None) -> Decimal:
    """The nearest amount that coins can make, half away from zero. No step: all amounts can."""
    amount = round_money(amount, currency)
    if not step:
        return amount
    if step < 0 or not is_money(step, currency):
        raise ValueError(f"{step} is not a cash step of {currency}.")
    coins = round_to(EXACT.divide(amount, step), 0)
    return round_money(EXACT.multiply(coins, step), currency)


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """The total in parts proportional to the weights, to the last cent.

    Largest remainder: each part is its exact share cut to the smallest unit, and the units left
    over go one by one to the largest cut, the earlier first. Parts of -total are minus the parts
    of total. A weight of zero gets nothing, unless all are zero: then all weigh the same. Weights
    have one sign. An empty list can only share nothing.
    """
    if any(weight < 0 for weight in weights):
        if any(weight > 0 for weight in weights):
            raise ValueError("Weights of both signs have no shares.")
        weights = [weight.copy_negate() for weight in weights]
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    units = to_minor(total, currency)
    if not weights:
        if units:
            raise ValueError("There is nobody to share this between.")
        return []
    sign = -1 if units < 0 else 1
    return [from_minor(sign * part, currency) for part in _apportion(abs(units), weights)]


def _apportion(units: int, weights: Sequence[Decimal]) -> list[int]:
    whole = _exponent(weights)
    sizes = [int(weight.scaleb(whole, context=EXACT)) for weight in weights]
    parts, cuts = zip(*(divmod(units * size, sum(sizes)) for size in sizes), strict=True)
    left = units - sum(parts)
    # A stable sort: of two equal cuts the earlier part gets the unit.
    luckiest = set(sorted(range(len(sizes)), key=lambda i: -cuts[i])[:left])
    return [part + (i in luckiest) for i, part in enumerate(parts)]


def _exponent(weights: Sequence[Decimal]) -> int:
    """By how many tens all the weights become whole numbers."""
    exponents = [weight.as_tuple().exponent for weight in weights]
    return max(0, *(-e for e in exponents if isinstance(e, int)))


# ---- words --------------------------------------------------------------------------------------


# A till says the same few amounts all day, and Babel takes its time: what was said is kept. Equal
# amounts are said alike, however many zeros they carry.
KEPT = 4096

# A sign made of letters stands off its figure (CLDR's currencySpacing, which Babel leaves out):
# KWD 2.500 and Rs 50, though €50.
_LETTER_BY_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name.replace("-", "_"))


@lru_cache(maxsize=KEPT)
def format_money(amount: Decimal, currency: str, locale: str) -> str:
    """As people of this locale write it, sign and all: `€1,234.50`, `1.234,50 €`, `Rs 50.00`."""
    text = format_currency(round_money(amount, currency), currency, locale=_locale(locale))
    return _LETTER_BY_DIGIT.sub("\u00a0", text)


@lru_cache(maxsize=KEPT)
def format_amount(amount: Decimal, currency: str, locale: str) -> str:
    """The figure alone, with the currency's decimals: `1,234.50`."""
    digits = minor_digits(currency)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(round_money(amount, currency), format=pattern, locale=_locale(locale))


# What people type where the locale has a sign that keyboards lack.
_SPACES = "[ \u00a0\u202f]"
_APOSTROPHES = "['\u2019]"


@cache
def _shape(locale: str) -> re.Pattern[str]:
    """An amount in this locale: a sign, digits in right groups or none, and decimals."""
    group, point = get_group_symbol(_locale(locale)), get_decimal_symbol(_locale(locale))
    gap = re.escape(group)
    for likes in (_SPACES, _APOSTROPHES):
        gap = likes if re.fullmatch(likes, group) else gap
    # Groups of two before the last three are how India and Pakistan count.
    grouped = rf"[0-9]{{1,3}}(?:(?:{gap}[0-9]{{2,3}})*{gap}[0-9]{{3}})?"
    return re.compile(rf"(-?)({grouped}|[0-9]+)(?:{re.escape(point)}([0-9]+))?")


def parse_amount(text: str, currency: str, locale: str) -> Decimal:
    """The amount that was typed, exactly, with the currency's decimals.

    Refuses rather than guesses: in German `1.50` is no amount. NotAnAmount for letters, NaN,
    infinities, exponents and misplaced group signs; TooManyDigits beyond fifteen digits or beyond
    what a ledger holds; TooManyDecimals finer than the currency, even if the digits are zeros.
    """
    text = text.strip()
    if len(text) > 4 * DIGITS or not (match := _shape(locale).fullmatch(text)):
        raise NotAnAmount("This is not an amount.")
    sign, whole, decimals = match[1], re.sub("[^0-9]", "", match[2]), match[3] or ""
    if len(decimals) > minor_digits(currency):
        raise TooManyDecimals(f"{currency} has {minor_digits(currency)} decimals.")
    if len(whole + decimals) > DIGITS or int(whole) >= LIMIT:
        raise TooManyDigits("This is more than a till can hold.")
    return round_money(Decimal(f"{sign}{whole}.{decimals or 0}"), currency)


# ---- notes and coins ----------------------------------------------------------------------------

# Coins worth naming, then notes, as they are handed over at a till.
_PURSES: dict[str, tuple[str, str]] = {
    "CHF": ("0.5 1 2 5", "10 20 50 100 200 1000"),
    "EUR": ("0.5 1 2", "5 10 20 50 100 200"),
    "GBP": ("0.5 1 2", "5 10 20 50"),
    "JPY": ("10 50 100", "500 1000 5000 10000"),
    "KWD": ("0.05 0.1", "0.25 0.5 1 5 10 20"),
    "PKR": ("1 2 5", "10 20 50 100 500 1000 5000"),
    "USD": ("0.25 1", "5 10 20 50 100"),
}


def _purse(due: Decimal, currency: str) -> list[Decimal]:
    """The pieces that somebody who owes this much reaches for, small to large."""
    if currency not in _PURSES:
        series = smallest(currency)
        pieces = [series * digit * 10**power for power in range(16) for digit in (1, 2, 5)]
        return [piece for piece in pieces if piece < due * 100 or piece < 100 * series]
    coins, notes = ([Decimal(piece) for piece in text.split()] for text in _PURSES[currency])
    return notes if due >= notes[0] else coins + notes


def quick_cash(due: Decimal, currency: str) -> list[Decimal]:
    """The next three amounts above `due` that a customer is likely to hand over, rising.

    23.15 euro: 25, 30, 50. A twenty counts only where one of them is enough: two twenties are
    rarer than a fifty. Nothing due: nothing to offer.
    """
    if due <= 0:
        return []
    purse = _purse(due, currency)
    steady = [piece for piece in purse if not str(piece.normalize()).strip("0.").startswith("2")]
    # Nobody counts out more than twenty pieces, unless the purse has nothing larger.
    useful = {piece for piece in purse if piece >= due / 20} | set(steady[-3:])
    offers = {
        round_money((due // piece + 1) * piece, currency)
        for piece in useful
        if piece in steady or piece > due
    }
    largest = purse[-1]
    offers |= {round_money((due // largest + more) * largest, currency) for more in (1, 2, 3)}
    return sorted(offers)[:3]
