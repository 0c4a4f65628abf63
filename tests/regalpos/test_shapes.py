"""Fields that programs send: numbers as strings, words without tricks, no card numbers."""

from decimal import Decimal
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regalpos.errors import Invalid
from regalpos.shapes import (
    Amount,
    Line,
    Percent,
    Quantity,
    Shape,
    UnitPrice,
    UnsignedAmount,
    holds_card_number,
    id_in,
    plain,
    read,
)


class Everything(Shape):
    quantity: Quantity = Decimal(0)
    amount: Amount = Decimal(0)
    unsigned: UnsignedAmount = Decimal(0)
    price: UnitPrice = Decimal(0)
    percent: Percent = Decimal(0)
    words: Annotated[str, Line(10)] = ""
    needed: Annotated[str, Line(10, shortest=1)] = "x"
    code: Annotated[str, Line(20, free=False)] = ""


def wrong(**fields: object) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        read(Everything, fields)
    return caught.value.fields


@pytest.mark.parametrize(
    ("name", "sent", "meant"),
    [
        ("quantity", "2.500", "2.5"),
        ("quantity", "-999999999.999", "-999999999.999"),
        ("quantity", 7, "7"),
        ("quantity", -7, "-7"),
        ("amount", "-0.001", "-0.001"),
        ("amount", "999999999999.999", "999999999999.999"),
        ("price", "0.0001", "0.0001"),
        ("percent", "100", "100"),
        ("amount", "-0.00", "0"),
        ("amount", "007", "7"),
    ],
)
def test_a_number_is_read_exactly(name: str, sent: object, meant: str) -> None:
    value = getattr(read(Everything, {name: sent}), name)

    assert isinstance(value, Decimal)
    assert plain(value) == meant


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("quantity", 2.5),
        ("quantity", True),
        ("quantity", Decimal("2.5")),
        ("quantity", 10**9),
        ("quantity", "1000000000"),
        ("quantity", "0.0001"),
        ("quantity", None),
        ("amount", 5),
        ("amount", "1000000000000"),
        ("unsigned", "-1"),
        ("price", "0.00001"),
        ("percent", "1000"),
        *[
            ("amount", text)
            for text in (
                "", " ", "1 ", "+1", "1,5", "1.", ".5", "1e3", "1_000", "NaN", "Infinity", "-",
                "--1", "0x10", "١٢", "１２", "1.0.0", "1\n", "1\x00",
            )
        ],
    ],
)  # fmt: skip
def test_what_is_no_plain_number_is_refused_by_field(name: str, sent: object) -> None:
    fields = wrong(**{name: sent})

    assert set(fields) == {name}
    assert fields[name][0]


@given(st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=3))
def test_every_amount_that_a_ledger_holds_survives_the_way(amount: Decimal) -> None:
    assert read(Everything, {"amount": f"{amount:f}"}).amount == amount
    assert Decimal(plain(amount)) == amount


@pytest.mark.parametrize("sent", ["bell\x07", "a\x00", "two\nlines", "\x7f", "\x85", "a\u202eb"])
def test_words_hold_no_controls(sent: str) -> None:
    assert set(wrong(words=sent)) == {"words"}
    assert set(wrong(code=sent)) == {"code"}


def test_words_are_kept_in_one_form() -> None:
    assert read(Everything, {"words": "  cafe\u0301 "}).words == "café"
    assert read(Everything, {"words": "دودھ 🥛"}).words == "دودھ 🥛"
    assert set(wrong(words="x" * 11)) == {"words"}
    assert set(wrong(needed="   ")) == {"needed"}


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "paid with 4111-1111-1111-1111 12/27",
        "5500005555555559 exp",
        "378282246310005",
        "4111 1111 1111 1111 12",
        "1 4111111111111111",
    ],
)
def test_a_card_number_is_seen_however_it_is_written(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    ["", "5390012340108", "4111111111111112", "call 0161 496 0000", "41111111", "2026-01-01 10:00"],
)
def test_other_digits_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)


def test_a_code_may_be_any_digits_and_free_words_may_not() -> None:
    card = "4111111111111111"

    assert read(Everything, {"code": card}).code == card
    assert set(wrong(words=card)) == {"words"}


def test_a_strange_field_is_named_and_not_echoed_at_length() -> None:
    fields = wrong(**{"x" * 500: 1, "half\ud800": 2})

    assert all(len(name) <= 60 for name in fields)
    assert len(fields) == 2 or set(fields) == {"body"}


def test_an_id_is_found_in_a_body_that_is_wrong_elsewhere() -> None:
    store = "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e7f"

    assert str(id_in({"store": store, "x": 1}, "store")) == store
    for raw in (None, [1], {"id": store}, {"store": 5}, {"store": "x"}):
        assert id_in(raw, "store") is None
