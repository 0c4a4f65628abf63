"""Opening a drawer with a float, closing it with a count."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.permissions import Permission
from people.services import trail
from regalpos.errors import Invalid, NotAllowed, NotHere, Refusal
from regalpos.live import announce, till_topic
from regalpos.money import is_money
from sales.models import CashMove, JournalHead, Register, Shift, ShiftTender, ShiftTotals
from sales.sealing import amount
from sales.services.journal import append_record


class RegisterTaken(Refusal):
    code = "register_taken"
    message = _("%(register)s is open already, by %(cashier)s. Close that shift first.")


class AlreadyOnShift(Refusal):
    code = "already_on_shift"
    message = _("You have a shift open at %(register)s. Close it there first.")


class ShiftClosed(Refusal):
    code = "shift_closed"
    message = _("Not sold: the shift is closed. The cart is kept. Open a shift to go on.")


class OtherContent(Refusal):
    code = "body_mismatch"
    status = 422
    message = _("This id was used for something else. Nothing has changed.")


@transaction.atomic(durable=True)
def open_shift(*, shift_id: UUID, register_id: UUID, float_amount: Decimal, actor: Actor) -> Shift:
    """A drawer is open: its float is its first cash move, and the journal says so.

    `float_amount` is in the store's currency. Safe to repeat with the same id. Locks the journal
    head. Raises NotHere, Invalid, RegisterTaken, AlreadyOnShift, OtherContent.
    """
    register = Register.objects.select_related("store").filter(pk=register_id, active=True).first()
    if register is None or not actor.works_at(register.store_id):
        raise NotHere
    if register.kind != Register.Kind.TILL:
        raise Invalid(fields={"register": [str(_("Only a till has shifts."))]})
    if not is_money(float_amount, register.store.currency) or float_amount < 0:
        raise Invalid(fields={"float": [str(_("An amount of money, zero or more."))]})
    if shift := _opened(shift_id, register_id, float_amount, actor):
        return shift
    _refuse_if_taken(register, actor, shift_id)
    now = timezone.now()
    try:
        with transaction.atomic():
            shift = Shift.objects.create(
                pk=shift_id,
                register=register,
                cashier_id=actor.user_id,
                opened_at=now,
                business_day=register.store.business_day(now),
                float_amount=float_amount,
            )
    except IntegrityError:  # Somebody was quicker; the constraint had the last word.
        if twin := _opened(shift_id, register_id, float_amount, actor):
            return twin
        _refuse_if_taken(register, actor, shift_id)
        raise
    ShiftTotals.objects.create(shift=shift, expected_cash=float_amount)
    CashMove.objects.create(
        shift=shift, kind=CashMove.Kind.FLOAT, amount=float_amount, who_id=actor.user_id, at=now
    )
    append_record(
        JournalHead.objects.lock(register.pk),
        store_id=register.store_id,
        series="cash",
        business_id=shift.pk,
        occurred_at=now,
        recorded_at=now,
        what=opened_facts(shift, register.store.currency),
    )
    trail.record(
        "shift.opened",
        actor=actor,
        subject=shift,
        store_id=register.store_id,
        after={"register": register.name, "float": amount(float_amount)},
    )
    announce(till_topic(register.pk), "shift.changed", shift=str(shift.pk), open=1)
    return shift


@transaction.atomic(durable=True)
def close_shift(*, shift_id: UUID, counted: Decimal, reason: str, actor: Actor) -> Shift:
    """A drawer is closed for good: counted, compared, numbered and sealed in the journal.

    `counted` is the cash in the drawer. O(1) in the number of sales: the sums were kept as they
    came. Sales that race it are in it or are refused, for both lock the shift's totals. Safe to
    repeat with the same count. Locks shift totals, then the journal head. Raises NotHere,
    NotAllowed, Invalid, ShiftClosed.
    """
    totals = ShiftTotals.objects.filter(shift_id=shift_id).select_for_update(no_key=True).first()
    if totals is None:
        raise NotHere
    shift = Shift.objects.select_related("register__store").get(pk=shift_id)
    register, store = shift.register, shift.register.store
    actor.must_work_at(store.pk)
    if shift.cashier_id != actor.user_id and not actor.may(Permission.MANAGE_SHIFTS):
        raise NotAllowed(_("This is somebody else's drawer. A manager can close it."))
    if not is_money(counted, store.currency) or counted < 0:
        raise Invalid(fields={"counted": [str(_("An amount of money, zero or more."))]})
    if shift.closed_at:
        if (shift.counted, shift.variance_reason) == (counted, reason):
            return shift
        raise ShiftClosed(_("This shift is closed already. Its count stands."))
    now = timezone.now()
    head = JournalHead.objects.lock(register.pk)
    head.last_closing += 1
    shift.z_number = head.last_closing
    shift.closed_at, shift.closed_by_id = now, actor.user_id
    shift.counted, shift.expected = counted, totals.expected_cash
    shift.variance = counted - totals.expected_cash
    shift.variance_reason = reason
    shift.save()
    append_record(
        head,
        store_id=store.pk,
        series="closing",
        business_id=shift.pk,
        occurred_at=now,
        recorded_at=now,
        what=closing_facts(shift, totals, _tenders(shift), store.currency),
    )
    trail.record(
        "shift.closed",
        actor=actor,
        subject=shift,
        store_id=store.pk,
        after={
            "z_number": shift.z_number,
            "counted": amount(counted),
            "variance": amount(shift.variance),
            "reason": reason,
        },
    )
    announce(till_topic(register.pk), "shift.changed", shift=str(shift.pk), open=0)
    return shift


def open_shift_of(register_id: UUID) -> Shift | None:
    """The shift that is open at a register now, if any."""
    return Shift.objects.standing().filter(register_id=register_id).first()


def _opened(shift_id: UUID, register_id: UUID, float_amount: Decimal, actor: Actor) -> Shift | None:
    """The shift that this very request has opened before. Raises OtherContent for another one."""
    shift = Shift.objects.filter(pk=shift_id).first()
    if shift is None:
        return None
    same = (shift.register_id, shift.cashier_id, shift.float_amount)
    if same != (register_id, actor.user_id, float_amount):
        raise OtherContent
    return shift


def _refuse_if_taken(register: Register, actor: Actor, shift_id: UUID) -> None:
    """By another shift: a twin of this very one may just have been opened."""
    standing = Shift.objects.standing().exclude(pk=shift_id).select_related("cashier", "register")
    if shift := standing.filter(register=register).first():
        raise RegisterTaken(register=register.name, cashier=str(shift.cashier))
    if shift := standing.filter(cashier_id=actor.user_id).first():
        raise AlreadyOnShift(register=shift.register.name)


def _tenders(shift: Shift) -> list[ShiftTender]:
    tenders = ShiftTender.objects.filter(shift=shift).select_related("tender")
    return list(tenders.order_by("tender__code"))


def opened_facts(shift: Shift, currency: str) -> dict[str, Any]:
    """What the journal says of an opened drawer."""
    return {
        "event": "shift.opened",
        "cashier": str(shift.cashier_id),
        "currency": currency,
        "float": amount(shift.float_amount),
    }


def closing_facts(
    shift: Shift, totals: ShiftTotals, tenders: Iterable[ShiftTender], currency: str
) -> dict[str, Any]:
    """What a Z says: every sum of the shift, the count, and the number that follows the last."""
    sums = ("net", "tax", "discount", "total", "rounding", "returned", "expected_cash")
    return {
        "event": "shift.closed",
        "z_number": shift.z_number,
        "cashier": str(shift.cashier_id),
        "closed_by": str(shift.closed_by_id),
        "currency": currency,
        "sales": totals.sales,
        "returns": totals.returns,
        "openings": totals.openings,
        **{name: amount(getattr(totals, name)) for name in sums},
        "tenders": {
            row.tender.code: {"payments": row.payments, "amount": amount(row.amount)}
            for row in tenders
        },
        "counted": amount(shift.counted or Decimal(0)),
        "variance": amount(shift.variance or Decimal(0)),
    }
