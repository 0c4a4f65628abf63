"""Taking the money at the till: one attempt, one sale, whatever is pressed, lost or sent again."""

import html as html_module
import json
import re
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Price, StockLevel
from people.models import User
from regalpos import ids
from sales.forms import parse_sale
from sales.models import Cart, CartStep, Payment, Sale, SaleAttempt, Shift
from sales.services import checkout
from sales.services.cart_states import freeze_cart
from sales.services.shifts import close_shift
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


def at(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def ana(shop: Shop) -> Client:
    return at(shop.cashier)


@pytest.fixture
def cart(shop: Shop, ana: Client) -> UUID:
    """Two sourdoughs and an oat milk: 12.25, with 0.44 tax in it."""
    shop.on_shift()
    cart = shop.cart()
    for code, quantity in (("13", "2"), ("OM-1", "1")):
        ana.post(f"/till/{cart}/lines/", {"id": str(ids.new()), "code": code, "quantity": quantity})
    return cart


class Answer:
    """What the page was told: the status, and the facts of the outcome and of the cart in it."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        outcome = re.search(r'<div id="outcome"([^>]*)>', text)
        section = re.search(r'<section class="cart"([^>]*)>', text)
        self.outcome = _facts(outcome[1]) if outcome else {}
        self.cart = _facts(section[1]) if section else {}


def _facts(attributes: str) -> dict[str, str]:
    return {
        name: html_module.unescape(value)
        for name, value in re.findall(r'data-(\w+)="([^"]*)"', attributes)
    }


CASH = [{"tender": "cash", "amount": "20.00"}]


def take(
    client: Client,
    cart: UUID,
    attempt: UUID | None = None,
    payments: object = CASH,
    total: str = "12.25",
) -> Answer:
    sent = {
        "attempt": str(attempt or ids.new()),
        "payments": json.dumps(payments),
        "shown_total": total,
    }
    answer = client.post(f"/till/{cart}/payment/", sent)
    return Answer(answer.status_code, answer.content.decode())


def test_a_cash_sale_is_posted_with_its_change_and_the_next_sale_is_ready(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    answer = take(ana, cart, attempt)
    assert (answer.status, answer.outcome["state"]) == (201, "posted")
    sale = Sale.objects.get()
    assert (sale.pk, sale.total, sale.tax, sale.source) == (
        attempt,
        Decimal("12.25"),
        Decimal("0.44"),
        "till",
    )
    [payment] = Payment.objects.all()
    assert (payment.handed_over, payment.change) == (Decimal("20.00"), Decimal("7.75"))
    assert "€7.75" in answer.text
    assert sale.receipt_number in answer.text
    assert Cart.objects.get(pk=cart).state == Cart.State.SOLD
    assert answer.cart["lines"] == "0"
    assert answer.outcome["url"] == f"/till/{answer.cart['cart']}/?sold={attempt}"
    assert StockLevel.objects.get(
        product=shop.product("Rye sourdough"), store=shop.store
    ).on_hand == Decimal(18)


def test_the_same_attempt_sent_again_answers_the_same_sale(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    first, second = take(ana, cart, attempt), take(ana, cart, attempt)
    assert (first.status, second.status) == (201, 200)
    assert first.outcome == second.outcome
    assert Sale.objects.count() == 1


def test_another_attempt_on_a_sold_cart_shows_the_sale_it_became(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    take(ana, cart, attempt)
    answer = take(ana, cart, ids.new())
    assert (answer.status, answer.outcome["state"]) == (409, "posted")
    assert answer.outcome["attempt"] == str(attempt)
    assert Sale.objects.count() == 1
    assert SaleAttempt.objects.count() == 1


def test_a_sold_cart_leads_to_the_next_sale_with_its_change_in_sight(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    url = take(ana, cart, attempt).outcome["url"]
    assert ana.get(f"/till/{cart}/")["Location"] == url
    assert ana.get(f"/till/{cart}/payment/")["Location"] == url
    page = ana.get(url).content.decode()
    assert 'data-view="sold"' in page
    assert "€7.75" in page


def test_card_and_cash_settle_a_sale_together(shop: Shop, cart: UUID, ana: Client) -> None:
    payments = [{"tender": "card", "amount": "10.00"}, {"tender": "cash", "amount": "5.00"}]
    answer = take(ana, cart, payments=payments)
    assert answer.status == 201
    assert [(row.amount, row.change) for row in Payment.objects.order_by("number")] == [
        (Decimal("10.00"), Decimal("0.00")),
        (Decimal("2.25"), Decimal("2.75")),
    ]


def test_what_is_left_to_pay_is_the_servers_to_say(shop: Shop, cart: UUID, ana: Client) -> None:
    answer = ana.get(f"/till/{cart}/payment/?paid=10.00", headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert 'data-left="2.25"' in text
    assert 'data-total="12.25"' in text
    nonsense = ana.get(f"/till/{cart}/payment/?paid=abc&paid=NaN", headers={"HX-Request": "true"})
    assert 'data-left="12.25"' in nonsense.content.decode()


def unchanged(cart: UUID) -> None:
    """Nothing was sold and nothing is frozen: the cart goes on."""
    row = Cart.objects.get(pk=cart)
    assert (row.state, row.attempt, row.lines.count()) == (Cart.State.OPEN, None, 2)
    assert not Sale.objects.exists()


def test_a_changed_price_is_told_with_both_totals_and_asks_to_pay_again(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    Price.objects.create(
        product=shop.product("Oat milk 1 l"),
        currency="EUR",
        amount=Decimal("3.35"),
        valid_from=timezone.now(),
    )
    answer = take(ana, cart)
    assert (answer.status, answer.outcome["code"]) == (409, "total_changed")
    assert answer.outcome["words"] == (
        "The total is now 13.25, it was 12.25. Tell the customer, then pay again."
    )
    unchanged(cart)
    assert take(ana, cart, total="13.25").status == 201


def test_limited_goods_that_went_meanwhile_offer_to_set_the_counts(shop: Shop, ana: Client) -> None:
    shop.on_shift()
    cart = shop.cart()
    sent = {"id": str(ids.new()), "code": "BC-1", "quantity": "3"}
    ana.post(f"/till/{cart}/lines/", sent)
    shop.stock("Beeswax candle", "2")
    answer = take(ana, cart, payments=[{"tender": "cash", "amount": "36.00"}], total="36.00")
    assert (answer.status, answer.outcome["code"]) == (409, "out_of_stock")
    assert 'data-left="2"' in answer.text
    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("payments", "status", "code"),
    [
        ([{"tender": "cash", "amount": "12.24"}], 409, "underpaid"),
        ([{"tender": "card", "amount": "12.26"}], 409, "overpaid"),
        ([], 409, "underpaid"),
        ([{"tender": "cowries", "amount": "12.25"}], 422, "invalid"),
        ([{"tender": "cash", "amount": "-12.25"}], 422, "invalid"),
        ([{"tender": "cash", "amount": "12.255"}], 422, "invalid"),
        ([{"tender": "cash", "amount": "1e3"}], 422, "invalid"),
        ([{"tender": "cash", "amount": "9" * 16}], 422, "invalid"),
        ([{"tender": "cash", "amount": 12.25}], 422, "invalid"),
        ([{"tender": "cash", "amount": "12.25", "currency": "USD"}], 422, "invalid"),
    ],
)
def test_money_that_does_not_settle_is_refused_and_the_cart_goes_on(
    shop: Shop, cart: UUID, ana: Client, payments: object, status: int, code: str
) -> None:
    answer = take(ana, cart, payments=payments)
    assert (answer.status, answer.outcome["state"], answer.outcome["code"]) == (
        status,
        "refused",
        code,
    )
    assert answer.outcome["words"]
    assert answer.cart["cart"] == str(cart)
    unchanged(cart)
    assert take(ana, cart).status == 201


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', "null", "[" * 2000])
def test_what_is_no_list_of_payments_is_refused(
    shop: Shop, cart: UUID, ana: Client, text: str
) -> None:
    sent = {"attempt": str(ids.new()), "payments": text, "shown_total": "12.25"}
    assert ana.post(f"/till/{cart}/payment/", sent).status_code in (400, 422)
    unchanged(cart)


def test_a_payment_without_an_id_is_refused(shop: Shop, cart: UUID, ana: Client) -> None:
    sent = {"attempt": "1", "payments": json.dumps(CASH), "shown_total": "12.25"}
    assert ana.post(f"/till/{cart}/payment/", sent).status_code == 422
    unchanged(cart)


def test_a_closed_shift_sells_nothing_and_keeps_the_cart(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    shift = Shift.objects.get()
    close_shift(shift_id=shift.pk, counted=Decimal("100"), reason="", actor=shop.actor())
    answer = take(ana, cart)
    assert (answer.status, answer.outcome["code"]) == (409, "shift_closed")
    unchanged(cart)


def test_a_cart_of_another_store_cannot_be_paid_for(shop: Shop, cart: UUID) -> None:
    finn = at(shop.stranger)
    assert take(finn, cart).status == 404
    assert finn.get(f"/till/{cart}/payment/").status_code == 404
    unchanged(cart)


def test_a_cart_of_another_till_cannot_be_paid_for(shop: Shop, cart: UUID) -> None:
    shop.on_shift(shop.till2, shop.colleague)
    answer = take(at(shop.colleague), cart)
    assert (answer.status, answer.outcome["code"]) == (409, "cart_elsewhere")
    unchanged(cart)


# ---- unknown ------------------------------------------------------------------------------------


def freeze(shop: Shop, cart: UUID, attempt: UUID) -> None:
    """As if the server had died between freezing and checking out."""
    freeze_cart(
        cart_id=cart, attempt_id=attempt, actor=shop.actor(), payments=CASH, shown_total="12.25"
    )


def ask(client: Client, attempt: UUID, cart: UUID, method: str = "get") -> Answer:
    answer = getattr(client, method)(f"/till/attempts/{attempt}/?cart={cart}")
    return Answer(answer.status_code, answer.content.decode())


def test_an_attempt_that_was_never_posted_is_unknown_and_the_page_asks_on(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    freeze(shop, cart, attempt)
    assert ask(ana, attempt, cart).outcome["state"] == "unknown"
    page = Answer(200, ana.get(f"/till/{cart}/").content.decode())
    assert page.cart["attempt"] == str(attempt)
    scan = ana.post(f"/till/{cart}/lines/", {"id": str(ids.new()), "code": "13"})
    assert scan.status_code == 409
    assert "Do not take the money again." in scan.content.decode()
    assert CartStep.objects.count() == 2


def test_an_unknown_attempt_is_sent_again_with_what_was_frozen(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    freeze(shop, cart, attempt)
    again = ana.post(f"/till/{cart}/payment/", {"attempt": str(attempt)})
    assert again.status_code == 201
    assert Payment.objects.get().handed_over == Decimal("20.00")
    assert ask(ana, attempt, cart).outcome["state"] == "posted"


def test_a_second_attempt_waits_while_the_first_is_unknown(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    freeze(shop, cart, attempt)
    answer = take(ana, cart, ids.new())
    assert (answer.status, answer.outcome["state"]) == (409, "unknown")
    assert answer.outcome["attempt"] == str(attempt)
    assert not Sale.objects.exists()


def test_an_unknown_attempt_is_given_up_and_never_sells_later(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    freeze(shop, cart, attempt)
    assert ask(ana, attempt, cart, "delete").outcome["state"] == "abandoned"
    unchanged(cart)
    late = take(ana, cart, attempt)
    assert (late.status, late.outcome["state"]) == (410, "abandoned")
    unchanged(cart)
    assert take(ana, cart).status == 201


def test_an_attempt_that_never_arrived_is_given_up_before_a_late_copy_comes(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    assert ask(ana, attempt, cart).outcome["state"] == "unknown"
    assert ask(ana, attempt, cart, "delete").outcome["state"] == "abandoned"
    assert take(ana, cart, attempt).outcome["state"] == "abandoned"
    unchanged(cart)


def test_giving_up_a_posted_attempt_shows_the_sale(shop: Shop, cart: UUID, ana: Client) -> None:
    attempt = ids.new()
    take(ana, cart, attempt)
    assert ask(ana, attempt, cart, "delete").outcome["state"] == "posted"
    assert SaleAttempt.objects.get().state == "posted"


def test_an_answer_that_never_came_is_found_by_asking(
    shop: Shop, cart: UUID, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*args: object, **facts: object) -> None:
        checkout.check_out(*args, **facts)  # type: ignore[arg-type]
        raise ConnectionError("the answer is lost on the way")

    monkeypatch.setattr("sales.views.payment.check_out", lost)
    attempt = ids.new()
    ana.raise_request_exception = False
    assert take(ana, cart, attempt).status == 500
    found = ask(ana, attempt, cart)
    assert (found.outcome["state"], found.cart["lines"]) == ("posted", "0")
    assert Sale.objects.get().pk == attempt


def test_an_attempt_of_another_store_says_nothing(shop: Shop, cart: UUID, ana: Client) -> None:
    attempt = ids.new()
    take(ana, cart, attempt)
    finn = at(shop.stranger)
    assert ask(finn, attempt, cart).outcome["state"] == "unknown"
    assert "€7.75" not in ask(finn, attempt, cart).text
    assert ask(finn, attempt, cart, "delete").status == 404


@pytest.mark.parametrize(("who", "status"), [("employee", 403), ("manager", 409)])
def test_only_who_may_sell_takes_money(shop: Shop, cart: UUID, who: str, status: int) -> None:
    assert take(at(getattr(shop, who)), cart).status == status
    unchanged(cart)


def test_a_card_slips_number_is_kept_with_its_payment(shop: Shop) -> None:
    shop.on_shift()
    raw = {
        "register": str(shop.till.pk),
        "lines": [{"product": str(shop.product("Oak board").pk), "quantity": "1"}],
        "payments": [
            {"tender": "cash", "amount": "4.00"},
            {"tender": "card", "amount": "30.00", "reference": "T-77", "last4": "4242"},
        ],
        "shown_total": "34.00",
    }
    body = parse_sale(raw)
    checkout.check_out(sale_id=ids.new(), body=body, actor=shop.actor(), source="api")
    kept = Payment.objects.order_by("number").values_list("tender__code", "reference", "last4")
    assert list(kept) == [("cash", "", ""), ("card", "T-77", "4242")]


def test_a_cart_whose_attempt_ended_without_it_goes_on(shop: Shop, cart: UUID, ana: Client) -> None:
    attempt = ids.new()
    freeze_cart(
        cart_id=cart, attempt_id=attempt, actor=shop.actor(), payments=CASH, shown_total="12.25"
    )
    ana.delete(f"/till/attempts/{attempt}/")  # names no cart
    ana.delete(f"/till/attempts/{attempt}/?cart={cart}")
    assert Cart.objects.get(pk=cart).attempt is None
    assert take(ana, cart).outcome["state"] == "posted"


def test_a_cart_whose_attempt_was_posted_without_it_is_sold(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    attempt = ids.new()
    body = freeze_cart(
        cart_id=cart, attempt_id=attempt, actor=shop.actor(), payments=CASH, shown_total="12.25"
    )
    assert body
    sell = partial(checkout.check_out, sale_id=attempt, body=body, actor=shop.actor(), source="api")
    assert sell().status == 201
    assert sell(cart_id=cart).status == 200
    assert Cart.objects.get(pk=cart).state == Cart.State.SOLD
    assert Sale.objects.count() == 1
