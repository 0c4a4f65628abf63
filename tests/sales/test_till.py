"""The POS screen: whose till it is, and what each request to it answers."""

import re
from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client

from people.models import User
from regalpos import ids
from sales.models import Cart, CartStep, Shift
from sales.services.shifts import close_shift
from tests.factories import set_price
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
def cart(shop: Shop) -> UUID:
    shop.on_shift()
    return shop.cart()


def scan(client: Client, cart: UUID, **sent: str) -> tuple[int, str]:
    answer = client.post(f"/till/{cart}/lines/", {"id": str(ids.new()), **sent})
    return answer.status_code, answer.content.decode()


def test_somebody_without_a_shift_chooses_a_till(shop: Shop, ana: Client) -> None:
    shop.on_shift(shop.till2, shop.colleague)
    page = ana.get("/till/").content.decode()
    assert f"/till/registers/{shop.till.pk}/" in page
    assert "Ben Moss has it open since" in page
    assert "Mill Lane" not in page
    assert f"/till/registers/{shop.till2.pk}/" not in page


def test_a_shift_is_opened_with_a_float_and_leads_to_an_empty_sale(shop: Shop, ana: Client) -> None:
    shift = ids.new()
    sent = {"id": str(shift), "float": "120.50"}
    answer = ana.post(f"/till/registers/{shop.till.pk}/", sent)
    assert Shift.objects.get(pk=shift).float_amount == 120.50
    assert answer["Location"] == f"/till/{Cart.objects.get().pk}/"
    assert ana.get("/till/")["Location"] == answer["Location"]


@pytest.mark.parametrize("typed", ["-1", "ten", "1.005", "9" * 18, "1e5"])
def test_a_float_that_is_no_money_is_refused_beside_its_field(
    shop: Shop, ana: Client, typed: str
) -> None:
    answer = ana.post(f"/till/registers/{shop.till.pk}/", {"id": str(ids.new()), "float": typed})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Shift.objects.exists()


def test_a_till_of_another_store_is_not_here(shop: Shop, ana: Client) -> None:
    assert ana.get(f"/till/registers/{shop.far_till.pk}/").status_code == 404
    sent = {"id": str(ids.new()), "float": "0"}
    assert ana.post(f"/till/registers/{shop.far_till.pk}/", sent).status_code == 404
    assert not Shift.objects.exists()


def test_a_till_that_somebody_else_has_open_is_refused(shop: Shop, ana: Client) -> None:
    shop.on_shift(shop.till, shop.colleague)
    sent = {"id": str(ids.new()), "float": "0"}
    answer = ana.post(f"/till/registers/{shop.till.pk}/", sent)
    assert answer.status_code == 409
    assert "Till 1 is open already, by Ben Moss." in answer.content.decode()


@pytest.mark.parametrize("who", ["employee"])
def test_who_may_not_sell_has_no_till(shop: Shop, who: str) -> None:
    assert at(getattr(shop, who)).get("/till/").status_code == 403


def test_nobody_is_sent_to_sign_in(shop: Shop, cart: UUID) -> None:
    assert Client().get("/till/").status_code == 302
    assert Client().post(f"/till/{cart}/lines/", {"code": "13"}).status_code in (401, 403)


def test_the_page_shows_the_cart_and_the_tiles(shop: Shop, cart: UUID, ana: Client) -> None:
    scan(ana, cart, code="OM-1", quantity="3")
    page = ana.get(f"/till/{cart}/").content.decode()
    assert "€7.05" in page
    assert 'data-view="sell"' in page
    assert 'class="tile-code num">13<' in page


def test_a_scan_answers_with_the_cart(shop: Shop, cart: UUID, ana: Client) -> None:
    status, html = scan(ana, cart, code="5390012340108")
    assert status == 200
    assert 'data-touched="line-1"' in html
    assert 'data-total="2.35"' in html


def test_the_same_step_sent_twice_answers_the_same(shop: Shop, cart: UUID, ana: Client) -> None:
    step = str(ids.new())
    first, second = (scan(ana, cart, id=step, code="13") for _time in range(2))
    assert first == second
    assert CartStep.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"code": "5012345678900"}, 409, "Not in the catalogue. Nothing was added."),
        ({"code": "5390012340146"}, 409, "Not in the catalogue. Nothing was added."),
        ({"code": "53900", "scanned": "yes"}, 409, "Broken scan, 5 of 13 digits. Scan again."),
        ({"code": "13", "quantity": "0"}, 422, "A quantity of 0 sells nothing."),
        ({"code": "13", "quantity": "-2"}, 422, "What comes back goes through Return (F7)."),
        ({"code": "13", "quantity": "1000000000000"}, 422, "more than one sale can hold"),
        ({"code": "13", "quantity": "0.125"}, 422, "whole numbers only"),
        ({"code": "13", "quantity": "six"}, 422, "That is not a quantity."),
        ({"code": "UV-1"}, 409, "Unpriced vase has no price here."),
        ({"code": "\x00\x1b"}, 409, "Not in the catalogue."),
    ],
)
def test_what_cannot_be_added_is_a_row_with_the_reason(
    shop: Shop, cart: UUID, ana: Client, sent: dict[str, str], status: int, words: str
) -> None:
    scan(ana, cart, code="OM-1")
    got, html = scan(ana, cart, **sent)
    assert got == status
    assert words in html
    assert 'class="line line-miss"' in html
    assert CartStep.objects.count() == 1


def test_the_raw_code_is_shown_and_never_obeyed(shop: Shop, cart: UUID, ana: Client) -> None:
    _status, html = scan(ana, cart, code="<script>alert(1)</script>")
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_a_step_without_an_id_is_refused(shop: Shop, cart: UUID, ana: Client) -> None:
    assert scan(ana, cart, id="not-an-id", code="13")[0] == 422
    assert not CartStep.objects.exists()


def test_a_line_is_counted_removed_and_brought_back(shop: Shop, cart: UUID, ana: Client) -> None:
    scan(ana, cart, code="13")
    sent = {"id": str(ids.new()), "quantity": "4"}
    html = ana.post(f"/till/{cart}/lines/1/", sent).content.decode()
    assert 'data-total="19.8"' in html
    html = ana.delete(f"/till/{cart}/lines/1/?id={ids.new()}").content.decode()
    assert 'data-lines="0"' in html
    html = ana.post(f"/till/{cart}/steps/", {"id": str(ids.new())}).content.decode()
    assert 'data-total="19.8"' in html


def test_a_cart_of_another_store_is_not_here(shop: Shop, cart: UUID) -> None:
    finn = at(shop.stranger)
    assert finn.get(f"/till/{cart}/").status_code == 404
    assert finn.get(f"/till/{cart}/lines/").status_code == 404
    assert scan(finn, cart, code="13")[0] == 404
    assert finn.get(f"/till/{cart}/found/?text=oat").status_code == 404
    assert finn.get(f"/till/{cart}/tiles/?tab=favourites").status_code == 404
    assert finn.get(f"/till/{cart}/parked/").status_code == 404
    assert not CartStep.objects.exists()


def test_a_cart_open_at_another_till_says_what_to_do(shop: Shop, cart: UUID) -> None:
    shop.on_shift(shop.till2, shop.colleague)
    ben = at(shop.colleague)
    answer = ben.get(f"/till/{cart}/")
    assert answer.status_code == 409
    assert "Park it there with F4, then recall it here." in answer.content.decode()
    assert scan(ben, cart, code="13")[0] == 409
    assert not CartStep.objects.exists()


def test_a_cart_whose_shift_was_closed_is_shown_with_the_way_on(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    scan(ana, cart, code="13")
    shift = Shift.objects.get()
    close_shift(shift_id=shift.pk, counted=Decimal("100"), reason="", actor=shop.actor())
    page = ana.get(f"/till/{cart}/").content.decode()
    assert "The shift at Till 1 is closed. The cart is kept." in page
    assert f"/till/registers/{shop.till.pk}/" in page
    status, html = scan(ana, cart, code="13")
    assert (status, "the shift is closed" in html) == (409, True)


def test_search_finds_misspelt_names_and_marks_what_was_typed(
    shop: Shop, cart: UUID, ana: Client
) -> None:
    html = ana.get(f"/till/{cart}/found/?text=toma", headers={"HX-Request": "true"}).content
    assert b"<mark>Toma</mark>toes on the vine" in html
    html = ana.get(f"/till/{cart}/found/?text=tomatos", headers={"HX-Request": "true"}).content
    assert b"Tomatoes on the vine" in html
    html = ana.get(f"/till/{cart}/found/?text=zzzz", headers={"HX-Request": "true"}).content
    assert "Nothing found for “zzzz”" in html.decode()


def test_what_is_not_sold_any_more_is_not_found(shop: Shop, cart: UUID, ana: Client) -> None:
    html = ana.get(f"/till/{cart}/found/?text=old lamp", headers={"HX-Request": "true"}).content
    assert b"Old lamp" not in html


def test_a_sale_is_parked_and_recalled(shop: Shop, cart: UUID, ana: Client) -> None:
    scan(ana, cart, code="13")
    html = ana.post(f"/till/{cart}/parked/", {"id": str(ids.new())}).content.decode()
    fresh = re.search(r'data-cart="([^"]+)"', html)
    assert fresh is not None
    assert fresh[1] != str(cart)
    assert 'data-parked="1"' in html
    waiting = ana.get(f"/till/{fresh[1]}/parked/", headers={"HX-Request": "true"})
    assert f'data-recall="{cart}"' in waiting.content.decode()
    sent = {"id": str(ids.new()), "cart": str(cart)}
    html = ana.post(f"/till/{fresh[1]}/recalled/", sent).content.decode()
    assert f'data-cart="{cart}"' in html
    assert ana.get(f"/till/{fresh[1]}/")["Location"] == "/till/"


def test_lines_that_are_too_much_together_do_not_hide_the_cart(shop: Shop, ana: Client) -> None:
    shop.on_shift()
    cart = shop.cart()
    for name, sku in (("Oak board", "OB-1"), ("Oat milk 1 l", "OM-1"), ("Rye sourdough", "RS-1")):
        set_price(shop.product(name), "15000000.00")
        sent = {"id": str(ids.new()), "code": sku, "quantity": "33000"}
        assert ana.post(f"/till/{cart}/lines/", sent).status_code == 200
    page = ana.get(f"/till/{cart}/").content.decode()
    assert page.count("This has no price that a till can take.") == 1
