"""What a request may carry."""

import json
from decimal import Decimal

import pytest

from regalpos.bodies import DEEPEST, NotJson, read_json


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_a_number_with_a_point_is_exact() -> None:
    assert read_json(b'{"amount": 0.1}') == {"amount": Decimal("0.1")}
    assert isinstance(read_json(b"[1.10]")[0], Decimal)


def test_text_of_any_script_is_kept() -> None:
    assert read_json('{"name": "دودھ 🥛"}'.encode()) == {"name": "دودھ 🥛"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": "\\ud800"}',
        b'"\xff"',
        b"1e400",
        b"1e-400",
        b"9" * 5000,
    ],
)
def test_what_no_table_could_hold_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(body)


def test_nesting_has_an_end() -> None:
    assert read_json(nested(DEEPEST)) is not None
    for levels in (DEEPEST + 1, 1_000, 200_000):
        with pytest.raises(NotJson):
            read_json(nested(levels))


def test_a_long_flat_body_is_fine() -> None:
    lines = [{"product": "0190", "quantity": "1"}] * 5_000

    assert read_json(json.dumps(lines).encode()) == lines
