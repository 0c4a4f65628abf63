"""Money done again with fractions and whole numbers, and what shops may ask of it.

Nothing here uses the code it judges, but for the figures' own types.
"""

import os
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sales.pricing import Tendered

# The long run asks more of every property: REGAL_EXAMPLES=100000.
EXAMPLES = int(os.environ.get("REGAL_EXAMPLES", "100"))
thoroughly = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

DIGITS = {"JPY": 0, "EUR": 2, "CHF": 2, "SEK": 2, "KWD": 3}
STEPS = {"CHF": Decimal("0.05"), "SEK": Decimal("1"), "KWD": Decimal("0.005")}


def rounded(value: Fraction, digits: int) -> Fraction:
    """Half away from zero, from the definition."""
    units = floor(abs(value) * 10**digits + Fraction(1, 2))
    return Fraction(units, 10**digits) * (-1 if value < 0 else 1)


def nearest(value: Fraction, step: Fraction) -> Fraction:
    """The nearest multiple, half away from zero."""
    return rounded(value / step, 0) * step


def fractions(values: Sequence[Decimal]) -> list[Fraction]:
    return [Fraction(value) for value in values]


currencies = st.sampled_from(sorted(DIGITS))


def decimals(places: int, least: int = 0, most: int = 10**6) -> st.SearchStrategy[Decimal]:
    """Decimals of so many places from `least` to `most`."""
    units = st.integers(least * 10**places, most * 10**places)
    return units.map(lambda number: Decimal(number).scaleb(-places))


def amounts(currency: str, least: int = 0, most: int = 10**6) -> st.SearchStrategy[Decimal]:
    """Amounts that the currency can write."""
    return decimals(DIGITS[currency], least, most)


def cash(amount: Decimal) -> Tendered:
    return Tendered(tender=UUID(int=1), amount=amount, in_drawer=True, may_exceed=True, rounds=True)


def card(amount: Decimal) -> Tendered:
    return Tendered(
        tender=UUID(int=2), amount=amount, in_drawer=False, may_exceed=False, rounds=False
    )
