"""What a basket costs, to the cent."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sales.pricing import (
    Ask,
    TaxPart,
    TaxTotal,
    Unpriceable,
    discount_percent_of,
    price,
    quantity_of_label,
)
from tests.sales.figures import ask, figures, line

D = Decimal
FRANC_STEP = D("0.05")


def test_a_price_with_its_tax_inside() -> None:
    assert figures(line(ask("3", "9.99", "19"))) == ("0.00", "25.18", "4.79", "29.97")


def test_a_price_with_its_tax_on_top() -> None:
    priced = line(ask("3", "9.99", "8.875"), "USD", inclusive=False)

    assert figures(priced) == ("0.00", "29.97", "2.66", "32.63")


def test_yen_have_no_cents() -> None:
    assert figures(line(ask("3", "158", "8"), "JPY", inclusive=False)) == ("0", "474", "38", "512")
    assert figures(line(ask("1", "108", "8"), "JPY")) == ("0", "100", "8", "108")


def test_dinars_have_three() -> None:
    priced = line(ask("1.375", "2.2500", "5"), "KWD", inclusive=False)

    assert figures(priced) == ("0.000", "3.094", "0.155", "3.249")


def test_a_weighed_item_is_rounded_once() -> None:
    # 0.335 x 12.99 = 4.35165; rounding the unit price first would give something else.
    assert line(ask("0.335", "12.99")).total == D("4.35")
    assert line(ask("0.005", "1.00")).total == D("0.01")


def test_a_markdown_makes_a_unit_price_of_four_places() -> None:
    priced = line(ask("2", "9.99", markdown_percent=D("33.33")))

    assert (priced.list_price, priced.unit_price) == (D("9.99"), D("6.6603"))
    assert (priced.total, priced.discount) == (D("13.32"), D("0.00"))


def test_a_labels_price_wins_and_its_quantity_is_derived() -> None:
    unit_price, label = D("12.90"), D("4.37")
    quantity = quantity_of_label(label, unit_price)
    priced = line(ask(str(quantity), "12.90", "7", label_price=label))

    assert str(quantity) == "0.339"
    assert (priced.price_basis, priced.unit_price) == ("label", D("12.90"))
    assert figures(priced) == ("0.00", "4.08", "0.29", "4.37")


def test_a_label_stands_for_something_even_of_a_free_or_precious_thing() -> None:
    assert quantity_of_label(D("4.37"), D("0")) == D("1")
    assert quantity_of_label(D("0.01"), D("99999")) == D("0.001")


def test_a_discount_in_percent_comes_off_the_line() -> None:
    priced = line(ask("3", "9.99", "19", discount_percent=D("10")))

    assert figures(priced) == ("3.00", "22.66", "4.31", "26.97")


def test_a_discount_is_never_more_than_the_line() -> None:
    assert figures(line(ask("1", "5.00", discount_amount=D("7.50")))) == (
        "5.00", "0.00", "0.00", "0.00",
    )  # fmt: skip
    assert figures(line(ask("1", "5.00", discount_percent=D("100")))) == (
        "5.00", "0.00", "0.00", "0.00",
    )  # fmt: skip


def test_an_override_is_the_unit_price_and_the_list_price_is_kept() -> None:
    priced = line(ask("2", "9.99", override_price=D("8.50"), markdown_percent=D("50")))

    assert (priced.unit_price, priced.list_price, priced.total) == (D("8.50"), D("9.99"), D("17"))


def test_the_parts_of_a_tax_add_up_to_it() -> None:
    parts = (TaxPart("State", D("4")), TaxPart("City", D("4.5")), TaxPart("Transit", D("0.375")))
    priced = line(ask("1", "1.00", "8.875", tax_parts=parts), "USD", inclusive=False)

    assert priced.tax == D("0.09")
    assert [str(part.tax) for part in priced.tax_parts] == ["0.04", "0.05", "0.00"]
    assert [part.name for part in priced.tax_parts] == ["State", "City", "Transit"]


def test_a_part_of_a_tax_survives_its_row_in_the_ledger() -> None:
    part = TaxPart("City", D("4.5"), D("0.05"))

    assert part.as_json() == {"name": "City", "percent": "4.5", "tax": "0.05"}
    assert TaxPart.from_json(part.as_json()) == part
    assert TaxPart.from_json({"name": "City", "percent": 4.5}) == TaxPart("City", D("4.5"))


@pytest.mark.parametrize("inclusive", [True, False])
def test_a_negative_quantity_is_the_mirror_of_the_same_sold(inclusive: bool) -> None:
    parts = (TaxPart("State", D("4")), TaxPart("City", D("4.875")))
    sold = ask("2.5", "3.33", "8.875", discount_percent=D("7"), tax_parts=parts)
    there = line(sold, inclusive=inclusive)
    back = line(replace(sold, quantity=-sold.quantity), inclusive=inclusive)

    mirrored = [-amount for amount in (there.gross, there.discount, there.net, there.tax)]
    assert [back.gross, back.discount, back.net, back.tax] == mirrored
    assert back.total == -there.total == -there.net - there.tax
    assert [part.tax for part in back.tax_parts] == [-part.tax for part in there.tax_parts]


def test_nothing_comes_back_as_nothing_and_not_as_minus_nothing() -> None:
    back = line(ask("-1", "0", "19"))

    assert (str(back.total), str(back.tax), str(back.discount)) == ("0.00", "0.00", "0.00")


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("quantity", ask("0", "1")),
        ("quantity", ask("0.0001", "1")),
        ("quantity", ask("1000000000", "1")),
        ("quantity", ask("NaN", "1")),
        ("quantity", ask("999999999", "99999999999")),
        ("price", ask("1", "-0.01")),
        ("price", ask("1", "0.00001")),
        ("price", ask("1", "Infinity")),
        ("price", ask("1", "1", override_price=D("-1"))),
        ("price", ask("1", "1", override_price=D("1"), label_price=D("1"))),
        ("amount", ask("1", "1", label_price=D("-1"))),
        ("amount", ask("1", "1", discount_amount=D("-0.01"))),
        ("amount", ask("1", "1", discount_amount=D("0.005"))),
        ("percent", ask("1", "1", discount_percent=D("-1"))),
        ("percent", ask("1", "1", discount_percent=D("100.01"))),
        ("percent", ask("1", "1", markdown_percent=D("101"))),
        ("percent", ask("1", "1", "NaN")),
        ("discount", ask("1", "1", discount_percent=D("1"), discount_amount=D("1"))),
    ],
)
def test_what_no_sale_can_mean_has_no_price(field: str, asked: Ask) -> None:
    with pytest.raises(Unpriceable) as refused:
        line(replace(asked, number=7))

    assert (refused.value.line, refused.value.field) == (7, field)


# ---- what a role may give -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "percent"),
    [
        ({}, "0"),
        ({"discount_percent": D("10")}, "10"),  # though 10 % of 0.99 is 0.10, more than 10 %
        ({"discount_amount": D("0.33")}, "33.3334"),
        ({"discount_amount": D("5.00")}, "100"),
        ({"override_price": D("0.90")}, "9.0910"),
        ({"override_price": D("0.495"), "discount_percent": D("50")}, "75"),
        ({"override_price": D("1.20")}, "0"),
        ({"override_price": D("0")}, "100"),
        ({"label_price": D("2.00"), "discount_amount": D("0.50")}, "25"),
        ({"markdown_percent": D("40"), "discount_percent": D("5")}, "5"),
    ],
)
def test_what_a_person_gave_away_is_counted_in_percent(given: dict[str, Any], percent: str) -> None:
    assert discount_percent_of(ask("1", "0.99", **given)) == D(percent)
    assert discount_percent_of(line(ask("1", "0.99", **given))) == D(percent)


def test_a_free_thing_cannot_be_discounted() -> None:
    assert discount_percent_of(ask("1", "0", discount_amount=D("1.00"))) == D("0")
    assert discount_percent_of(ask("1", "0", override_price=D("0"))) == D("0")


# ---- bills --------------------------------------------------------------------------------------


def test_a_bill_is_the_exact_sum_of_its_lines() -> None:
    asks = [
        ask("3", "9.99", "19", number=1, tax_code="B"),
        ask("0.335", "12.99", "7", number=2, discount_percent=D("10")),
        ask("-1", "4.49", "19", number=3, tax_code="B"),
    ]
    bill = price(asks, "EUR", inclusive=True)

    assert [str(priced.total) for priced in bill.lines] == ["29.97", "3.91", "-4.49"]
    assert (bill.net, bill.tax, bill.total) == (D("25.06"), D("4.33"), D("29.39"))
    assert bill.discount == D("0.44")
    assert bill.cash_payable == D("29.39")
    assert bill.taxes == (
        TaxTotal("A", D(7), net=D("3.65"), tax=D("0.26"), gross=D("3.91")),
        TaxTotal("B", D(19), net=D("21.41"), tax=D("4.07"), gross=D("25.48")),
    )


def test_one_percent_written_two_ways_is_one_rate() -> None:
    bill = price([ask("1", "1", "7"), ask("1", "1", "7.0000")], "EUR", inclusive=False)

    assert [(rate.percent, rate.tax) for rate in bill.taxes] == [(D(7), D("0.14"))]


def test_francs_are_paid_in_steps_of_five_rappen() -> None:
    bill = price([ask("1", "9.98", "8.1"), ask("1", "0.05")], "CHF", True, FRANC_STEP)

    assert (bill.total, bill.cash_payable) == (D("10.03"), D("10.05"))


def test_an_empty_bill_is_nothing() -> None:
    bill = price([], "CHF", True, FRANC_STEP)

    assert (bill.total, bill.net, bill.cash_payable, bill.taxes) == (D(0), D(0), D(0), ())


def test_a_total_beyond_the_ledger_is_refused() -> None:
    huge = ask("999999", "499999")

    assert price([huge], "JPY", inclusive=True).total == D("499998500001")
    with pytest.raises(Unpriceable, match="ledger"):
        price([huge, huge, huge], "JPY", inclusive=True)
