"""What a checkout may ask for, and that one meaning has one document."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from regalpos import ids
from regalpos.canonical import digest
from regalpos.errors import Invalid
from sales.forms import MOST_LINES, differing, parse_quote, parse_sale

MILK, TILL, LINE = str(ids.new()), str(ids.new()), str(ids.new())


def a_sale(**change: Any) -> dict[str, Any]:
    sale = {
        "register": TILL,
        "lines": [{"product": MILK, "quantity": "2"}],
        "payments": [{"tender": "cash", "amount": "5.00"}],
        "shown_total": "2.46",
    }
    return {**sale, **change}


def wrong(**change: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        parse_sale(a_sale(**change))
    return caught.value.fields


def test_a_checkout_is_read_exactly() -> None:
    body = parse_sale(a_sale())

    assert body.register == UUID(TILL)
    assert body.lines[0].quantity == Decimal("2")
    assert body.payments[0].amount == Decimal("5.00")
    assert body.shown_total == Decimal("2.46")
    assert (body.customer, body.quote, body.approvals) == (None, None, ())


@pytest.mark.parametrize(
    "change",
    [
        {"shown_total": "2.460"},
        {"lines": [{"product": MILK, "quantity": "2.000"}]},
        {"lines": [{"product": MILK, "quantity": 2}]},
        {"lines": [{"quantity": "02", "product": MILK.upper(), "barcode": None, "reason": " "}]},
        {"payments": [{"tender": "cash", "amount": "5", "reference": ""}]},
        {"customer": None, "approvals": []},
    ],
)
def test_one_meaning_has_one_digest(change: dict[str, Any]) -> None:
    assert digest(parse_sale(a_sale(**change)).document()) == digest(
        parse_sale(a_sale()).document()
    )


@pytest.mark.parametrize(
    "change",
    [
        {"shown_total": "2.47"},
        {"lines": [{"product": MILK, "quantity": "-2", "returns": LINE, "reason": "sour"}]},
        {"lines": [{"product": MILK, "quantity": "2"}] * 2},
        {"payments": [{"tender": "card", "amount": "5.00"}]},
        {"customer": MILK},
    ],
)
def test_another_meaning_has_another_digest(change: dict[str, Any]) -> None:
    assert digest(parse_sale(a_sale(**change)).document()) != digest(
        parse_sale(a_sale()).document()
    )


@pytest.mark.parametrize(
    "line",
    [
        {"barcode": "5390012340108", "quantity": "1.250"},
        {"product": MILK, "quantity": "1", "discount": {"percent": "12.50", "reason": "dented"}},
        {"product": MILK, "quantity": "1", "discount": {"amount": "0.50", "reason": "dented"}},
        {"product": MILK, "quantity": "1", "price": {"amount": "0.9950", "reason": "match"}},
        {"returns": LINE, "quantity": "-1", "reason": "sour", "disposition": "write_off"},
        {"returns": LINE, "quantity": "-1", "reason": "sour"},
    ],
)
def test_a_document_is_read_back_to_the_same_body(line: dict[str, Any]) -> None:
    body = parse_sale(a_sale(lines=[line], approvals=[LINE, MILK, LINE], quote=TILL))

    assert parse_sale(body.document()) == body
    assert parse_sale(body.document()).document() == body.document()


def test_what_comes_back_goes_to_the_shelf_unless_said_otherwise() -> None:
    line = {"returns": LINE, "quantity": "-1", "reason": "sour"}

    assert parse_sale(a_sale(lines=[line])).lines[0].disposition == "restock"


def test_documents_differ_in_named_fields() -> None:
    kept = parse_sale(a_sale()).document()
    line = {"product": MILK, "quantity": "3", "discount": {"percent": "1", "reason": "x"}}
    more = {"lines": [{"product": MILK, "quantity": "2"}] * 2, "customer": MILK}

    assert set(differing(kept, parse_sale(a_sale(lines=[line])).document())) == {
        "lines.0.quantity",
        "lines.0.discount",
    }
    assert set(differing(kept, parse_sale(a_sale(**more)).document())) == {"lines", "customer"}
    assert differing(kept, kept) == {}


def test_a_basket_has_an_end() -> None:
    line = {"product": MILK, "quantity": "1"}

    assert len(parse_sale(a_sale(lines=[line] * MOST_LINES)).lines) == MOST_LINES
    assert set(wrong(lines=[line] * (MOST_LINES + 1))) == {"lines"}


def test_fields_are_named_by_their_place() -> None:
    fields = wrong(
        lines=[{"product": MILK, "quantity": "1"}, {"quantity": "x"}],
        payments=[{"tender": "cash"}],
        colour="red",
    )

    assert set(fields) == {"lines.1.quantity", "payments.0.amount", "colour"}


def test_a_thousand_mistakes_are_answered_with_fifty() -> None:
    assert len(wrong(lines=[{"quantity": "x"}] * 400)) <= 50


@pytest.mark.parametrize(
    ("discount", "field"),
    [
        ({"reason": "dented"}, "percent"),
        ({"percent": "5", "amount": "1", "reason": "dented"}, "percent"),
        ({"percent": "0", "reason": "dented"}, "percent"),
        ({"percent": "100.001", "reason": "dented"}, "percent"),
        ({"percent": "-5", "reason": "dented"}, "percent"),
        ({"amount": "0.00", "reason": "dented"}, "amount"),
        ({"amount": "-1", "reason": "dented"}, "amount"),
        ({"percent": "5"}, "reason"),
        ({"percent": "5", "reason": ""}, "reason"),
    ],
)
def test_a_discount_has_one_size_and_a_reason(discount: dict[str, Any], field: str) -> None:
    line = {"product": MILK, "quantity": "1", "discount": discount}

    assert set(wrong(lines=[line])) == {f"lines.0.discount.{field}"}


def test_a_quote_is_asked_for_like_a_sale_that_nobody_has_paid() -> None:
    sale = a_sale()
    body = parse_quote({"register": TILL, "lines": sale["lines"]})

    assert body.lines == parse_sale(sale).lines
    with pytest.raises(Invalid) as caught:
        parse_quote(sale)
    assert set(caught.value.fields) == {"payments", "shown_total"}
