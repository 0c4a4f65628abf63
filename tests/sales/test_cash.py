"""Cash in and out of a drawer by hand, and a drawer that is only opened."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from people.models import AuditEvent
from people.permissions import Role
from regalpos import ids
from regalpos.errors import Invalid, NotAllowed, NotHere
from sales.models import CashMove, DrawerOpening, JournalRecord, Shift, ShiftTotals
from sales.services.cash import move_cash, open_drawer
from sales.services.shifts import OtherContent, ShiftClosed, close_shift
from tests.factories import a_user
from tests.programs import Program, error
from tests.sales.api_shop import REPLAYED, ApiShop, make_api_shop
from tests.sales.shop import Shop, make_shop, make_tenders
from tests.sales.test_shift_screens import at, figure, open_eyed

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    return make_shop()


@pytest.fixture
def drawer(shop: Shop) -> UUID:
    """Ana's, with 100.00 in it."""
    return shop.on_shift()


def moved(shop: Shop, drawer: UUID, kind: str, amount: str, **change: Any) -> CashMove:
    facts: dict[str, Any] = {
        "move_id": ids.new(),
        "shift_id": drawer,
        "kind": kind,
        "moved": D(amount),
        "reason": "change",
        "actor": shop.actor(),
    }
    return move_cash(**facts | change)


def rows() -> tuple[int, ...]:
    kept = (CashMove, DrawerOpening, JournalRecord, AuditEvent)
    return tuple(model.objects.count() for model in kept)


def expected(drawer: UUID) -> Decimal:
    return ShiftTotals.objects.get(shift_id=drawer).expected_cash


# ---- what is written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "signed", "left"),
    [("paid_in", "20.50", "120.50"), ("paid_out", "-20.50", "79.50"), ("drop", "-20.50", "79.50")],
)
def test_cash_moved_by_hand_changes_what_should_be_in_the_drawer(
    shop: Shop, drawer: UUID, kind: str, signed: str, left: str
) -> None:
    move = moved(shop, drawer, kind, "20.50", reason="for Joan")
    assert (move.kind, move.amount, move.reason) == (kind, D(signed), "for Joan")
    assert expected(drawer) == D(left)
    record = JournalRecord.objects.get(business_id=move.pk)
    what = json.loads(bytes(record.payload))["what"]
    assert record.series == "cash"
    assert (what["event"], what["kind"], D(what["amount"])) == ("cash.moved", kind, D(signed))
    assert what["who"] == str(shop.cashier.pk)
    assert "Joan" not in bytes(record.payload).decode()
    event = AuditEvent.objects.get(action="cash.moved")
    assert event.after is not None
    assert (event.subject_id, event.after["reason"]) == (str(move.pk), "for Joan")


def test_a_repeated_move_moves_nothing_more(shop: Shop, drawer: UUID) -> None:
    move = moved(shop, drawer, "drop", "20.00")
    before = rows()
    assert moved(shop, drawer, "drop", "20.00", move_id=move.pk).pk == move.pk
    assert (rows(), expected(drawer)) == (before, D("80"))
    with pytest.raises(OtherContent):
        moved(shop, drawer, "drop", "21.00", move_id=move.pk)
    with pytest.raises(OtherContent):
        moved(shop, drawer, "paid_in", "20.00", move_id=move.pk)
    assert (rows(), expected(drawer)) == (before, D("80"))


def test_a_repeated_move_is_known_after_the_close_too(shop: Shop, drawer: UUID) -> None:
    move = moved(shop, drawer, "drop", "20.00")
    close_shift(shift_id=drawer, counted=D("80"), reason="", actor=shop.actor())
    assert moved(shop, drawer, "drop", "20.00", move_id=move.pk).pk == move.pk
    before = rows()
    with pytest.raises(ShiftClosed):
        moved(shop, drawer, "drop", "20.00")
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"moved": D("0")}, "amount"),
        ({"moved": D("-5")}, "amount"),
        ({"moved": D("1.005")}, "amount"),
        ({"reason": ""}, "reason"),
        ({"kind": "sale"}, "kind"),
        ({"kind": "correction"}, "kind"),
    ],
)
def test_what_is_no_move_is_refused_by_its_field(
    shop: Shop, drawer: UUID, change: dict[str, Any], field: str
) -> None:
    before = rows()
    with pytest.raises(Invalid) as refusal:
        moved(shop, drawer, change.pop("kind", "drop"), "5.00", **change)
    assert list(refusal.value.fields) == [field]
    assert (rows(), expected(drawer)) == (before, D("100"))


def test_a_drawer_is_its_persons_or_a_managers(shop: Shop, drawer: UUID) -> None:
    before = rows()
    with pytest.raises(NotAllowed):
        moved(shop, drawer, "drop", "5.00", actor=shop.actor(shop.colleague))
    with pytest.raises(NotHere):
        moved(shop, drawer, "drop", "5.00", actor=shop.actor(shop.stranger))
    with pytest.raises(NotHere):
        moved(shop, ids.new(), "drop", "5.00")
    assert rows() == before
    assert moved(shop, drawer, "drop", "5.00", actor=shop.actor(shop.manager)).who == shop.manager


def test_an_opened_drawer_is_counted_and_journaled(shop: Shop, drawer: UUID) -> None:
    opening_id = ids.new()
    for _copy in range(2):
        open_drawer(
            opening_id=opening_id, shift_id=drawer, reason="changed a note", actor=shop.actor()
        )
    opening = DrawerOpening.objects.get()
    assert (opening.pk, opening.reason, opening.who) == (opening_id, "changed a note", shop.cashier)
    assert (ShiftTotals.objects.get(shift_id=drawer).openings, expected(drawer)) == (1, D("100"))
    assert JournalRecord.objects.get(business_id=opening_id).series == "event"
    with pytest.raises(OtherContent):
        open_drawer(opening_id=opening_id, shift_id=drawer, reason="so", actor=shop.actor())
    with pytest.raises(Invalid):
        open_drawer(opening_id=ids.new(), shift_id=drawer, reason="", actor=shop.actor())
    assert DrawerOpening.objects.count() == 1


def test_a_z_counts_what_was_done_by_hand(shop: Shop, drawer: UUID) -> None:
    moved(shop, drawer, "paid_in", "50.00")
    moved(shop, drawer, "drop", "120.00")
    open_drawer(opening_id=ids.new(), shift_id=drawer, reason="note", actor=shop.actor())
    close_shift(shift_id=drawer, counted=D("30.00"), reason="", actor=shop.actor())
    shift = Shift.objects.get(pk=drawer)
    assert (shift.expected, shift.variance) == (D("30"), D("0"))
    closing = JournalRecord.objects.get(series="closing")
    assert json.loads(bytes(closing.payload))["what"]["openings"] == 1


# ---- screens ------------------------------------------------------------------------------------


def test_cash_is_moved_from_the_shifts_screen(shop: Shop, drawer: UUID) -> None:
    ana, address = at(shop.cashier), f"/till/shift/{drawer}/cash/"
    assert f'href="{address}"' in ana.get("/till/shift/").content.decode()
    form = ana.get(address).content.decode()
    assert "Nothing was moved by hand in this shift yet." in form
    sent = {"id": str(ids.new()), "kind": "drop", "amount": "20,50", "reason": "to the safe"}
    assert ana.post(address, {**sent, "amount": "20.50"})["Location"] == "/till/shift/"
    assert ana.post(address, {**sent, "amount": "20.50"}).status_code == 302
    assert CashMove.objects.filter(kind="drop").count() == 1
    page = ana.get("/till/shift/").content.decode()
    assert "−€20.50" in page
    assert "to the safe · Ana" in page


def test_a_wrong_amount_keeps_what_was_typed(shop: Shop, drawer: UUID) -> None:
    sent = {"id": str(ids.new()), "kind": "paid_in", "amount": "many", "reason": "for <Joan>"}
    answer = at(shop.cashier).post(f"/till/shift/{drawer}/cash/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Type an amount, for example 253.40." in page
    assert 'value="for &lt;Joan&gt;"' in page
    assert f'value="{sent["id"]}"' in page
    assert 'value="paid_in" checked' in page
    assert CashMove.objects.exclude(kind="float").count() == 0


def test_a_drawer_only_opened_asks_for_no_amount(shop: Shop, drawer: UUID) -> None:
    sent = {"id": str(ids.new()), "kind": "no_sale", "amount": "", "reason": "changed a note"}
    ana = at(shop.cashier)
    assert ana.post(f"/till/shift/{drawer}/cash/", sent).status_code == 302
    assert DrawerOpening.objects.get().reason == "changed a note"
    assert "Opened without a sale" in ana.get("/till/shift/").content.decode()


def test_a_closed_shift_leads_to_its_report(shop: Shop, drawer: UUID) -> None:
    close_shift(shift_id=drawer, counted=D("100"), reason="", actor=shop.actor())
    for room in ("cash", "report"):
        answer = at(shop.cashier).get(f"/till/shift/{drawer}/{room}/")
        assert answer["Location"] == f"/till/shift/{drawer}/closure/"


def test_an_x_of_a_blind_drawer_tells_a_cashier_no_money(shop: Shop, drawer: UUID) -> None:
    address = f"/till/shift/{drawer}/report/"
    blind = at(shop.cashier).get(address).content.decode()
    assert "X report" in blind
    assert "Cash expected" not in blind
    assert "Total" not in blind
    assert "Cash expected" in at(shop.manager).get(address).content.decode()
    open_eyed(shop)
    assert "Cash expected" in at(shop.cashier).get(address).content.decode()
    assert Shift.objects.get(pk=drawer).closed_at is None
    assert figure(at(shop.cashier).get("/till/shift/").content.decode(), "Sales") == "0"


# ---- programs -----------------------------------------------------------------------------------


def test_programs_move_cash_and_read_the_x() -> None:
    api: ApiShop = make_api_shop()
    shift = api.open()
    api.sell()
    sent = {"id": str(ids.new()), "kind": "drop", "amount": "50.00", "reason": "too much"}
    first = api.cashier.post(f"shifts/{shift.pk}/cash-moves", sent)
    again = api.cashier.post(f"shifts/{shift.pk}/cash-moves", sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers[REPLAYED] == "true"
    assert first.json() == again.json()
    assert (first.json()["amount"], first.json()["kind"]) == ("-50.00", "drop")
    other = api.cashier.post(f"shifts/{shift.pk}/cash-moves", {**sent, "amount": "51.00"})
    assert (other.status_code, error(other)["code"]) == (422, "body_mismatch")
    blind = api.cashier.get(f"shifts/{shift.pk}/report").json()
    assert (blind["kind"], blind["sales"], blind["total"]) == ("X", 1, None)
    assert (blind["expected_cash"], blind["tenders"]) == (None, None)
    manager = Program(a_user(Role.MANAGER, api.store))
    seen = manager.get(f"shifts/{shift.pk}/report").json()
    assert (seen["total"], seen["expected_cash"]) == ("2.46", "52.46")
    assert seen["tenders"] == [{"name": "Cash", "payments": 1, "amount": "2.46"}]
