"""Yen have no cents, dinars have three, and half a cent goes away from zero."""

from decimal import Decimal

import pytest

from regalpos import money
from regalpos.money import (
    NotAnAmount,
    TooManyDecimals,
    TooManyDigits,
    cash_round,
    format_amount,
    format_money,
    minor_digits,
    parse_amount,
    quick_cash,
    round_money,
    spread,
)


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_each_currency_has_its_own_decimals() -> None:
    digits = {code: minor_digits(code) for code in ("JPY", "EUR", "SEK", "PKR", "CHF", "KWD")}

    assert digits == {"JPY": 0, "EUR": 2, "SEK": 2, "PKR": 2, "CHF": 2, "KWD": 3}


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ZZZ", "CLF"])
def test_an_unknown_or_too_fine_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match=r"currency code|decimals"):
        minor_digits(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.5", "JPY", "1"),
        ("1.5", "JPY", "2"),
        ("2.5", "JPY", "3"),
        ("-2.5", "JPY", "-3"),
        ("2.4999", "JPY", "2"),
        ("2.675", "EUR", "2.68"),
        ("2.665", "EUR", "2.67"),
        ("-2.665", "EUR", "-2.67"),
        ("1.0005", "KWD", "1.001"),
        ("-1.0004", "KWD", "-1.000"),
        ("7", "KWD", "7.000"),
        ("999999999999.994", "EUR", "999999999999.99"),
    ],
)
def test_half_goes_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount), currency)) == rounded


def test_nothing_is_never_minus_nothing() -> None:
    assert str(round_money(Decimal("-0.001"), "EUR")) == "0.00"
    assert str(money.minus(Decimal("0.00"))) == "0.00"


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_not_rounded(text: str) -> None:
    with pytest.raises(NotAnAmount):
        round_money(Decimal(text), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "step", "rounded"),
    [
        ("10.02", "CHF", "0.05", "10.00"),
        ("10.03", "CHF", "0.05", "10.05"),
        ("-10.03", "CHF", "0.05", "-10.05"),
        ("10.07", "CHF", "0.05", "10.05"),
        ("99.49", "SEK", "1", "99.00"),
        ("99.50", "SEK", "1", "100.00"),
        ("-99.50", "SEK", "1", "-100.00"),
        ("12.25", "DKK", "0.50", "12.50"),
        ("1.002", "KWD", "0.005", "1.000"),
        ("1.003", "KWD", "0.005", "1.005"),
        ("1234", "JPY", "0", "1234"),
        ("0.02", "CHF", "0.05", "0.00"),
    ],
)
def test_cash_is_rounded_to_what_coins_can_make(
    amount: str, currency: str, step: str, rounded: str
) -> None:
    assert str(cash_round(Decimal(amount), currency, Decimal(step))) == rounded


def test_without_a_step_cash_is_paid_to_the_cent() -> None:
    assert cash_round(Decimal("10.02"), "EUR", None) == Decimal("10.02")


@pytest.mark.parametrize("step", ["-0.05", "0.025"])
def test_a_step_that_no_coin_has_is_refused(step: str) -> None:
    with pytest.raises(ValueError, match="cash step"):
        cash_round(Decimal("1.00"), "CHF", Decimal(step))


def test_three_share_ten_euro_and_the_first_gets_the_cent() -> None:
    assert spread(Decimal("10.00"), decimals("1", "1", "1"), "EUR") == decimals(
        "3.34", "3.33", "3.33"
    )


def test_the_largest_cut_gets_the_unit_left_over() -> None:
    assert spread(Decimal(100), decimals("1", "3", "2.5"), "JPY") == decimals("15", "46", "39")
    assert spread(Decimal("0.001"), decimals("1", "2"), "KWD") == decimals("0.000", "0.001")


def test_a_negative_total_is_shared_as_the_mirror() -> None:
    assert spread(Decimal("-10.00"), decimals("2", "0", "1"), "EUR") == decimals(
        "-6.67", "0.00", "-3.33"
    )
    assert spread(Decimal("-10.00"), decimals("-2", "0", "-1"), "EUR") == decimals(
        "-6.67", "0.00", "-3.33"
    )


def test_weights_that_are_all_zero_weigh_the_same() -> None:
    assert spread(Decimal("0.05"), decimals("0", "0"), "EUR") == decimals("0.03", "0.02")


def test_nothing_can_be_shared_between_nobody_and_something_cannot() -> None:
    assert spread(Decimal("0.00"), [], "EUR") == []
    with pytest.raises(ValueError, match="nobody"):
        spread(Decimal("0.01"), [], "EUR")


def test_weights_of_both_signs_and_half_cents_are_refused() -> None:
    with pytest.raises(ValueError, match="both signs"):
        spread(Decimal("1.00"), decimals("1", "-1"), "EUR")
    with pytest.raises(NotAnAmount):
        spread(Decimal("1.005"), decimals("1"), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "words"),
    [
        ("1234.5", "EUR", "en-gb", "€1,234.50"),
        ("1234.5", "EUR", "de", "1.234,50\u00a0€"),
        ("-1234.565", "EUR", "en", "-€1,234.57"),
        ("1234.5", "JPY", "ja", "￥1,235"),
        ("1234567.5", "PKR", "en-pk", "Rs\u00a01,234,567.50"),
        ("2.5", "KWD", "en", "KWD\u00a02.500"),
    ],
)
def test_money_is_written_as_its_readers_write_it(
    amount: str, currency: str, locale: str, words: str
) -> None:
    assert format_money(Decimal(amount), currency, locale) == words


def test_a_figure_alone_has_its_currencys_decimals() -> None:
    assert format_amount(Decimal("1234.5"), "EUR", "en") == "1,234.50"
    assert format_amount(Decimal("1234.5"), "JPY", "en") == "1,235"
    assert format_amount(Decimal("2.5"), "KWD", "de") == "2,500"


@pytest.mark.parametrize(
    ("text", "currency", "locale", "amount"),
    [
        ("12", "EUR", "en", "12.00"),
        (" 12.5 ", "EUR", "en", "12.50"),
        ("1,234.50", "EUR", "en-gb", "1234.50"),
        ("1.234,50", "EUR", "de", "1234.50"),
        ("1 234,50", "EUR", "fr", "1234.50"),
        ("1\u202f234,50", "EUR", "fr", "1234.50"),
        ("1'234.50", "CHF", "de-ch", "1234.50"),
        ("12,34,567", "PKR", "en-in", "1234567.00"),
        ("-0.5", "EUR", "en", "-0.50"),
        ("-0", "EUR", "en", "0.00"),
        ("007", "JPY", "ja", "7"),
        ("1.005", "KWD", "en", "1.005"),
        ("999999999999.999", "KWD", "en", "999999999999.999"),
    ],
)
def test_a_typed_amount_is_read_exactly(text: str, currency: str, locale: str, amount: str) -> None:
    assert str(parse_amount(text, currency, locale)) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "NaN",
        "inf",
        "1e5",
        "1_000",
        "0x1F",
        "+5",
        "--5",
        "5-",
        ".5",
        "5.",
        "1,23",
        "1,2345",
        "1.234.5",
        "1 000",
        "١٢",
        "１２",
        "€5",
        "5\n6",
        "5\x00",
        "1" * 5000,
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_amount(text, "EUR", "en")


def test_an_english_amount_is_not_guessed_at_in_german() -> None:
    with pytest.raises(NotAnAmount):
        parse_amount("1.50", "EUR", "de")


def test_an_amount_finer_than_its_currency_is_refused() -> None:
    for text, currency in (("1.005", "EUR"), ("1.000", "EUR"), ("1.5", "JPY"), ("1.0001", "KWD")):
        with pytest.raises(TooManyDecimals):
            parse_amount(text, currency, "en")


@pytest.mark.parametrize("text", ["1" * 16, "1" * 13, "1000000000000", "1234567890123.45"])
def test_an_amount_that_no_ledger_holds_is_refused(text: str) -> None:
    with pytest.raises(TooManyDigits):
        parse_amount(text, "EUR", "en")


@pytest.mark.parametrize(
    ("due", "currency", "offers"),
    [
        ("23.15", "EUR", "25 30 50"),
        ("25.00", "EUR", "30 50 100"),
        ("3.20", "EUR", "3.50 4 5"),
        ("99.00", "EUR", "100 200 400"),
        ("1234.00", "EUR", "1240 1250 1300"),
        ("99.00", "GBP", "100 150 200"),
        ("33.00", "USD", "35 40 50"),
        ("1340.00", "PKR", "1400 1500 2000"),
        ("3480", "JPY", "3500 4000 5000"),
        ("3.750", "KWD", "4 5 10"),
        ("23.15", "CHF", "30 50 100"),
        ("33.00", "SEK", "35 40 50"),
        ("12990", "CLP", "13000 15000 20000"),
        ("0.00", "EUR", ""),
        ("-5.00", "EUR", ""),
    ],
)
def test_quick_cash_offers_what_customers_hand_over(due: str, currency: str, offers: str) -> None:
    assert quick_cash(Decimal(due), currency) == decimals(*offers.split())


def test_amounts_and_smallest_units_are_two_ways_to_count() -> None:
    assert money.to_minor(Decimal("12.3"), "EUR") == 1230
    assert money.to_minor(Decimal("-0.005"), "KWD") == -5
    assert str(money.from_minor(1230, "EUR")) == "12.30"
    assert str(money.from_minor(5, "JPY")) == "5"
