"""Whatever a basket holds, its figures are those of exact arithmetic, and no cent is lost."""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from sales.pricing import (
    Ask,
    PricedLine,
    TaxPart,
    add_up,
    discount_percent_of,
    price,
    price_line,
    return_line,
    return_share,
    settle,
)
from tests.properties.oracle import (
    DIGITS,
    STEPS,
    amounts,
    cash,
    currencies,
    decimals,
    nearest,
    rounded,
    thoroughly,
)

percents = decimals(4, 0, 100) | st.sampled_from([Decimal(p) for p in (0, 5, 7, 10, 19, 20, 25)])
quantities = st.tuples(decimals(3, 0, 9999), st.sampled_from([1, -1])).map(lambda q: q[0] * q[1])


@st.composite
def asks(draw: st.DrawFn, currency: str, number: int = 1) -> Ask:
    """A line as hostile as a server lets it be: any price, weight, markdown, label, discount."""
    parts = draw(st.lists(decimals(4, 0, 25), max_size=4))
    basis = draw(st.sampled_from(["list", "list", "label", "override"]))
    gift = draw(st.sampled_from([None, None, "percent", "amount"]))
    return Ask(
        number=number,
        quantity=draw(quantities.filter(bool)),
        list_price=draw(decimals(4, 0, 10**5)),
        tax_percent=sum(parts, Decimal(0)) if parts else draw(percents),
        tax_code=draw(st.sampled_from("AB")),
        tax_parts=tuple(TaxPart(str(i), percent) for i, percent in enumerate(parts)),
        markdown_percent=draw(st.just(Decimal(0)) | decimals(3, 0, 100)),
        label_price=draw(amounts(currency)) if basis == "label" else None,
        override_price=draw(decimals(4, 0, 10**5)) if basis == "override" else None,
        discount_percent=draw(percents) if gift == "percent" else None,
        discount_amount=draw(amounts(currency, most=10**4)) if gift == "amount" else None,
    )


@dataclass(frozen=True)
class Basket:
    currency: str
    inclusive: bool
    asks: list[Ask]

    @property
    def step(self) -> Decimal | None:
        return STEPS.get(self.currency)


@st.composite
def baskets(draw: st.DrawFn, most: int = 6) -> Basket:
    currency = draw(currencies)
    numbers = range(1, draw(st.integers(1, most)) + 1)
    lines = [draw(asks(currency, number)) for number in numbers]
    return Basket(currency, draw(st.booleans()), lines)


def expected(ask: Ask, basket: Basket) -> dict[str, Fraction]:
    """A line's figures from the definitions, in fractions."""
    digits = DIGITS[basket.currency]
    sign = 1 if ask.quantity > 0 else -1
    unit = rounded(Fraction(ask.list_price) * (1 - Fraction(ask.markdown_percent) / 100), 4)
    if ask.override_price is not None:
        unit = Fraction(ask.override_price)
    gross = rounded(unit * abs(Fraction(ask.quantity)), digits)
    if ask.label_price is not None:
        gross = Fraction(ask.label_price)
    discount = min(gross, Fraction(ask.discount_amount or 0))
    if ask.discount_percent is not None:
        discount = rounded(gross * Fraction(ask.discount_percent) / 100, digits)
    left, rate = gross - discount, Fraction(ask.tax_percent) / 100
    tax = rounded(left * rate / (1 + rate) if basket.inclusive else left * rate, digits)
    net = left - tax if basket.inclusive else left
    figures = {"gross": gross, "discount": discount, "net": net, "tax": tax, "total": net + tax}
    return {name: sign * figure for name, figure in figures.items()} | {"unit_price": unit}


def figures_of(line: PricedLine) -> dict[str, Fraction]:
    names = ("unit_price", "gross", "discount", "net", "tax", "total")
    return {name: Fraction(getattr(line, name)) for name in names}


# ---- lines and bills ----------------------------------------------------------------------------


@thoroughly
@given(baskets())
def test_every_figure_is_that_of_exact_arithmetic(basket: Basket) -> None:
    bill = price(basket.asks, basket.currency, basket.inclusive, basket.step)

    oracle = [expected(ask, basket) for ask in basket.asks]
    assert [figures_of(line) for line in bill.lines] == oracle
    for name in ("net", "tax", "discount", "total"):
        assert Fraction(getattr(bill, name)) == sum(line[name] for line in oracle)
    coins = Fraction(basket.step or Fraction(1, 10 ** DIGITS[basket.currency]))
    assert Fraction(bill.cash_payable) == nearest(Fraction(bill.total), coins)


@thoroughly
@given(baskets())
def test_a_bill_adds_up_whichever_way_it_is_added(basket: Basket) -> None:
    bill = price(basket.asks, basket.currency, basket.inclusive)

    assert bill.total == bill.net + bill.tax
    assert bill.net == sum(rate.net for rate in bill.taxes)
    assert bill.tax == sum(rate.tax for rate in bill.taxes)
    assert bill.total == sum(rate.gross for rate in bill.taxes)
    by_rate: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in bill.lines:
        assert line.total == line.net + line.tax
        assert line.gross - line.discount == (line.total if basket.inclusive else line.net)
        assert not line.tax_parts or sum(part.tax for part in line.tax_parts) == line.tax
        by_rate[line.tax_code, line.tax_percent] += line.tax
    assert {(rate.code, rate.percent): rate.tax for rate in bill.taxes} == by_rate


@thoroughly
@given(baskets())
def test_a_bill_taken_back_is_the_mirror_of_the_bill(basket: Basket) -> None:
    turned = [replace(ask, quantity=-ask.quantity) for ask in basket.asks]

    there = price(basket.asks, basket.currency, basket.inclusive, basket.step)
    back = price(turned, basket.currency, basket.inclusive, basket.step)

    assert (back.total, back.net, back.tax) == (-there.total, -there.net, -there.tax)
    assert (back.discount, back.cash_payable) == (-there.discount, -there.cash_payable)
    both = add_up([*there.lines, *back.lines], basket.currency, basket.inclusive)
    assert not any((both.total, both.net, both.tax, both.discount))
    assert not any(rate.net or rate.tax or rate.gross for rate in both.taxes)


@thoroughly
@given(baskets(most=1))
def test_a_line_never_turns_round_and_costs_no_more_than_its_price(basket: Basket) -> None:
    line = price_line(basket.asks[0], basket.currency, basket.inclusive)

    sign = 1 if line.quantity > 0 else -1
    assert 0 <= sign * line.discount <= sign * line.gross
    assert sign * line.net >= 0
    assert sign * line.tax >= 0


@thoroughly
@given(currencies, percents, st.data())
def test_tax_put_on_top_is_the_tax_found_inside(
    currency: str, percent: Decimal, data: st.DataObject
) -> None:
    net = data.draw(amounts(currency))
    asked = Ask(number=1, quantity=Decimal(1), list_price=net, tax_percent=percent, tax_code="A")

    on_top = price_line(asked, currency, inclusive=False)
    inside = price_line(replace(asked, list_price=on_top.total), currency, inclusive=True)

    assert (inside.net, inside.tax, inside.total) == (on_top.net, on_top.tax, on_top.total)


@thoroughly
@given(baskets(most=1))
def test_nobody_gives_more_than_is_counted_against_the_limit(basket: Basket) -> None:
    ask = basket.asks[0]
    counted = Fraction(discount_percent_of(ask))
    before = rounded(Fraction(ask.list_price) * (1 - Fraction(ask.markdown_percent) / 100), 4)
    after = before if ask.override_price is None else Fraction(ask.override_price)
    assume(before)

    assert 0 <= counted <= 100
    assert counted >= 100 * (1 - after / before) * (1 - Fraction(ask.discount_percent or 0) / 100)
    if ask.override_price is None and ask.discount_amount is None:
        assert counted == Fraction(ask.discount_percent or 0)


# ---- paid in cash ------------------------------------------------------------------------------


@thoroughly
@given(baskets(most=4))
def test_a_bill_paid_in_cash_is_paid_by_its_cash_payable(basket: Basket) -> None:
    bill = price(basket.asks, basket.currency, basket.inclusive, basket.step)

    paid = settle(bill.total, [cash(bill.cash_payable)], basket.currency, basket.step)

    assert paid.settled
    assert paid.payable == bill.cash_payable
    assert not paid.change


# ---- returns ------------------------------------------------------------------------------------


@st.composite
def cuts(draw: st.DrawFn, whole: Decimal) -> list[Decimal]:
    """The whole quantity in up to nine parts, to three places."""
    units = int(whole.scaleb(3))
    marks = draw(st.sets(st.integers(1, max(units - 1, 1)), max_size=8))
    edges = [0, *sorted(mark for mark in marks if mark < units), units]
    return [Decimal(b - a).scaleb(-3) for a, b in pairwise(edges)]


@thoroughly
@given(baskets(most=1), st.data())
def test_however_a_line_comes_back_it_comes_back_whole(basket: Basket, data: st.DataObject) -> None:
    ask = replace(basket.asks[0], quantity=abs(basket.asks[0].quantity))
    sold = price_line(ask, basket.currency, basket.inclusive)
    before = Decimal(0)
    back: list[PricedLine] = []

    for now in data.draw(cuts(ask.quantity)):
        back.append(
            return_line(
                sold,
                number=2 + len(back),
                returned_before=before,
                returned_now=now,
                currency=basket.currency,
                inclusive=basket.inclusive,
            )
        )
        before += now

    for name in ("quantity", "gross", "discount", "net", "tax", "total"):
        assert sum(getattr(line, name) for line in back) == -getattr(sold, name)
    for index, part in enumerate(sold.tax_parts):
        assert sum(line.tax_parts[index].tax for line in back) == -part.tax
    for line in back:
        assert line.total == line.net + line.tax
        assert line.total <= 0
        assert line.tax <= 0
        assert line.gross - line.discount == (line.total if basket.inclusive else line.net)
        assert not line.tax_parts or sum(part.tax for part in line.tax_parts) == line.tax


@thoroughly
@given(currencies, decimals(3, 1, 10**6), st.data())
def test_what_has_come_back_so_far_is_its_exact_share(
    currency: str, sold: Decimal, data: st.DataObject
) -> None:
    total = data.draw(amounts(currency, -(10**6)))
    so_far, given_back = Decimal(0), Decimal(0)

    for now in data.draw(cuts(sold)):
        given_back += return_share(total, sold, so_far, now, currency)
        so_far += now
        exact = Fraction(total) * Fraction(so_far) / Fraction(sold)
        assert Fraction(given_back) == rounded(exact, DIGITS[currency])

    assert given_back == total


def test_control_returns_rounded_one_by_one_keep_a_cent_of_the_customers() -> None:
    total, sold, one = Decimal("10.00"), Decimal(3), Decimal(1)

    alone = [return_share(total, sold, Decimal(0), one, "EUR") for _ in range(3)]
    in_turn = [return_share(total, sold, Decimal(back), one, "EUR") for back in range(3)]

    assert sum(alone) == Decimal("9.99")
    assert sum(in_turn) == total
