"""What comes back of the money when goods come back."""

from decimal import Decimal

import pytest

from sales.pricing import (
    TaxPart,
    Unpriceable,
    add_up,
    return_line,
    return_share,
)
from tests.sales.figures import ask, figures, line

D = Decimal


def test_the_last_return_leaves_no_cent() -> None:
    shares = [return_share(D("10.00"), D(3), D(back), D(1), "EUR") for back in range(3)]

    assert shares == [D("3.33"), D("3.34"), D("3.33")]


@pytest.mark.parametrize(("before", "now"), [("0", "0"), ("3", "1"), ("-1", "1"), ("2", "1.001")])
def test_more_than_was_sold_does_not_come_back(before: str, now: str) -> None:
    with pytest.raises(ValueError, match="sold"):
        return_share(D("10.00"), D(3), D(before), D(now), "EUR")


def test_a_returned_line_takes_back_its_tax_and_its_discount() -> None:
    parts = (TaxPart("State", D("4")), TaxPart("City", D("4.875")))
    sold = line(
        ask("3", "9.99", "8.875", discount_percent=D("10"), tax_parts=parts, sku="TEA"),
        "USD",
        inclusive=False,
    )
    back = return_line(
        sold, number=4, returned_before=D(1), returned_now=D(1), currency="USD", inclusive=False
    )

    assert figures(sold) == ("3.00", "26.97", "2.39", "29.36")
    assert (back.number, back.quantity, back.sku, back.unit_price) == (4, D(-1), "TEA", D("9.99"))
    assert figures(back) == ("-1.00", "-8.99", "-0.79", "-9.78")
    assert back.gross == D("-9.99")
    assert [str(part.tax) for part in back.tax_parts] == ["-0.36", "-0.43"]


def test_a_line_returned_at_once_is_its_mirror() -> None:
    sold = line(ask("2.5", "3.33", "19", discount_amount=D("1.00")))
    back = return_line(
        sold, number=1, returned_before=D(0), returned_now=D("2.5"), currency="EUR", inclusive=True
    )

    assert add_up([sold, back], "EUR", inclusive=True).total == D("0")
    assert figures(back) == ("-1.00", "-6.16", "-1.17", "-7.33")


def test_more_of_a_line_than_was_sold_is_refused() -> None:
    sold = line(ask("2", "1.00"))

    with pytest.raises(Unpriceable, match="more than was sold"):
        return_line(
            sold, number=9, returned_before=D(1), returned_now=D(2), currency="EUR", inclusive=True
        )
