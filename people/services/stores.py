"""The shops themselves."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from babel.numbers import list_currencies
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.access import Actor
from people.models import Store, StoreRules, User
from people.permissions import Role
from people.services import trail
from people.services.saving import Taken, facts_of, save_valid
from regalpos import live
from regalpos.errors import Invalid

TAKEN: Taken = {"people_store_code_key": ("code", gettext_lazy("Another store has this code."))}

BROKEN: Taken = {"rules_cash_step_not_negative": ("cash_step", gettext_lazy("Zero or more."))}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """A new store and the rules it opens with."""

    code: str
    name: str
    currency: str
    time_zone: str = "UTC"
    language: str = "en"
    address: str = ""
    tax_number: str = ""
    prices_include_tax: bool = True
    cash_step: Decimal = Decimal("0")


def open_store(*, store_id: UUID, facts: StoreFacts, actor: Actor | None) -> Store:
    """A step: the store stands, with the first version of its rules. Call inside a transaction."""
    named = ("code", "name", "currency", "time_zone", "language", "address", "tax_number")
    if facts.currency not in list_currencies():
        words = _("%(code)s is not a known currency.") % {"code": facts.currency}
        raise Invalid(fields={"currency": [words]})
    store = Store(pk=store_id, **{name: getattr(facts, name) for name in named})
    save_valid(store, taken=TAKEN)
    rules = StoreRules(
        store=store,
        version=1,
        valid_from=timezone.now(),
        prices_include_tax=facts.prices_include_tax,
        cash_step=facts.cash_step,
    )
    save_valid(rules, taken=BROKEN)
    opened = {
        **facts_of(store, *named),
        **facts_of(rules, "prices_include_tax", "cash_step"),
    }
    trail.record("store.opened", actor=actor, subject=store, store_id=store.pk, after=opened)
    return store


def tell_staff(store: Store) -> None:
    """A step: a store has changed, and so may what its people see. Call inside a transaction."""
    # An admin without a store takes the time of the first one.
    touched = User.objects.filter(Q(stores=store) | Q(role=Role.ADMIN)).distinct()
    for user_id in touched.values_list("pk", flat=True):
        live.announce(live.user_topic(user_id), "person.changed")
