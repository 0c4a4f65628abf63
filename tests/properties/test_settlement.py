"""Whatever lies on the counter, no cent of it is lost."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from sales.pricing import (
    Tendered,
    settle,
)
from tests.properties.oracle import (
    STEPS,
    amounts,
    card,
    cash,
    currencies,
    nearest,
    thoroughly,
)


@dataclass(frozen=True)
class Counter:
    """What is due, and what lies on the counter for it."""

    currency: str
    total: Decimal
    tenders: list[Tendered]

    @property
    def step(self) -> Decimal | None:
        return STEPS.get(self.currency)


@st.composite
def counters(draw: st.DrawFn) -> Counter:
    currency = draw(currencies)
    total = draw(amounts(currency, most=500))
    handed = st.builds(
        lambda kind, amount: kind(amount),
        st.sampled_from([cash, card]),
        amounts(currency, most=300) | st.just(total),
    )
    return Counter(currency, total, draw(st.lists(handed, max_size=4)))


@thoroughly
@given(counters())
def test_a_settlement_loses_no_cent(counter: Counter) -> None:
    paid = settle(counter.total, counter.tenders, counter.currency, counter.step)

    handed = sum(tendered.amount for tendered in counter.tenders)
    kept = sum(payment.amount for payment in paid.payments)
    assert [payment.tendered for payment in paid.payments] == counter.tenders
    assert paid.payable == counter.total + paid.rounding
    assert kept + paid.change == handed
    assert kept + paid.due == paid.payable
    assert paid.due >= 0
    assert paid.over >= 0
    assert not (paid.due and paid.over)
    if paid.settled:
        assert kept == paid.payable
        assert all(p.change == 0 or p.tendered.may_exceed for p in paid.payments)
        assert paid.in_drawer == sum(p.amount for p in paid.payments if p.tendered.in_drawer)


@thoroughly
@given(counters())
def test_only_the_part_due_in_cash_is_rounded(counter: Counter) -> None:
    paid = settle(counter.total, counter.tenders, counter.currency, counter.step)

    by_card = sum(t.amount for t in counter.tenders if not t.rounds)
    left = max(Fraction(counter.total) - Fraction(by_card), Fraction(0))
    in_cash = any(t.rounds for t in counter.tenders)
    if not in_cash or counter.step is None:
        assert paid.rounding == 0
    else:
        assert Fraction(paid.rounding) == nearest(left, Fraction(counter.step)) - left
    assert Fraction(paid.over) == max(Fraction(by_card) - Fraction(counter.total), Fraction(0))


@thoroughly
@given(counters())
def test_the_order_on_the_counter_changes_nothing(counter: Counter) -> None:
    turned = counter.tenders[::-1]

    one = settle(counter.total, counter.tenders, counter.currency, counter.step)
    other = settle(counter.total, turned, counter.currency, counter.step)

    assert (one.payable, one.due, one.over) == (other.payable, other.due, other.over)
    assert (one.change, one.in_drawer) == (other.change, other.in_drawer)


@thoroughly
@given(counters())
def test_paying_what_is_still_due_settles_it(counter: Counter) -> None:
    short = settle(counter.total, counter.tenders, counter.currency, counter.step)
    assume(short.due)
    more = cash if any(t.rounds for t in counter.tenders) else card

    paid = settle(
        counter.total, [*counter.tenders, more(short.due)], counter.currency, counter.step
    )

    assert paid.settled
    assert paid.change == 0


@thoroughly
@given(counters())
def test_money_paid_out_is_the_mirror_of_money_taken(counter: Counter) -> None:
    total = counter.total or Decimal(1)
    cards = [card(min(total, t.amount)) for t in counter.tenders if not t.rounds][:1]
    there = settle(total, [*cards, cash(Decimal(1000))], counter.currency, counter.step)
    turned = [replace(paid.tendered, amount=-paid.amount) for paid in there.payments]

    back = settle(-total, turned, counter.currency, counter.step)

    assert back.settled
    assert (back.payable, back.rounding) == (-there.payable, -there.rounding)
    assert [paid.amount for paid in back.payments] == [-paid.amount for paid in there.payments]
