"""Where a store rings up, and how its customers can pay."""

from collections.abc import Callable
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.models import Store
from people.services import trail
from people.services.saving import Taken, facts_of, save_valid
from regalpos import ids
from sales.models import JournalHead, Register, Tender

TAKEN: Taken = {
    "register_one_per_number": ("number", _("Another register of this store has this number.")),
    "register_one_office_per_store": ("kind", _("This store has its office register already.")),
}

# code, name, and what is different about it.
TENDERS: tuple[tuple[str, str | Promise, dict[str, bool]], ...] = (
    (
        "cash",
        _("Cash"),
        {"in_drawer": True, "opens_drawer": True, "may_exceed": True, "rounds": True},
    ),
    ("card", _("Card"), {}),
)


def add_register(
    *, register_id: UUID, store: Store, number: int, name: str, kind: str, actor: Actor | None
) -> Register:
    """A step: the register stands, with an empty journal. Call inside a transaction."""
    register = Register(pk=register_id, store=store, number=number, name=name, kind=kind)
    save_valid(register, taken=TAKEN)
    JournalHead.objects.create(register=register)
    after = facts_of(register, "number", "name", "kind")
    trail.record("register.added", actor=actor, subject=register, store_id=store.pk, after=after)
    return register


def add_usual_tenders(new_id: Callable[[], UUID] = ids.new) -> None:
    """A step: cash and card can be taken. Those that are there already stay as they are."""
    for position, (code, name, facts) in enumerate(TENDERS):
        given = {"pk": new_id(), "name": str(name), "position": position, **facts}
        Tender.objects.get_or_create(code=code, defaults=given)
