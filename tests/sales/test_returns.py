"""Goods that come back over the counter: what is shown before, paid after, and refused."""

import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from people.models import AuditEvent, User
from people.permissions import GRANTS, Permission, Role
from regalpos import ids
from regalpos.errors import Busy, Invalid, NotAllowed
from sales.forms import parse_sale
from sales.models import (
    CashMove,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
    ShiftTotals,
    Tender,
)
from sales.services.checkout import InProgress, check_out
from sales.services.shifts import close_shift
from sales.views import returns as view
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


def at(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def sell(shop: Shop, *wanted: tuple[str, str], total: str, cash: str = "") -> Sale:
    raw = {
        "register": str(shop.till.pk),
        "lines": [{"product": str(shop.product(n).pk), "quantity": q} for n, q in wanted],
        "payments": [{"tender": "cash", "amount": cash or total}],
        "shown_total": total,
    }
    answer = check_out(sale_id=ids.new(), body=parse_sale(raw), actor=shop.actor(), source="till")
    assert answer.state == "posted", answer.content
    return Sale.objects.get(pk=answer.content["id"])


@pytest.fixture
def sale(shop: Shop) -> Sale:
    """Three oat milks, one rye sourdough and 0.640 kg of tomatoes: 7.05 + 4.95 + 2.50."""
    shop.on_shift()
    wanted = (("Oat milk 1 l", "3"), ("Rye sourdough", "1"), ("Tomatoes on the vine", "0.640"))
    return sell(shop, *wanted, total="14.50")


def line(sale: Sale, number: int) -> SaleLine:
    return sale.lines.get(number=number)


def url(sale: Sale) -> str:
    return f"/till/receipts/{sale.pk}/return/"


def typed(sale: Sale, *counts: str, **more: str) -> dict[str, str]:
    """The quantities typed into the form, line by line."""
    lines = sale.lines.order_by("number")
    asked = {f"quantity-{row.pk}": count for row, count in zip(lines, counts, strict=False)}
    return {**asked, **more}


def offered(client: Client, sale: Sale, *counts: str, **more: str) -> dict[str, str]:
    """The form as the page would send it, with the amount that the page has shown."""
    sent = typed(sale, *counts, reason="torn", **more)
    page = client.get(url(sale), sent).content.decode()
    hidden = dict(
        re.findall(r'type="hidden" name="(attempt|shown|cash|register)" value="([^"]*)"', page)
    )
    return {**hidden, **sent}


def send(client: Client, sale: Sale, form: dict[str, str], **headers: Any) -> tuple[int, str]:
    answer = client.post(url(sale), form, headers=headers)
    return answer.status_code, answer.content.decode()


def told(page: str) -> str:
    """The amount on the screen."""
    found = re.search(r'aria-live="polite">([^<]*)<', page)
    assert found
    return found[1]


def nothing_came_back(sale: Sale) -> bool:
    back = ReturnedQuantity.objects.filter(line__sale=sale, returned__gt=0).exists()
    return not back and not Sale.objects.filter(kind="return").exists()


# ---- before -------------------------------------------------------------------------------------


def test_the_amount_is_shown_before_anything_is_sent(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    page = ana.get(url(sale)).content.decode()
    assert told(page) == "€0.00"
    assert "Nothing is chosen yet" in page
    assert told(ana.get(url(sale), typed(sale, "1", "", "")).content.decode()) == "€2.35"
    assert told(ana.get(url(sale), typed(sale, "2", "1", "")).content.decode()) == "€9.65"
    assert told(ana.get(url(sale), typed(sale, "", "", "0.32")).content.decode()) == "€1.25"
    assert nothing_came_back(sale)


def test_a_change_of_a_quantity_swaps_the_amount_alone(shop: Shop, sale: Sale) -> None:
    answer = at(shop.cashier).get(url(sale), typed(sale, "1"), headers={"HX-Request": "true"})
    part = answer.content.decode().strip()
    assert part.startswith('<footer class="cart-foot" id="amount"')
    assert "<form" not in part
    assert told(part) == "€2.35"


def test_cash_is_paid_back_in_coins_that_there_are(shop: Shop) -> None:
    shop.store.rules.create(
        version=2, valid_from="2021-01-01T00:00Z", prices_include_tax=True, cash_step=D("0.05")
    )
    shop.on_shift()
    sale = sell(shop, ("Tomatoes on the vine", "0.247"), total="0.96", cash="0.95")
    page = at(shop.cashier).get(url(sale), typed(sale, "0.247")).content.decode()
    assert told(page) == "€0.95"
    assert "Rounded to what coins can pay" in page
    form = offered(at(shop.cashier), sale, "0.247")
    assert (form["shown"], form["cash"]) == ("-0.96", "-0.95")
    assert send(at(shop.cashier), sale, form)[0] == 302
    back = Sale.objects.get(kind="return")
    assert (back.total, back.rounding, back.payable) == (D("-0.96"), D("0.01"), D("-0.95"))


# ---- posting ------------------------------------------------------------------------------------


def test_a_return_is_posted_and_leads_to_its_receipt(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    damaged = {f"disposition-{line(sale, 1).pk}": "damaged"}
    form = offered(ana, sale, "2", "1", **damaged)
    answer = ana.post(url(sale), form)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/till/receipts/{form['attempt']}/?back=1",
    )
    back = Sale.objects.get(pk=form["attempt"])
    assert (back.kind, back.payable, back.source) == ("return", D("-9.65"), "till")
    rows = [
        (row.quantity, row.total, row.returns_id, row.reason, row.disposition)
        for row in back.lines.order_by("number")
    ]
    assert rows == [
        (D(-2), D("-4.70"), line(sale, 1).pk, "torn", "damaged"),
        (D(-1), D("-4.95"), line(sale, 2).pk, "torn", "restock"),
    ]
    assert ReturnedQuantity.objects.get(line=line(sale, 1)).returned == 2
    cash = CashMove.objects.get(sale=back)
    assert (cash.kind, cash.amount) == ("return", D("-9.65"))
    assert ShiftTotals.objects.get(shift=back.shift_id).expected_cash == D("104.85")
    event = AuditEvent.objects.get(action="sale.returned")
    assert (event.actor_id, event.subject_id) == (shop.cashier.pk, form["attempt"])
    after: dict[str, Any] = event.after or {}
    assert [row["reason"] for row in after["lines"]] == ["torn", "torn"]
    page = ana.get(answer["Location"]).content.decode()
    assert "Taken back." in page
    assert f'from <span class="num">{sale.receipt_number}</span>' in page
    assert "€9.65" in page


def test_a_form_that_is_sent_twice_pays_back_once(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "3")
    first, again = ana.post(url(sale), form), ana.post(url(sale), form)
    assert first["Location"] == again["Location"]
    assert Sale.objects.filter(kind="return").count() == 1
    assert CashMove.objects.filter(kind="return").count() == 1


def test_htmx_is_led_to_the_receipt_too(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1")
    answer = ana.post(url(sale), form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"/till/receipts/{form['attempt']}/?back=1"


def test_the_last_piece_leaves_no_cent(shop: Shop) -> None:
    shop.on_shift(user=shop.manager)
    shop.store.rules.create(
        version=2, valid_from="2021-01-01T00:00Z", prices_include_tax=True,
        discount_limits={"manager": "50"},
    )  # fmt: skip
    raw = {
        "register": str(shop.till.pk),
        "lines": [
            {
                "product": str(shop.product("Oat milk 1 l").pk),
                "quantity": "3",
                "discount": {"amount": "0.05", "reason": "dented"},
            }
        ],
        "payments": [{"tender": "cash", "amount": "7.00"}],
        "shown_total": "7.00",
    }
    body = parse_sale(raw)
    answer = check_out(sale_id=ids.new(), body=body, actor=shop.actor(shop.manager), source="till")
    sold = Sale.objects.get(pk=answer.content["id"])
    maeve = at(shop.manager)
    paid = []
    for _ in range(3):
        form = offered(maeve, sold, "1")
        assert send(maeve, sold, form)[0] == 302
        paid.append(Sale.objects.get(pk=form["attempt"]).payable)
    assert paid == [D("-2.33"), D("-2.34"), D("-2.33")]
    page = maeve.get(url(sold)).content.decode()
    assert "All came back" in page
    assert 'name="quantity-' not in page
    assert (
        "Everything on this receipt came back."
        in maeve.get(f"/till/receipts/{sold.pk}/").content.decode()
    )


# ---- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (("4", "", ""), "Only 3 of these can still come back."),
        (("0.5", "", ""), "Sold by the piece: whole numbers only."),
        (("x", "", ""), "That is not a quantity."),
        (("-1", "", ""), "That is not a quantity."),
        (("1e3", "", ""), "That is not a quantity."),
        (("", "", "0.6405"), "At most three decimals."),
        (("999999999999", "", ""), "Only 3 of these can still come back."),
    ],
)
def test_what_cannot_come_back_is_said_at_its_line(
    shop: Shop, sale: Sale, counts: tuple[str, ...], words: str
) -> None:
    page = at(shop.cashier).get(url(sale), typed(sale, *counts)).content.decode()
    assert words in page
    assert 'aria-invalid="true"' in page
    assert told(page) == "€0.00"
    assert 'type="submit"' not in page


@pytest.mark.parametrize("count", ["4", "0.5", "1.2345", "x", "", "0"])
def test_what_cannot_come_back_is_refused_when_it_is_sent_all_the_same(
    shop: Shop, sale: Sale, count: str
) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1") | typed(sale, count)
    status, page = send(ana, sale, form)
    assert status in (409, 422)
    assert 'role="alert"' in page
    assert nothing_came_back(sale)


@pytest.mark.parametrize("reason", ["", "   ", "4111 1111 1111 1111", "x" * 201, "a\x00b"])
def test_a_return_needs_a_reason_that_can_be_kept(shop: Shop, sale: Sale, reason: str) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1") | {"reason": reason}
    status, page = send(ana, sale, form)
    assert status == 422
    assert re.search(r'id="reason-note" role="alert"', page)
    assert f'value="{form["attempt"]}"' in page  # The id is still good.
    assert told(page) == "€2.35"
    assert nothing_came_back(sale)
    assert not SaleAttempt.objects.filter(pk=form["attempt"]).exists()


def test_an_amount_that_has_changed_is_refused_and_shown_anew(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1") | typed(sale, "2")  # Typed on, and sent before it was shown.
    status, page = send(ana, sale, form)
    assert status == 409
    assert "Nothing was paid back: the amount has changed." in page
    assert told(page) == "€4.70"
    assert f'value="{form["attempt"]}"' not in page  # A refused id is never used again.
    assert nothing_came_back(sale)
    assert SaleAttempt.objects.get(pk=form["attempt"]).state == "refused"
    assert send(ana, sale, offered(ana, sale, "2"))[0] == 302


def test_what_came_back_meanwhile_cannot_come_back_twice(shop: Shop, sale: Sale) -> None:
    shop.on_shift(shop.till2, shop.colleague)
    ana, ben = at(shop.cashier), at(shop.colleague)
    slow, quick = offered(ana, sale, "3"), offered(ben, sale, "2")
    assert send(ben, sale, quick)[0] == 302
    status, page = send(ana, sale, slow)
    assert status == 422
    assert "Only 1 of these can still come back." in page
    assert ReturnedQuantity.objects.get(line=line(sale, 1)).returned == 2


def test_above_the_limit_it_takes_a_manager(shop: Shop) -> None:
    shop.store.rules.create(
        version=2, valid_from="2021-01-01T00:00Z", prices_include_tax=True, refund_limit=D("5")
    )
    shop.on_shift()
    sale = sell(shop, ("Oat milk 1 l", "3"), total="7.05")
    ana = at(shop.cashier)
    status, page = send(ana, sale, offered(ana, sale, "3"))
    assert status == 409
    assert "Nothing was paid back. This is above your limit. A manager can do it." in page
    assert nothing_came_back(sale)
    assert send(ana, sale, offered(ana, sale, "2"))[0] == 302


def test_without_a_drawer_nothing_can_be_paid_back(shop: Shop, sale: Sale) -> None:
    ben = at(shop.colleague)
    page = ben.get(url(sale), typed(sale, "1")).content.decode()
    assert "The money comes from a drawer, and you have none open." in page
    assert told(page) == "€2.35"
    assert 'type="submit"' not in page
    form = offered(at(shop.cashier), sale, "1")
    status, page = send(ben, sale, form)  # Into somebody else's drawer.
    assert status == 409
    assert "the shift is closed" in page or "somebody else" in page
    assert nothing_came_back(sale)


def test_a_shift_that_is_closed_in_between_refuses(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1")
    assert sale.shift_id
    close_shift(shift_id=sale.shift_id, counted=D("114.50"), reason="", actor=shop.actor())
    status, page = send(ana, sale, form)
    assert status == 409
    assert "Nothing was paid back: the shift is closed. Open one to go on." in page
    assert nothing_came_back(sale)


def test_a_drawer_of_another_store_pays_nothing(shop: Shop, sale: Sale) -> None:
    shop.manager.stores.add(shop.other)
    shop.on_shift(shop.far_till, shop.manager)
    page = at(shop.manager).get(url(sale), typed(sale, "1")).content.decode()
    assert "Your drawer is Till 1 at Mill Lane." in page
    form = offered(at(shop.cashier), sale, "1") | {"register": str(shop.far_till.pk)}
    assert send(at(shop.manager), sale, form)[0] == 422
    assert nothing_came_back(sale)


def test_no_way_to_pay_cash_back_is_said(shop: Shop, sale: Sale) -> None:
    Tender.objects.filter(code="cash").update(refundable=False)
    page = at(shop.cashier).get(url(sale), typed(sale, "1")).content.decode()
    assert "No tender can pay back cash." in page
    assert 'type="submit"' not in page


def test_a_receipt_of_another_store_is_not_here(shop: Shop, sale: Sale) -> None:
    form = offered(at(shop.cashier), sale, "1")
    assert at(shop.stranger).get(url(sale)).status_code == 404
    assert send(at(shop.stranger), sale, form)[0] == 404
    assert at(shop.employee).get(url(sale)).status_code == 403
    assert nothing_came_back(sale)


def test_a_line_of_another_receipt_does_not_come_back_here(shop: Shop, sale: Sale) -> None:
    other = sell(shop, ("Oak board", "1"), total="34.00")
    ana = at(shop.cashier)
    form = offered(ana, sale, "1") | {f"quantity-{line(other, 1).pk}": "1"}
    assert send(ana, sale, form)[0] == 302
    assert ReturnedQuantity.objects.get(line=line(other, 1)).returned == 0


def test_a_return_itself_cannot_be_returned(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1")
    send(ana, sale, form)
    back = Sale.objects.get(pk=form["attempt"])
    page = ana.get(url(back)).content.decode()
    assert "Nothing was sold on this receipt." in page
    assert 'name="quantity-' not in page


# ---- unknown ------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [Busy(), InProgress()])
def test_an_outcome_that_is_not_known_is_said_and_can_be_asked_for(
    shop: Shop, sale: Sale, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "2")

    def broken(**facts: object) -> None:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(view, "check_out", broken)
        status, page = send(ana, sale, form, **{"HX-Request": "true"})
    assert status == 409
    assert "Do not pay it back again." in page
    assert told(page) == "€4.70"
    held = dict(re.findall(r'name="([^"]+)" (?:type="text"[^>]*)?value="([^"]*)"', page))
    for name in ("attempt", "shown", "cash", "register"):
        assert held[name] == form[name]
    assert "readonly" in page
    assert "<select" not in page
    assert send(ana, sale, form)[0] == 302  # Asked again with what the page holds.
    assert Sale.objects.filter(kind="return").count() == 1


def test_what_was_posted_is_found_although_the_form_was_changed(shop: Shop, sale: Sale) -> None:
    ana = at(shop.cashier)
    form = offered(ana, sale, "1")
    send(ana, sale, form)
    answer = ana.post(url(sale), form | typed(sale, "2"))
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/till/receipts/{form['attempt']}/?back=1",
    )
    assert Sale.objects.filter(kind="return").count() == 1


def test_somebody_elses_attempt_is_not_here(shop: Shop, sale: Sale) -> None:
    shop.on_shift(shop.till2, shop.colleague)
    ana, ben = at(shop.cashier), at(shop.colleague)
    form = offered(ana, sale, "1")
    send(ana, sale, form)
    theirs = offered(ben, sale, "1") | {"attempt": form["attempt"]}
    assert send(ben, sale, theirs)[0] == 404
    assert UUID(form["attempt"]) == Sale.objects.get(kind="return").pk


@pytest.mark.parametrize("count", ["9" * 29, "0." + "0" * 27 + "1", "9" * 26 + ".123"])
def test_a_number_too_long_to_compute_with_is_refused_at_its_line(
    shop: Shop, sale: Sale, count: str
) -> None:
    page = at(shop.cashier).get(url(sale), typed(sale, "0", "0", count))
    assert page.status_code == 200
    assert re.search("can still come back|Three decimals|three decimals", page.content.decode())
    assert nothing_came_back(sale)


def test_what_is_wrong_in_an_exchange_is_said_of_its_own_line(shop: Shop, sale: Sale) -> None:
    back = {"returns": str(line(sale, 1).pk), "quantity": "-1", "reason": "torn"}

    def exchange(more: dict[str, str]) -> Any:
        raw = {
            "register": str(shop.till.pk),
            "lines": [back, more],
            "payments": [],
            "shown_total": "0",
        }
        body = parse_sale(raw)
        return check_out(sale_id=ids.new(), body=body, actor=shop.actor(), source="api")

    with pytest.raises(Invalid) as refused:
        exchange({"product": str(shop.product("Oak board").pk), "quantity": "0.5"})
    assert set(refused.value.fields) == {"lines.1.quantity"}
    assert exchange({"barcode": "nowhere", "quantity": "1"}).content["line"] == 2
    assert nothing_came_back(sale)


def test_paying_back_takes_the_right_to_refund_at_every_door(
    shop: Shop, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GRANTS, Role.CASHIER, GRANTS[Role.CASHIER] - {Permission.REFUND})
    raw = {
        "register": str(shop.till.pk),
        "lines": [{"returns": str(line(sale, 1).pk), "quantity": "-1", "reason": "torn"}],
        "payments": [{"tender": "cash", "amount": "-2.35"}],
        "shown_total": "-2.35",
    }
    back, body = ids.new(), parse_sale(raw)
    with pytest.raises(NotAllowed):
        check_out(sale_id=back, body=body, actor=shop.actor(), source="api")
    assert not SaleAttempt.objects.filter(pk=back).exists()
    assert nothing_came_back(sale)
