"""Cash into a drawer and out of it between sales, and a drawer opened without one.

All of it is written once, in the journal of the register too. What is in the drawer then is a sum
that checkouts write as well, so every step here locks the shift's totals first.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.permissions import Permission
from people.services import trail
from regalpos.errors import Invalid, NotAllowed, NotHere
from regalpos.live import announce, till_topic
from regalpos.money import is_money, minus
from sales.models import CashMove, DrawerOpening, JournalHead, Shift, ShiftTotals
from sales.sealing import amount
from sales.services.journal import append_record
from sales.services.shifts import OtherContent, ShiftClosed

Kind = CashMove.Kind
INTO = frozenset({Kind.PAID_IN})
OUT_OF = frozenset({Kind.PAID_OUT, Kind.DROP})


@transaction.atomic(durable=True)
def move_cash(
    *, move_id: UUID, shift_id: UUID, kind: str, moved: Decimal, reason: str, actor: Actor
) -> CashMove:
    """So much cash went into the drawer (`paid_in`), or out of it (`paid_out`, `drop`).

    `moved` is positive, in the store's currency; a reason is always said. Safe to repeat with the
    same id. Locks shift totals, then the journal head. Raises NotHere, NotAllowed, Invalid,
    ShiftClosed, OtherContent.
    """
    drawer = _lock_drawer(shift_id, actor)
    currency = drawer.shift.register.store.currency
    fields: dict[str, list[str]] = {}
    if kind not in INTO | OUT_OF:
        fields["kind"] = [str(_("Paid in, paid out or taken to the safe."))]
    if not is_money(moved, currency) or moved <= 0:
        fields["amount"] = [str(_("An amount of money, more than zero."))]
    if not reason:
        fields["reason"] = [str(_("Say what it is for."))]
    if fields:
        raise Invalid(fields=fields)
    signed = moved if kind in INTO else minus(moved)
    if made := CashMove.objects.filter(pk=move_id).first():
        if (made.shift_id, made.kind, made.amount, made.reason) != (shift_id, kind, signed, reason):
            raise OtherContent
        return made
    drawer.must_be_open()
    move = CashMove.objects.create(
        pk=move_id,
        shift=drawer.shift,
        kind=kind,
        amount=signed,
        reason=reason,
        who_id=actor.user_id,
        at=drawer.now,
    )
    drawer.totals.update(expected_cash=F("expected_cash") + signed)
    drawer.record("cash", move.pk, {"event": "cash.moved", "kind": kind, "amount": amount(signed)})
    trail.record(
        "cash.moved",
        actor=actor,
        subject=move,
        store_id=drawer.shift.register.store_id,
        after={"kind": kind, "amount": amount(signed), "reason": reason},
    )
    drawer.announce()
    return move


@transaction.atomic(durable=True)
def open_drawer(*, opening_id: UUID, shift_id: UUID, reason: str, actor: Actor) -> DrawerOpening:
    """The drawer was opened without a sale, and it is known by whom and why.

    Safe to repeat with the same id. Locks shift totals, then the journal head. Raises NotHere,
    NotAllowed, Invalid, ShiftClosed, OtherContent.
    """
    drawer = _lock_drawer(shift_id, actor)
    if not reason:
        raise Invalid(fields={"reason": [str(_("Say what it is for."))]})
    if made := DrawerOpening.objects.filter(pk=opening_id).first():
        if (made.shift_id, made.reason) != (shift_id, reason):
            raise OtherContent
        return made
    drawer.must_be_open()
    opening = DrawerOpening.objects.create(
        pk=opening_id, shift=drawer.shift, reason=reason, who_id=actor.user_id, at=drawer.now
    )
    drawer.totals.update(openings=F("openings") + 1)
    drawer.record("event", opening.pk, {"event": "drawer.opened"})
    trail.record(
        "drawer.opened",
        actor=actor,
        subject=opening,
        store_id=drawer.shift.register.store_id,
        after={"reason": reason},
    )
    drawer.announce()
    return opening


@dataclass(frozen=True)
class _Locked:
    """A shift whose totals are locked, and who is at it."""

    shift: Shift
    actor: Actor
    now: datetime

    @property
    def totals(self) -> Any:
        return ShiftTotals.objects.filter(shift=self.shift)

    def must_be_open(self) -> None:
        """Raise ShiftClosed if the count has been sent."""
        if self.shift.closed_at:
            raise ShiftClosed(_("This shift is closed already. Its count stands."))

    def record(self, series: str, business_id: UUID, what: dict[str, Any]) -> None:
        """The journal says so. Reasons are people's words: they stay on the trail."""
        register = self.shift.register
        append_record(
            JournalHead.objects.lock(register.pk),
            store_id=register.store_id,
            series=series,
            business_id=business_id,
            occurred_at=self.now,
            recorded_at=self.now,
            what={
                **what,
                "shift": str(self.shift.pk),
                "who": str(self.actor.user_id),
                "currency": register.store.currency,
            },
        )

    def announce(self) -> None:
        announce(
            till_topic(self.shift.register_id), "shift.changed", shift=str(self.shift.pk), open=1
        )


def _lock_drawer(shift_id: UUID, actor: Actor) -> _Locked:
    """One's own shift, or one that one may manage, its totals locked. Read after the lock."""
    if not ShiftTotals.objects.filter(shift_id=shift_id).select_for_update(no_key=True).exists():
        raise NotHere
    shift = Shift.objects.select_related("register__store").get(pk=shift_id)
    actor.must_work_at(shift.register.store_id)
    if shift.cashier_id != actor.user_id and not actor.may(Permission.MANAGE_SHIFTS):
        raise NotAllowed(_("This is somebody else's drawer. A manager can do it."))
    return _Locked(shift, actor, timezone.now())
