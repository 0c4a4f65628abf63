"""The shift's screens: what a drawer shows while it is open, and what a count came to."""

import re
from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client

from people.models import User
from regalpos import ids
from regalpos.errors import Busy
from sales.forms import parse_sale
from sales.models import JournalRecord, Shift
from sales.services.checkout import check_out
from sales.views import shift as view
from tests.sales.shop import Shop, make_shop, make_tenders

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


@pytest.fixture
def drawer(shop: Shop) -> UUID:
    """Ana's, with one sale of 9.65 in cash: 109.65 should be in it."""
    shift_id = shop.on_shift()
    raw = {
        "register": str(shop.till.pk),
        "lines": [
            {"product": str(shop.product("Oat milk 1 l").pk), "quantity": "2"},
            {"product": str(shop.product("Rye sourdough").pk), "quantity": "1"},
        ],
        "payments": [{"tender": "cash", "amount": "9.65"}],
        "shown_total": "9.65",
    }
    answer = check_out(sale_id=ids.new(), body=parse_sale(raw), actor=shop.actor(), source="till")
    assert answer.state == "posted", answer.content
    return shift_id


def at(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def open_eyed(shop: Shop) -> None:
    """The store does not count blind."""
    shop.store.rules.create(
        version=2, valid_from="2021-01-01T00:00Z", prices_include_tax=True, blind_count=False
    )


def closure(drawer: UUID) -> str:
    return f"/till/shift/{drawer}/closure/"


def figure(page: str, name: str) -> str:
    found = re.search(rf"<dt>{name}</dt><dd[^>]*>([^<]*)<", page)
    return found[1] if found else ""


# ---- open ---------------------------------------------------------------------------------------


def test_without_a_shift_the_way_to_one_is_shown(shop: Shop) -> None:
    page = at(shop.cashier).get("/till/shift/").content.decode()
    assert "You have no shift open" in page
    assert 'href="/till/"' in page


def test_an_open_drawer_shows_what_happened_in_it(shop: Shop, drawer: UUID) -> None:
    page = at(shop.cashier).get("/till/shift/").content.decode()
    assert figure(page, "Float at the start") == "€100.00"
    assert (figure(page, "Sales"), figure(page, "Returns")) == ("1", "0")
    assert f'href="{closure(drawer)}"' in page


def test_who_will_count_blind_is_told_no_cash(shop: Shop, drawer: UUID) -> None:
    ana = at(shop.cashier)
    for address in ("/till/shift/", closure(drawer)):
        page = ana.get(address).content.decode()
        assert "109.65" not in page
        assert "9.65" not in page
    open_eyed(shop)
    page = ana.get("/till/shift/").content.decode()
    assert figure(page, "Cash that should be in the drawer") == "€109.65"
    assert figure(page, "Cash") == "€9.65"


def test_a_manager_sees_others_drawers_and_a_cashier_does_not(shop: Shop, drawer: UUID) -> None:
    page = at(shop.manager).get("/till/shift/").content.decode()
    assert "Ana Byrne" in page
    assert f'href="{closure(drawer)}"' in page
    assert "Ana Byrne" not in at(shop.colleague).get("/till/shift/").content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("colleague", 404), ("stranger", 404), ("employee", 403)]
)
def test_somebody_elses_drawer_is_not_here(shop: Shop, drawer: UUID, who: str, status: int) -> None:
    client = at(getattr(shop, who))
    assert client.get(closure(drawer)).status_code == status
    assert client.post(closure(drawer), {"counted": "1"}).status_code == status
    assert Shift.objects.get(pk=drawer).closed_at is None


# ---- closed -------------------------------------------------------------------------------------


def test_a_count_is_sent_and_compared(shop: Shop, drawer: UUID) -> None:
    ana = at(shop.cashier)
    answer = ana.post(closure(drawer), {"counted": "109.00", "reason": " coin rolled away "})
    assert (answer.status_code, answer["Location"]) == (302, closure(drawer))
    shift = Shift.objects.get(pk=drawer)
    assert (shift.counted, shift.variance) == (D("109"), D("-0.65"))
    assert shift.variance_reason == "coin rolled away"
    page = ana.get(closure(drawer)).content.decode()
    assert "Z report 1" in page
    assert figure(page, "Cash expected") == "€109.65"
    assert figure(page, "Cash counted") == "€109.00"
    assert "−€0.65" in page
    assert "The drawer is short." in page
    assert "coin rolled away" in page


@pytest.mark.parametrize(
    ("counted", "words"),
    [("109.65", "Exact, to the cent."), ("110.00", "There is more than expected.")],
)
def test_a_count_says_how_it_compares(shop: Shop, drawer: UUID, counted: str, words: str) -> None:
    ana = at(shop.cashier)
    ana.post(closure(drawer), {"counted": counted})
    assert words in ana.get(closure(drawer)).content.decode()


def test_a_second_press_shows_the_same(shop: Shop, drawer: UUID) -> None:
    ana = at(shop.cashier)
    sent = {"counted": "109.65", "reason": ""}
    first, again = ana.post(closure(drawer), sent), ana.post(closure(drawer), sent)
    assert first["Location"] == again["Location"]
    assert JournalRecord.objects.filter(series="closing").count() == 1


def test_another_count_changes_nothing_and_says_so(shop: Shop, drawer: UUID) -> None:
    ana = at(shop.cashier)
    ana.post(closure(drawer), {"counted": "109.65"})
    answer = ana.post(closure(drawer), {"counted": "1.00"}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"{closure(drawer)}?stands=1"
    page = ana.get(answer["HX-Redirect"]).content.decode()
    assert "Its count stands; nothing has changed." in page
    assert Shift.objects.get(pk=drawer).counted == D("109.65")


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        ("", "Type what is in the drawer, for example 253.40."),
        ("abc", "Type what is in the drawer, for example 253.40."),
        ("-5", "An amount of money, zero or more."),
        ("1.005", "More decimals than this currency has."),
        ("9" * 20, "Type what is in the drawer, for example 253.40."),
        ("\x001", "Type what is in the drawer, for example 253.40."),
        ("1e3", "Type what is in the drawer, for example 253.40."),
    ],
)
def test_what_is_no_amount_keeps_the_drawer_open_and_what_was_typed(
    shop: Shop, drawer: UUID, counted: str, words: str
) -> None:
    answer = at(shop.cashier).post(closure(drawer), {"counted": counted, "reason": "so be it"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'value="so be it"' in page
    assert Shift.objects.get(pk=drawer).closed_at is None


@pytest.mark.parametrize("reason", ["x" * 201, "4111 1111 1111 1111", "a\x00b"])
def test_a_note_that_cannot_be_kept_is_said_at_its_field(
    shop: Shop, drawer: UUID, reason: str
) -> None:
    sent = {"counted": "109.65", "reason": reason}
    answer = at(shop.cashier).post(closure(drawer), sent, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.content.decode().strip().startswith('<form id="closure"')
    assert 'id="reason-note" role="alert"' in answer.content.decode()
    assert Shift.objects.get(pk=drawer).closed_at is None


def test_an_answer_that_does_not_come_is_an_honest_503(
    shop: Shop, drawer: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**facts: object) -> None:
        raise Busy

    ana, sent = at(shop.cashier), {"counted": "109.65"}
    with monkeypatch.context() as patch:
        patch.setattr(view, "close_shift", busy)
        assert ana.post(closure(drawer), sent).status_code == 503
    assert ana.post(closure(drawer), sent).status_code == 302


def test_a_manager_closes_for_somebody_and_both_names_are_kept(shop: Shop, drawer: UUID) -> None:
    maeve = at(shop.manager)
    maeve.post(closure(drawer), {"counted": "109.65"})
    page = maeve.get(closure(drawer)).content.decode()
    paper = page.split("<article")[1]
    assert "Ana Byrne" in paper
    assert "Maeve Daly" in paper
    assert 'href="/till/shift/"' in page


def test_a_count_is_typed_as_the_reader_writes(shop: Shop, drawer: UUID) -> None:
    User.objects.filter(pk=shop.cashier.pk).update(language="de")
    ana = at(shop.cashier)
    assert ana.post(closure(drawer), {"counted": "109,65"}).status_code == 302
    assert Shift.objects.get(pk=drawer).variance == 0
