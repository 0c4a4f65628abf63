"""No cent is lost, whatever is rounded, shared or typed."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regalpos.money import (
    NotAnAmount,
    cash_round,
    format_amount,
    from_minor,
    is_money,
    parse_amount,
    quick_cash,
    round_money,
    share,
    spread,
    to_minor,
)
from tests.properties.oracle import (
    DIGITS,
    STEPS,
    amounts,
    currencies,
    decimals,
    fractions,
    nearest,
    rounded,
    thoroughly,
)

anything = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False)
LOCALES = ("en", "en-gb", "de", "de-ch", "fr", "es", "hi", "ur", "pl", "sv", "pt-pt", "ja")


@thoroughly
@given(anything, currencies)
def test_rounding_is_half_away_from_zero(amount: Decimal, currency: str) -> None:
    whole = round_money(amount, currency)

    assert Fraction(whole) == rounded(Fraction(amount), DIGITS[currency])
    assert -whole == round_money(-amount, currency)
    assert whole.as_tuple().exponent == -DIGITS[currency]


@thoroughly
@given(st.sampled_from(sorted(STEPS)), decimals(4, -(10**6)))
def test_cash_is_the_nearest_sum_of_coins(currency: str, amount: Decimal) -> None:
    exact = rounded(Fraction(amount), DIGITS[currency])

    paid = cash_round(amount, currency, STEPS[currency])

    assert Fraction(paid) == nearest(exact, Fraction(STEPS[currency]))
    assert is_money(paid, currency)


@thoroughly
@given(
    currencies,
    decimals(3, -(10**9), 10**9),
    decimals(3, 0, 10**9 - 1),
    decimals(3, 1, 10**9 - 1),
)
def test_a_share_is_rounded_once(
    currency: str, total: Decimal, part: Decimal, whole: Decimal
) -> None:
    exact = Fraction(total) * Fraction(part) / Fraction(whole)

    assert Fraction(share(total, part, whole, currency)) == rounded(exact, DIGITS[currency])


weights = st.lists(decimals(4, 0, 10**4), min_size=1, max_size=40)
totals = currencies.flatmap(lambda code: st.tuples(st.just(code), amounts(code, -(10**6))))


@thoroughly
@given(totals, weights)
def test_a_spread_leaves_no_cent(money: tuple[str, Decimal], weights: list[Decimal]) -> None:
    currency, total = money

    parts = spread(total, weights, currency)

    assert sum(parts) == total
    assert [-part for part in parts] == spread(-total, weights, currency)
    assert all(is_money(part, currency) for part in parts)


@thoroughly
@given(totals, weights)
def test_a_spread_is_fair_to_less_than_a_unit(
    money: tuple[str, Decimal], weights: list[Decimal]
) -> None:
    currency, total = money
    whole = sum(fractions(weights))
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Fraction(len(weights))

    parts = spread(total, weights, currency)

    unit = Fraction(1, 10 ** DIGITS[currency])
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total) * Fraction(weight) / whole) < unit
        assert weight or not part


@thoroughly
@given(totals, weights)
def test_a_spread_depends_on_the_proportions_alone(
    money: tuple[str, Decimal], weights: list[Decimal]
) -> None:
    currency, total = money
    parts = spread(total, weights, currency)

    assert spread(total, [weight * 7 for weight in weights], currency) == parts
    assert spread(total, [weight.scaleb(-5) for weight in weights], currency) == parts
    assert spread(total, [-weight for weight in weights], currency) == parts


@thoroughly
@given(totals, st.sampled_from(LOCALES))
def test_what_is_written_can_be_typed(money: tuple[str, Decimal], locale: str) -> None:
    currency, amount = money

    assert parse_amount(format_amount(amount, currency, locale), currency, locale) == amount


@thoroughly
@given(
    st.text() | st.from_regex(r"-?[0-9., '_eE+]{1,20}", fullmatch=True),
    currencies,
    st.sampled_from(LOCALES),
)
def test_what_is_typed_is_money_or_refused(text: str, currency: str, locale: str) -> None:
    try:
        amount = parse_amount(text, currency, locale)
    except NotAnAmount:
        return

    assert is_money(amount, currency)
    assert amount.as_tuple().exponent == -DIGITS[currency]


@thoroughly
@given(totals)
def test_units_count_an_amount_exactly(money: tuple[str, Decimal]) -> None:
    currency, amount = money

    assert from_minor(to_minor(amount, currency), currency) == amount


@thoroughly
@given(totals)
def test_quick_cash_is_three_rising_amounts_that_pay(money: tuple[str, Decimal]) -> None:
    currency, due = money
    offers = quick_cash(due, currency)

    if due <= 0:
        assert offers == []
        return
    assert len(set(offers)) == 3
    assert offers == sorted(offers)
    assert offers[0] > due
    assert all(is_money(offer, currency) for offer in offers)


@pytest.mark.parametrize("digits", [0, 2, 3])
def test_the_oracle_knows_a_half_when_it_sees_one(digits: int) -> None:
    half = Fraction(1, 2 * 10**digits)

    assert rounded(half, digits) == 2 * half
    assert rounded(-half, digits) == -2 * half
    assert rounded(half - Fraction(1, 10**9), digits) == 0


def test_control_parts_rounded_one_by_one_lose_the_cent_that_spread_keeps() -> None:
    total, weights = Decimal("10.00"), [Decimal(1)] * 3

    alone = [share(total, weight, Decimal(3), "EUR") for weight in weights]

    assert sum(alone) == Decimal("9.99")
    assert sum(spread(total, weights, "EUR")) == total
