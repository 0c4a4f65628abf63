"""A can is one product whichever code is scanned; a scale's label says weight or price."""

from decimal import Decimal

import pytest

from regalpos.barcodes import (
    WeighedLabel,
    check_digit,
    clean_scan,
    is_gtin,
    is_pattern,
    lookup_key,
    weighed,
)

BY_WEIGHT = "21PPPPPWWWWWC"
BY_PRICE = "22PPPPPVVVVVC"


def label(body: str) -> str:
    return body + check_digit(body)


@pytest.mark.parametrize(
    "code", ["96385074", "036000291452", "4006381333931", "5901234123457", "10614141000415"]
)
def test_codes_that_the_world_prints_are_gtins(code: str) -> None:
    assert check_digit(code[:-1]) == code[-1]
    assert is_gtin(code)


@pytest.mark.parametrize(
    "code", ["4006381333932", "400638133393", "123", "", "ABCDEFGH", "٤٠٠٦٣٨١٣٣٣٩٣١", "9638507 "]
)
def test_a_wrong_digit_or_length_makes_no_gtin(code: str) -> None:
    assert not is_gtin(code)
    assert lookup_key(code) == code


def test_a_check_digit_needs_digits() -> None:
    with pytest.raises(ValueError, match="digits"):
        check_digit("12a")


def test_a_upc_and_its_ean_are_one_code() -> None:
    assert lookup_key("036000291452") == "00036000291452"
    assert lookup_key("0036000291452") == "00036000291452"
    assert lookup_key("00036000291452") == "00036000291452"
    assert lookup_key("96385074") == "00000096385074"


def test_the_shops_own_codes_stay_as_they_are() -> None:
    assert lookup_key("APPLE-1") == "APPLE-1"
    assert lookup_key("00042") == "00042"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("4006381333931\r\n", "4006381333931"),
        ("\x02\x1d4006381333931\x03", "4006381333931"),
        ("  APPLE 1 ", "APPLE 1"),
        ("\u202eABC\u202c\u200b", "ABC"),
        ("\x1b@\x1bp\x00", "@p"),
        ("<script>", "<script>"),
        ("\x00", ""),
        ("", ""),
        ("x" * 10_000, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
    ],
)
def test_a_scan_is_text_and_nothing_else(raw: str, clean: str) -> None:
    assert clean_scan(raw) == clean


def test_a_label_by_weight_says_kilograms() -> None:
    found = weighed(label("210004201250"), [BY_PRICE, BY_WEIGHT])

    assert found == WeighedLabel("00042", quantity=Decimal("1.250"))


def test_a_label_by_price_says_smallest_units() -> None:
    found = weighed(label("221234500437"), [BY_WEIGHT, BY_PRICE])

    assert found == WeighedLabel("12345", price_minor=437)


def test_a_digit_that_nobody_reads_may_be_anything() -> None:
    pattern = "28PPPPXVVVVVC"

    assert weighed(label("281234901050"), [pattern]) == WeighedLabel("1234", price_minor=1050)
    assert weighed(label("281234001050"), [pattern]) == WeighedLabel("1234", price_minor=1050)


def test_an_american_scale_prints_twelve_digits() -> None:
    code = label("21234501250")

    assert weighed(code, ["2PPPPPVVVVVC"]) == WeighedLabel("12345", price_minor=1250)
    assert weighed("0" + code, ["2PPPPPVVVVVC"]) == WeighedLabel("12345", price_minor=1250)


@pytest.mark.parametrize(
    "code",
    [
        "2100042012508",  # the check digit is 9
        label("210004200000"),  # weighs nothing
        label("230004201250"),  # a prefix of no pattern
        label("400638133393"),
        "21000420125",
        "",
    ],
)
def test_any_other_code_is_no_label(code: str) -> None:
    assert weighed(code, [BY_WEIGHT, BY_PRICE]) is None


@pytest.mark.parametrize("pattern", [BY_WEIGHT, BY_PRICE, "2PPPPPPWWWWWC", "28PPPPXVVVVVC"])
def test_patterns_that_hold_together(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "21PPPPPWWWWWWC",
        "31PPPPPWWWWWC",
        "21PPPPPPPPPPC",
        "21PPPWWWVVVVC",
        "21PPPPPWWWWWW",
        ".*",
        "21ppppp00000C",
        "21PPPPP(a+)+C",
        "2٣PPPPPWWWWWC",
    ],
)
def test_patterns_that_mean_nothing_are_passed_over(pattern: str) -> None:
    assert not is_pattern(pattern)
    assert weighed(label("210004201250"), [pattern]) is None
