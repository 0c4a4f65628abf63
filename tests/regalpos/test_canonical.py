"""The same facts give the same bytes, whoever writes them down, or no bytes at all."""

from decimal import Decimal

import pytest

from regalpos.canonical import NotCanonical, canonical, digest


def test_keys_stand_in_the_order_of_their_utf16_code_units() -> None:
    # RFC 8785, 3.2.3: the smiley (D83D DE00) comes before the Hebrew letter (FB33).
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }

    assert canonical(value).decode() == (
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control",'
        '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",'
        '"\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
    )


def test_only_what_must_be_escaped_is() -> None:
    assert canonical('\u20ac$\x0f\nA\'B"\\\\"/\x7f\u2028').decode() == (
        '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\u2028"'
    )
    assert canonical("\b\t\n\f\r\x00\x1f") == b'"\\b\\t\\n\\f\\r\\u0000\\u001f"'


def test_no_space_and_every_kind_of_value() -> None:
    value: dict[str, object] = {"b": [1, -2, True, False, None, "x", {}], "a": ()}

    assert canonical(value) == b'{"a":[],"b":[1,-2,true,false,null,"x",{}]}'


def test_the_order_of_writing_changes_nothing_and_the_order_of_a_list_does() -> None:
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert digest([1, 2]) != digest([2, 1])
    assert digest(1) != digest("1") != digest(True)


def test_the_digest_is_sha256_in_hex() -> None:
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1, 0])
def test_whole_numbers_that_every_reader_keeps_are_written(number: int) -> None:
    assert canonical(number) == str(number).encode()


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        Decimal("1.50"),
        b"bytes",
        {1, 2},
        object(),
        {1: "a"},
        {None: "a"},
        {"a": [{"b": 0.1}]},
        2**53,
        -(2**53),
        pytest.param(10**5000, id="enormous"),
        "\ud800",
        "x\udfff",
        {"\ud83d": 1},
    ],
)
def test_what_has_no_single_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_bottomless_value_is_refused() -> None:
    deep: list[object] = []
    deep.append(deep)

    with pytest.raises(NotCanonical, match="deep"):
        canonical(deep)
