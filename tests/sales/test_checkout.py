"""The checkout contract, one sale at a time. Races are in tests/races."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from inventory.models import Product, StockMove
from people.access import Actor
from people.models import Store
from regalpos import ids
from regalpos.errors import Invalid, NotHere
from sales.forms import parse_sale
from sales.models import (
    CashMove,
    JournalHead,
    JournalRecord,
    Payment,
    Register,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
    Shift,
    ShiftTender,
    ShiftTotals,
)
from sales.services.checkout import Answer, BodyMismatch, abandon_sale, check_out, find_answer
from sales.services.shifts import close_shift
from tests.factories import (
    a_cashier,
    a_level,
    a_manager,
    a_product,
    a_register,
    a_shift,
    a_store,
    on_hand,
    set_price,
    some_rules,
)

pytestmark = pytest.mark.django_db
D = Decimal


@dataclass
class Till:
    """A cashier at an open till, who can ring things up."""

    store: Store
    register: Register
    cashier: Actor
    shift: Shift
    tried: list[UUID] = field(default_factory=list)

    def sell(self, *lines: Any, total: str, pay: Any = None, **more: Any) -> Answer:
        """Ring up (product, quantity) pairs or raw lines; paid in cash unless said otherwise."""
        sale_id = more.pop("sale_id", None) or ids.new()
        self.tried.append(sale_id)
        actor = more.pop("actor", self.cashier)
        return check_out(
            sale_id=sale_id,
            body=self.body(*lines, total=total, pay=pay, **more),
            actor=actor,
            source="api",
        )

    def body(self, *lines: Any, total: str, pay: Any = None, **more: Any) -> Any:
        rows = [
            line
            if isinstance(line, dict)
            else {"product": str(line[0].pk), "quantity": str(line[1])}
            for line in lines
        ]
        paid = [("cash", total)] if pay is None else pay
        return parse_sale(
            {
                "register": str(self.register.pk),
                "lines": rows,
                "payments": [{"tender": tender, "amount": amount} for tender, amount in paid],
                "shown_total": total,
                **more,
            }
        )


@pytest.fixture
def till() -> Till:
    store = a_store("HS")
    register, cashier = a_register(store), a_cashier(store)
    return Till(store, register, cashier, a_shift(register, cashier))


def untouched(till: Till, product: Product, level: str) -> None:
    """A refusal left no trace but its key."""
    assert not Sale.objects.exists()
    assert not SaleLine.objects.exists()
    assert not Payment.objects.exists()
    assert on_hand(product, till.store) == D(level)
    assert JournalHead.objects.get(register=till.register).last_receipt == 0
    assert ShiftTotals.objects.get(shift=till.shift).expected_cash == D("100")


def test_a_cash_sale_writes_every_book_once(till):
    apple = a_product("Apple", price="1.23", tax="23", on_hand="10", store=till.store)
    pear = a_product("Pear", price="2.00", tax="0", on_hand="5", store=till.store)

    answer = till.sell((apple, 3), (pear, 1), total="5.69", pay=[("cash", "10.00")])

    assert (answer.status, answer.state, answer.replayed) == (201, "posted", False)
    assert answer.content["receipt_number"] == "HS-1-1-000001"
    assert answer.content["change"] == "4.31"
    sale = Sale.objects.get()
    assert (sale.net, sale.tax, sale.total, sale.rounding, sale.payable) == (
        D("5.00"), D("0.69"), D("5.69"), D("0"), D("5.69"),
    )  # fmt: skip
    assert [(line.quantity, line.net, line.tax, line.total) for line in sale.lines.all()] == [
        (D("3"), D("3.00"), D("0.69"), D("3.69")),
        (D("1"), D("2.00"), D("0.00"), D("2.00")),
    ]
    payment = sale.payments.get()
    assert (payment.amount, payment.handed_over, payment.change) == (D("5.69"), D("10"), D("4.31"))
    assert (on_hand(apple, till.store), on_hand(pear, till.store)) == (D("7"), D("4"))
    moves = StockMove.objects.filter(source_id=sale.pk).order_by("source_line")
    assert [(move.kind, move.quantity, move.source_line) for move in moves] == [
        ("sale", D("-3"), 1),
        ("sale", D("-1"), 2),
    ]
    cash = CashMove.objects.get(sale=sale)
    assert (cash.kind, cash.amount) == ("sale", D("5.69"))
    totals = ShiftTotals.objects.get(shift=till.shift)
    assert (totals.sales, totals.returns, totals.total, totals.expected_cash) == (
        1, 0, D("5.69"), D("105.69"),
    )  # fmt: skip
    tender = ShiftTender.objects.get(shift=till.shift)
    assert (tender.tender.code, tender.payments, tender.amount) == ("cash", 1, D("5.69"))
    record = JournalRecord.objects.get(business_id=sale.pk)
    head = JournalHead.objects.get(register=till.register)
    assert (record.seq, record.series, head.hash) == (2, "sale", record.hash)
    assert (head.perpetual_sales, head.perpetual_returns, head.perpetual_net) == (
        D("5.69"), D("0"), D("5.69"),
    )  # fmt: skip
    assert answer.content["journal"] == {"seq": 2, "hash": record.hash}


def test_a_repeated_sale_is_the_same_sale(till):
    apple = a_product(on_hand="10", store=till.store)
    sale_id = ids.new()

    first = till.sell((apple, 1), total="1.00", sale_id=sale_id)
    again = till.sell((apple, "1.000"), total="1.0", sale_id=sale_id)

    assert (again.status, again.state, again.replayed) == (200, "posted", True)
    assert again.content == first.content
    assert Sale.objects.count() == 1
    assert on_hand(apple, till.store) == D("9")


def test_the_same_id_with_another_body_is_refused_by_field(till):
    apple = a_product(on_hand="10", store=till.store)
    sale_id = ids.new()
    till.sell((apple, 1), total="1.00", sale_id=sale_id)

    with pytest.raises(BodyMismatch) as refused:
        till.sell((apple, 2), total="2.00", sale_id=sale_id)

    assert sorted(refused.value.fields) == [
        "lines.0.quantity",
        "payments.0.amount",
        "shown_total",
    ]
    assert on_hand(apple, till.store) == D("9")


def test_a_refusal_is_kept_and_a_late_copy_cannot_revive_it(till):
    last = a_product(limited=True, on_hand="1", store=till.store)
    sale_id = ids.new()

    refused = till.sell((last, 2), total="2.00", sale_id=sale_id)
    untouched(till, last, "1")
    a_level(last, till.store, "5")  # More arrives, and the late copy still finds its refusal.
    again = till.sell((last, 2), total="2.00", sale_id=sale_id)

    assert (refused.status, refused.state) == (409, "refused")
    assert refused.content["code"] == "out_of_stock"
    assert refused.content["products"] == [{"product": str(last.pk), "on_hand": "1"}]
    assert (again.status, again.content, again.replayed) == (409, refused.content, True)
    untouched(till, last, "6")


def test_an_abandoned_id_is_gone_for_ever(till):
    apple = a_product(on_hand="10", store=till.store)
    sale_id = ids.new()

    given_up = abandon_sale(sale_id=sale_id, register_id=till.register.pk, actor=till.cashier)
    late = till.sell((apple, 1), total="1.00", sale_id=sale_id)

    assert (given_up.status, given_up.state) == (410, "abandoned")
    assert (late.status, late.state, late.replayed) == (410, "abandoned", True)
    untouched(till, apple, "10")


def test_abandoning_what_is_posted_answers_with_the_sale(till):
    apple = a_product(on_hand="10", store=till.store)
    sold = till.sell((apple, 1), total="1.00")

    answer = abandon_sale(sale_id=till.tried[0], register_id=till.register.pk, actor=till.cashier)

    assert (answer.status, answer.state, answer.content) == (200, "posted", sold.content)


def test_the_answer_can_be_asked_for_by_people_of_the_store_only(till):
    apple = a_product(on_hand="10", store=till.store)
    till.sell((apple, 1), total="1.00")

    stranger = a_cashier(a_store("ZZ"))

    own = find_answer(sale_id=till.tried[0], actor=till.cashier)
    assert own is not None
    assert own.state == "posted"
    assert find_answer(sale_id=till.tried[0], actor=stranger) is None
    assert find_answer(sale_id=ids.new(), actor=till.cashier) is None


def test_another_persons_id_is_not_here(till):
    apple = a_product(on_hand="10", store=till.store)
    till.sell((apple, 1), total="1.00")
    other = a_cashier(till.store)

    with pytest.raises(NotHere):
        till.sell((apple, 1), total="1.00", sale_id=till.tried[0], actor=other)

    assert Sale.objects.count() == 1


def test_a_register_of_another_store_is_not_here(till):
    apple = a_product(on_hand="10", store=till.store)
    stranger = a_cashier(a_store("ZZ"))

    with pytest.raises(NotHere):
        till.sell((apple, 1), total="1.00", actor=stranger)

    untouched(till, apple, "10")
    assert not SaleAttempt.objects.exists()


@pytest.mark.parametrize(
    ("total", "pay", "code", "facts"),
    [
        ("0.99", [("cash", "0.99")], "total_changed", {"total": "1.00", "shown": "0.99"}),
        ("1.00", [("cash", "0.40")], "underpaid", {"due": "0.60"}),
        ("1.00", [], "underpaid", {"due": "1.00"}),
        ("1.00", [("card", "1.50")], "overpaid", {"over": "0.50"}),
        ("1.00", [("card", "1.00"), ("cash", "0.00")], None, {}),
    ],
)
def test_the_money_must_be_right(till, total, pay, code, facts):
    apple = a_product(on_hand="10", store=till.store)

    answer = till.sell((apple, 1), total=total, pay=pay)

    if code is None:
        assert answer.state == "posted"
        return
    assert answer.content["code"] == code
    assert {name: answer.content[name] for name in facts} == facts
    untouched(till, apple, "10")


def test_a_tender_that_does_not_exist_leaves_the_id_free(till):
    apple = a_product(on_hand="10", store=till.store)

    with pytest.raises(Invalid) as refused:
        till.sell((apple, 1), total="1.00", pay=[("shells", "1.00")])

    assert list(refused.value.fields) == ["payments.0.tender"]
    untouched(till, apple, "10")
    assert not SaleAttempt.objects.exists()


def test_card_and_cash_share_a_sale(till):
    oven = a_product(price="43.15", on_hand="1", store=till.store)

    answer = till.sell((oven, 1), total="43.15", pay=[("card", "20.00"), ("cash", "30.00")])

    assert answer.content["change"] == "6.85"
    assert sorted(Payment.objects.values_list("tender__code", "amount", "change")) == [
        ("card", D("20"), D("0")),
        ("cash", D("23.15"), D("6.85")),
    ]
    assert ShiftTotals.objects.get(shift=till.shift).expected_cash == D("123.15")


def test_only_the_cash_part_is_rounded(till):
    some_rules(till.store, cash_step=D("0.05"))
    nut = a_product(price="1.02", on_hand="5", store=till.store)

    in_cash = till.sell((nut, 1), total="1.02", pay=[("cash", "1.00")])
    by_card = till.sell((nut, 1), total="1.02", pay=[("card", "1.02")])

    assert (in_cash.content["totals"]["rounding"], by_card.content["totals"]["rounding"]) == (
        "-0.02",
        "0.00",
    )
    assert Sale.objects.filter(payable=D("1.00"), rounding=D("-0.02")).count() == 1


def test_prices_without_tax_add_it(till):
    some_rules(till.store, prices_include_tax=False)
    apple = a_product(price="10.00", tax="8.25", on_hand="5", store=till.store)

    till.sell((apple, 1), total="10.83")

    sale = Sale.objects.get()
    assert (sale.net, sale.tax, sale.total) == (D("10.00"), D("0.83"), D("10.83"))


def test_an_ordinary_product_sells_below_zero(till):
    apple = a_product(on_hand="1", store=till.store)

    answer = till.sell((apple, 3), total="3.00")

    assert answer.state == "posted"
    assert on_hand(apple, till.store) == D("-2")


def test_a_changed_price_is_said_before_money_is_taken(till):
    milk = a_product(price="1.00", on_hand="5", store=till.store)
    set_price(milk, "1.50")

    answer = till.sell((milk, 1), total="1.00")

    assert (answer.content["code"], answer.content["total"]) == ("total_changed", "1.50")
    untouched(till, milk, "5")


def test_a_product_without_a_price_here_is_refused(till):
    apple = a_product(price="1.00", currency="GBP", on_hand="5", store=till.store)

    answer = till.sell((apple, 1), total="1.00")

    assert answer.content["code"] == "no_price"
    untouched(till, apple, "5")


def test_an_inactive_product_is_unknown(till):
    apple = a_product(on_hand="5", store=till.store, active=False)

    answer = till.sell((apple, 1), total="1.00")

    assert answer.content["code"] == "unknown_product"
    untouched(till, apple, "5")


def test_half_a_piece_cannot_be_sold(till):
    apple = a_product(on_hand="5", store=till.store)

    with pytest.raises(Invalid) as refused:
        till.sell((apple, "0.5"), total="0.50")

    assert list(refused.value.fields) == ["lines.0.quantity"]
    untouched(till, apple, "5")


def test_without_an_open_shift_nothing_is_sold(till):
    apple = a_product(on_hand="5", store=till.store)
    close_shift(shift_id=till.shift.pk, counted=D("100"), reason="", actor=till.cashier)

    answer = till.sell((apple, 1), total="1.00")

    assert answer.content["code"] == "shift_closed"
    assert not Sale.objects.exists()


def test_somebody_elses_drawer_is_not_sold_from(till):
    apple = a_product(on_hand="5", store=till.store)
    other = a_cashier(till.store)

    assert till.sell((apple, 1), total="1.00", actor=other).content["code"] == "shift_closed"
    some_rules(till.store, shared_drawers=True)
    assert till.sell((apple, 1), total="1.00", actor=other).state == "posted"


def test_a_discount_above_the_role_needs_a_manager(till):
    some_rules(till.store, discount_limits={"cashier": "10", "manager": "50"}, shared_drawers=True)
    apple = a_product(price="10.00", on_hand="5", store=till.store)
    line = {
        "product": str(apple.pk),
        "quantity": "1",
        "discount": {"percent": "20", "reason": "dented"},
    }

    by_cashier = till.sell(line, total="8.00")
    by_manager = till.sell(line, total="8.00", actor=a_manager(till.store))

    assert (by_cashier.content["code"], by_cashier.content["line"]) == ("approval_needed", 1)
    assert by_manager.state == "posted"
    assert SaleLine.objects.get().discount == D("2.00")


# ---- coming back -------------------------------------------------------------------------------


def back(answer: Answer, number: int, quantity: str, **more: str) -> dict[str, str]:
    line = answer.content["lines"][number - 1]
    return {"returns": line["id"], "quantity": f"-{quantity}", "reason": "changed mind", **more}


def test_a_return_gives_back_what_was_paid_and_not_a_cent_more(till):
    trio = a_product(price="3.3333", on_hand="3", store=till.store)
    sold = till.sell((trio, 3), total="10.00")

    totals = [
        till.sell(back(sold, 1, "1"), total=total, pay=[("cash", total)]).content["totals"]["total"]
        for total in ("-3.33", "-3.34", "-3.33")
    ]

    assert totals == ["-3.33", "-3.34", "-3.33"]
    assert on_hand(trio, till.store) == D("3")
    assert ShiftTotals.objects.get(shift=till.shift).expected_cash == D("100")
    assert ReturnedQuantity.objects.get().returned == D("3")
    assert ShiftTotals.objects.get(shift=till.shift).returned == D("10.00")


def test_more_than_was_sold_cannot_come_back(till):
    apple = a_product(on_hand="5", store=till.store)
    sold = till.sell((apple, 2), total="2.00")
    till.sell(back(sold, 1, "1"), total="-1.00")

    with pytest.raises(Invalid) as refused:
        till.sell(back(sold, 1, "2"), total="-2.00")

    assert list(refused.value.fields) == ["lines.0.quantity"]
    assert on_hand(apple, till.store) == D("4")
    assert ReturnedQuantity.objects.get().returned == D("1")


def test_damaged_goods_come_back_and_go_out_again(till):
    cup = a_product(on_hand="5", store=till.store)
    sold = till.sell((cup, 1), total="1.00")

    returned = till.sell(back(sold, 1, "1", disposition="damaged"), total="-1.00")

    moves = StockMove.objects.filter(source_id=UUID(returned.content["id"])).order_by("id")
    assert [(move.kind, move.quantity) for move in moves] == [
        ("return", D("1")),
        ("write_off", D("-1")),
    ]
    assert on_hand(cup, till.store) == D("4")


def test_a_service_that_comes_back_moves_no_stock(till):
    wrapping = a_product(stocked=False)
    sold = till.sell((wrapping, 1), total="1.00")

    returned = till.sell(back(sold, 1, "1"), total="-1.00")

    kinds = SaleLine.objects.values_list("kind", flat=True)
    assert (returned.state, list(kinds)) == ("posted", ["service", "service"])
    assert not StockMove.objects.exists()


def test_what_was_sold_from_the_shelf_comes_back_to_it_whatever_the_product_is_now(till):
    kit = a_product(on_hand="5", store=till.store)
    sold = till.sell((kit, 2), total="2.00")
    Product.objects.filter(pk=kit.pk).update(stocked=False)

    till.sell(back(sold, 1, "1"), (kit, 1), total="0.00", pay=[])

    kinds = SaleLine.objects.values_list("kind", flat=True)
    assert sorted(kinds) == ["goods", "goods", "service"]
    assert on_hand(kit, till.store) == D("4")


def test_an_exchange_is_one_receipt(till):
    cheap = a_product(price="5.00", on_hand="5", store=till.store)
    dear = a_product(price="7.50", on_hand="5", store=till.store)
    sold = till.sell((cheap, 1), total="5.00")

    answer = till.sell(back(sold, 1, "1"), (dear, 1), total="2.50")

    assert answer.content["kind"] == "exchange"
    head = JournalHead.objects.get(register=till.register)
    assert (head.perpetual_sales, head.perpetual_returns) == (D("12.50"), D("5.00"))


def test_a_refund_above_the_stores_limit_needs_a_manager(till):
    some_rules(till.store, refund_limit=D("4.00"), shared_drawers=True)
    apple = a_product(price="5.00", on_hand="5", store=till.store)
    sold = till.sell((apple, 1), total="5.00")

    by_cashier = till.sell(back(sold, 1, "1"), total="-5.00")
    by_manager = till.sell(back(sold, 1, "1"), total="-5.00", actor=a_manager(till.store))

    assert by_cashier.content["code"] == "approval_needed"
    assert by_manager.state == "posted"


def test_a_receipt_line_of_another_store_cannot_come_back_here(till):
    apple = a_product(on_hand="5", store=till.store)
    sold = till.sell((apple, 1), total="1.00")
    store = a_store("ML")
    register, cashier = a_register(store), a_cashier(store)
    elsewhere = Till(store, register, cashier, a_shift(register, cashier))

    with pytest.raises(Invalid) as refused:
        elsewhere.sell(back(sold, 1, "1"), total="-1.00")

    assert list(refused.value.fields) == ["lines.0.returns"]
