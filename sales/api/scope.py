"""What the operations share: own stores only, and money as text."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from people.access import Actor
from people.models import Store
from people.permissions import Role
from regalpos.errors import NotHere
from regalpos.money import round_money
from regalpos.shapes import id_in
from sales.models import Register


def money(value: Decimal | None, currency: str) -> Any:
    """The amount with its currency's decimals, or null where there is none yet."""
    return None if value is None else f"{round_money(value, currency):f}"


def at_own[R: QuerySet[Any]](rows: R, store: str, store_id: UUID | None, actor: Actor) -> R:
    """The rows of one store, or of all where the actor works. NotHere for a foreign store."""
    if store_id is not None:
        actor.must_work_at(store_id)
        if not Store.objects.filter(pk=store_id).exists():
            raise NotHere
        return rows.filter(**{store: store_id})
    if actor.role == Role.ADMIN:
        return rows
    return rows.filter(**{f"{store}__in": actor.store_ids})


def must_be_here(raw: object, actor: Actor) -> None:
    """A foreign register is not here, whatever else is wrong with the body that names it."""
    register_id = id_in(raw, "register")
    if register_id is None:
        return
    register = Register.objects.filter(pk=register_id).first()
    if register is None or not actor.works_at(register.store_id):
        raise NotHere
