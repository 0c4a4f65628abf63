"""What pays a bill: notes, cards, both; and money that goes back."""

from decimal import Decimal
from uuid import UUID

import pytest

from sales.pricing import (
    Settlement,
    Tendered,
    Unpriceable,
    settle,
)

D = Decimal
FRANC_STEP = D("0.05")
CASH, CARD = UUID(int=1), UUID(int=2)


def cash(amount: str) -> Tendered:
    return Tendered(tender=CASH, amount=D(amount), in_drawer=True, may_exceed=True, rounds=True)


def card(amount: str) -> Tendered:
    return Tendered(tender=CARD, amount=D(amount), in_drawer=False, may_exceed=False, rounds=False)


def settled(total: str, *tenders: Tendered, step: Decimal | None = FRANC_STEP) -> Settlement:
    return settle(D(total), tenders, "CHF", step)


def kept(settlement: Settlement) -> list[tuple[Decimal, Decimal, Decimal]]:
    """amount, handed over, change"""
    return [(paid.amount, paid.handed_over, paid.change) for paid in settlement.payments]


def test_a_note_pays_and_the_rest_is_change() -> None:
    paid = settled("13.15", cash("20"))

    assert paid.settled
    assert kept(paid) == [(D("13.15"), D("20"), D("6.85"))]
    assert (paid.payable, paid.rounding, paid.change) == (D("13.15"), D("0"), D("6.85"))
    assert paid.in_drawer == D("13.15")


@pytest.mark.parametrize(
    ("total", "payable", "rounding"),
    [("10.02", "10.00", "-0.02"), ("10.03", "10.05", "0.02"), ("0.02", "0.00", "-0.02")],
)
def test_only_cash_is_rounded(total: str, payable: str, rounding: str) -> None:
    in_cash, by_card = settled(total, cash("50")), settled(total, card(total))

    assert (in_cash.payable, in_cash.rounding) == (D(payable), D(rounding))
    assert in_cash.settled
    assert (by_card.payable, by_card.rounding) == (D(total), D("0"))
    assert by_card.settled


@pytest.mark.parametrize("order", [1, -1])
def test_a_card_is_taken_to_the_cent_and_cash_rounds_what_is_left(order: int) -> None:
    tenders = [cash("10"), card("5.01")][::order]
    paid = settled("10.03", *tenders)

    assert paid.settled
    assert (paid.payable, paid.rounding) == (D("10.01"), D("-0.02"))
    assert kept(paid)[::order] == [
        (D("5.00"), D("10"), D("5.00")),
        (D("5.01"), D("5.01"), D("0")),
    ]


def test_two_heaps_of_cash_are_rounded_once() -> None:
    paid = settled("10.03", cash("6"), cash("6"))

    assert kept(paid) == [(D("6"), D("6"), D("0")), (D("4.05"), D("6"), D("1.95"))]
    assert paid.rounding == D("0.02")


def test_too_little_says_what_is_still_due() -> None:
    assert (settled("10.03", cash("6")).due, settled("10.03", card("6")).due) == (
        D("4.05"),
        D("4.03"),
    )
    assert settled("10.03").due == D("10.03")
    assert not settled("10.03", cash("6")).settled


def test_a_card_may_not_take_too_much() -> None:
    paid = settled("10.03", card("10.04"))

    assert (paid.over, paid.due, paid.settled) == (D("0.01"), D("0"), False)
    assert settled("10.03", card("12"), cash("5")).over == D("1.97")


def test_krona_round_to_the_whole_and_yen_not_at_all() -> None:
    krona = settle(D("99.50"), [cash("200")], "SEK", D(1))
    yen = settle(D("512"), [cash("1000")], "JPY", None)

    assert (krona.payable, krona.change) == (D("100"), D("100"))
    assert (yen.payable, yen.change) == (D("512"), D("488"))


def test_money_goes_back_as_it_came() -> None:
    back = settled("-10.03", cash("-10.05"))

    assert back.settled
    assert (back.payable, back.rounding) == (D("-10.05"), D("-0.02"))
    assert kept(back) == [(D("-10.05"), D("-10.05"), D("0"))]
    assert settled("-10.03", card("-5.03"), cash("-5.00")).settled


def test_nobody_hands_out_too_much_and_waits_for_change() -> None:
    assert settled("-10.03", cash("-20")).over == D("-9.95")
    assert settled("-10.03", cash("-4")).due == D("-6.05")


def test_an_even_exchange_needs_no_money() -> None:
    assert settled("0.00").settled
    assert kept(settled("0.00", cash("5"))) == [(D("0"), D("5"), D("5"))]


@pytest.mark.parametrize(
    ("total", "amount"),
    [("10", "-1"), ("-10", "1"), ("0", "-1"), ("10", "1.005"), ("10", "NaN"), ("10", "1E+12")],
)
def test_a_payment_that_settles_nothing_is_refused(total: str, amount: str) -> None:
    with pytest.raises(Unpriceable, match="payments"):
        settled(total, cash(amount))
