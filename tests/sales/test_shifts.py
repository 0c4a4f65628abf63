"""Drawers: opened with a float, closed with a count, each once."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from people.access import Actor
from people.models import AuditEvent, Store
from regalpos import ids
from regalpos.errors import Invalid, NotAllowed, NotHere, Refusal
from sales.forms import parse_sale
from sales.models import (
    CashMove,
    JournalHead,
    JournalRecord,
    Register,
    Shift,
    ShiftTender,
    ShiftTotals,
)
from sales.services.checkout import check_out
from sales.services.shifts import (
    AlreadyOnShift,
    OtherContent,
    RegisterTaken,
    ShiftClosed,
    close_shift,
    open_shift,
)
from tests.factories import (
    a_cashier,
    a_manager,
    a_product,
    a_register,
    a_store,
    a_user,
    an_actor,
    an_employee,
    some_tenders,
)

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def store() -> Store:
    return a_store("HS")


@pytest.fixture
def till(store: Store) -> Register:
    return a_register(store)


@pytest.fixture
def ana(store: Store) -> Actor:
    return an_actor(a_user("cashier", store, full_name="Ana Byrne"))


def opened(
    till: Register, actor: Actor, amount: str = "100.00", shift_id: UUID | None = None
) -> Shift:
    return open_shift(
        shift_id=shift_id or ids.new(),
        register_id=till.pk,
        float_amount=D(amount),
        actor=actor,
    )


def closed(shift: Shift, actor: Actor, counted: str = "100.00", reason: str = "") -> Shift:
    return close_shift(shift_id=shift.pk, counted=D(counted), reason=reason, actor=actor)


def said(record: JournalRecord) -> dict[str, Any]:
    """What the record says happened; which program wrote it is another test's."""
    what: dict[str, Any] = json.loads(bytes(record.payload))["what"]
    what.pop("software", None)
    return what


def rows() -> tuple[int, int, int, int]:
    """How many there are of all that opening and closing write."""
    kept = (Shift, CashMove, JournalRecord, AuditEvent)
    shifts, cash, records, events = (model.objects.count() for model in kept)
    return shifts, cash, records, events


# ---- opening ------------------------------------------------------------------------------------


def test_an_opened_drawer_holds_its_float_and_the_journal_says_so(
    till: Register, ana: Actor
) -> None:
    shift = opened(till, ana, "150.50")
    shift.refresh_from_db()
    assert (shift.register, shift.cashier_id, shift.float_amount) == (till, ana.user_id, D("150.5"))
    assert (shift.closed_at, shift.z_number, shift.counted) == (None, None, None)
    assert shift.business_day == till.store.business_day(shift.opened_at)
    assert ShiftTotals.objects.get(shift=shift).expected_cash == D("150.5")
    move = CashMove.objects.get(shift=shift)
    assert (move.kind, move.amount, move.who_id) == ("float", D("150.5"), ana.user_id)
    record = JournalRecord.objects.get(business_id=shift.pk)
    assert (record.series, record.seq) == ("cash", 1)
    assert said(record) == {
        "event": "shift.opened",
        "cashier": str(ana.user_id),
        "currency": "EUR",
        "float": "150.5",
    }
    event = AuditEvent.objects.get(action="shift.opened")
    assert (event.actor_id, event.subject_id) == (ana.user_id, str(shift.pk))


def test_a_repeated_opening_opens_nothing_more(till: Register, ana: Actor) -> None:
    shift = opened(till, ana)
    before = rows()
    assert opened(till, ana, shift_id=shift.pk).pk == shift.pk
    assert rows() == before


def test_the_same_id_with_another_float_is_refused(till: Register, ana: Actor) -> None:
    shift = opened(till, ana)
    before = rows()
    with pytest.raises(OtherContent):
        opened(till, ana, "90.00", shift_id=shift.pk)
    assert rows() == before


def test_a_till_in_use_names_who_has_it(till: Register, ana: Actor, store: Store) -> None:
    opened(till, ana)
    before = rows()
    with pytest.raises(RegisterTaken) as refusal:
        opened(till, a_cashier(store))
    assert refusal.value.facts == {"register": "Till 1", "cashier": "Ana Byrne"}
    assert str(refusal.value) == "Till 1 is open already, by Ana Byrne. Close that shift first."
    assert rows() == before


def test_a_person_has_one_drawer_at_a_time(till: Register, ana: Actor, store: Store) -> None:
    opened(till, ana)
    before = rows()
    with pytest.raises(AlreadyOnShift) as refusal:
        opened(a_register(store), ana)
    assert refusal.value.facts == {"register": "Till 1"}
    assert rows() == before


@pytest.mark.parametrize("amount", ["-0.01", "1.005", "NaN", "Infinity", "1000000000000000"])
def test_a_float_is_money_of_the_store_and_not_below_nothing(
    till: Register, ana: Actor, amount: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        opened(till, ana, amount)
    assert list(refusal.value.fields) == ["float"]
    assert rows() == (0, 0, 0, 0)


def test_an_empty_drawer_can_be_opened(till: Register, ana: Actor) -> None:
    assert opened(till, ana, "0").float_amount == 0


def test_a_till_of_another_store_is_not_here(till: Register) -> None:
    with pytest.raises(NotHere):
        opened(till, a_cashier(a_store()))
    with pytest.raises(NotHere):
        open_shift(shift_id=ids.new(), register_id=ids.new(), float_amount=D(0), actor=a_cashier())
    assert rows() == (0, 0, 0, 0)


def test_an_office_desk_and_a_closed_down_till_have_no_shifts(store: Store, ana: Actor) -> None:
    with pytest.raises(Invalid):
        opened(a_register(store, 9, kind="office"), ana)
    gone = a_register(store, 5)
    gone.active = False
    gone.save()
    with pytest.raises(NotHere):
        opened(gone, ana)
    assert rows() == (0, 0, 0, 0)


# ---- closing ------------------------------------------------------------------------------------


def sell(shift: Shift, actor: Actor, tender: str = "cash", total: str = "12.30") -> dict[str, Any]:
    product = a_product(price=total, tax="23", on_hand="10", store=shift.register.store)
    raw = {
        "register": str(shift.register_id),
        "lines": [{"product": str(product.pk), "quantity": "1"}],
        "payments": [{"tender": tender, "amount": total}],
        "shown_total": total,
    }
    answer = check_out(sale_id=ids.new(), body=parse_sale(raw), actor=actor, source="till")
    assert answer.state == "posted", answer.content
    return dict(answer.content)


def take_back(shift: Shift, actor: Actor, sold: dict[str, Any]) -> None:
    total = f"-{sold['totals']['total']}"
    raw = {
        "register": str(shift.register_id),
        "lines": [{"quantity": "-1", "returns": sold["lines"][0]["id"], "reason": "torn"}],
        "payments": [{"tender": "cash", "amount": total}],
        "shown_total": total,
    }
    answer = check_out(sale_id=ids.new(), body=parse_sale(raw), actor=actor, source="till")
    assert answer.state == "posted", answer.content


def test_a_closed_drawer_is_counted_numbered_and_sealed(till: Register, ana: Actor) -> None:
    some_tenders()
    shift = opened(till, ana)
    sell(shift, ana)
    sell(shift, ana, "card", "20.00")
    take_back(shift, ana, sell(shift, ana, total="4.92"))

    closed(shift, ana, "112.00", "a coin rolled away")

    shift.refresh_from_db()
    assert (shift.counted, shift.expected, shift.variance) == (D("112"), D("112.3"), D("-0.3"))
    assert (shift.z_number, shift.closed_by_id) == (1, ana.user_id)
    assert shift.variance_reason == "a coin rolled away"
    tenders = ShiftTender.objects.filter(shift=shift).order_by("tender__code")
    assert [(row.tender.code, row.payments, row.amount) for row in tenders] == [
        ("card", 1, D("20")),
        ("cash", 3, D("12.3")),
    ]
    record = JournalRecord.objects.get(business_id=shift.pk, series="closing")
    assert said(record) == {
        "event": "shift.closed",
        "z_number": 1,
        "cashier": str(ana.user_id),
        "closed_by": str(ana.user_id),
        "currency": "EUR",
        "sales": 3,
        "returns": 1,
        "openings": 0,
        "net": "26.26",
        "tax": "6.04",
        "discount": "0",
        "total": "32.3",
        "rounding": "0",
        "returned": "4.92",
        "expected_cash": "112.3",
        "tenders": {
            "card": {"payments": 1, "amount": "20"},
            "cash": {"payments": 3, "amount": "12.3"},
        },
        "counted": "112",
        "variance": "-0.3",
    }
    head = JournalHead.objects.get(register=till)
    assert (record.seq, record.hash, head.last_closing) == (head.seq, head.hash, 1)
    event = AuditEvent.objects.get(action="shift.closed")
    assert event.after == {
        "z_number": 1,
        "counted": "112",
        "variance": "-0.3",
        "reason": "a coin rolled away",
    }


def test_a_repeated_count_closes_nothing_more(till: Register, ana: Actor) -> None:
    shift = opened(till, ana)
    closed(shift, ana, "99.00", "short")
    before = rows()
    again = closed(shift, ana, "99.00", "short")
    assert (again.z_number, again.variance) == (1, D("-1"))
    assert rows() == before


@pytest.mark.parametrize(("counted", "reason"), [("98.00", "short"), ("99.00", "")])
def test_a_count_that_was_sent_stands(
    till: Register, ana: Actor, counted: str, reason: str
) -> None:
    shift = opened(till, ana)
    closed(shift, ana, "99.00", "short")
    before = rows()
    with pytest.raises(ShiftClosed):
        closed(shift, ana, counted, reason)
    shift.refresh_from_db()
    assert (shift.counted, shift.variance_reason) == (D("99"), "short")
    assert rows() == before


@pytest.mark.parametrize("counted", ["-1", "5.001", "NaN", "-Infinity"])
def test_a_count_is_money_and_not_below_nothing(till: Register, ana: Actor, counted: str) -> None:
    shift = opened(till, ana)
    before = rows()
    with pytest.raises(Invalid) as refusal:
        closed(shift, ana, counted)
    assert list(refusal.value.fields) == ["counted"]
    shift.refresh_from_db()
    assert shift.closed_at is None
    assert rows() == before


def test_a_cashier_cannot_close_anothers_drawer_and_a_manager_can(
    till: Register, ana: Actor, store: Store
) -> None:
    shift = opened(till, ana)
    before = rows()
    for stranger, refusal in (
        (a_cashier(store), NotAllowed),
        (an_employee(store), NotAllowed),
        (a_manager(a_store()), NotHere),
    ):
        with pytest.raises(refusal):
            closed(shift, stranger)
    assert rows() == before
    manager = a_manager(store)
    closed(shift, manager)
    shift.refresh_from_db()
    assert (shift.cashier_id, shift.closed_by_id) == (ana.user_id, manager.user_id)


def test_an_unknown_drawer_is_not_here(ana: Actor) -> None:
    with pytest.raises(NotHere):
        close_shift(shift_id=ids.new(), counted=D(0), reason="", actor=ana)


def test_z_numbers_count_up_by_till(till: Register, ana: Actor, store: Store) -> None:
    other = a_register(store)
    given = []
    for register in (till, till, other, till):
        shift = opened(register, ana)
        given.append((register, closed(shift, ana).z_number))
    assert given == [(till, 1), (till, 2), (other, 1), (till, 3)]


def test_a_closed_drawer_sells_nothing_and_a_new_one_goes_on(till: Register, ana: Actor) -> None:
    some_tenders()
    shift = opened(till, ana)
    closed(shift, ana)
    with pytest.raises(AssertionError, match="shift_closed"):
        sell(shift, ana)
    assert sell(opened(till, ana), ana)["receipt_number"] == "HS-1-1-000001"


def test_every_refusal_says_what_to_do(till: Register, ana: Actor, store: Store) -> None:
    opened(till, ana)
    with pytest.raises(Refusal, match="Close it there first"):
        opened(a_register(store), ana)
