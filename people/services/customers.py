"""Who buys here and wants to be known."""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.models import Customer, Salesman, Store
from people.services import trail
from people.services.saving import changes, facts_of, save_valid
from regalpos.errors import Invalid, NotHere


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDetails:
    """What can be said of a customer. Addresses are parts by name: street, city, country ..."""

    name: str
    phones: list[str] = field(default_factory=list)
    email: str = ""
    billing_address: dict[str, str] = field(default_factory=dict)
    shipping_address: dict[str, str] = field(default_factory=dict)
    national_id: str = ""
    tax_number: str = ""
    tax_exempt: bool = False
    salesman_id: UUID | None = None
    home_store_id: UUID | None = None


@transaction.atomic(durable=True)
def add_customer(*, customer_id: UUID, details: CustomerDetails, actor: Actor) -> Customer:
    """The customer is known. A repeated call with the same id adds nobody."""
    if known := Customer.objects.filter(pk=customer_id).first():
        return known
    customer = Customer(pk=customer_id)
    _write(customer, details, actor)
    trail.record(
        "customer.added", actor=actor, subject=customer,
        store_id=details.home_store_id, after=_facts(customer),
    )  # fmt: skip
    return customer


@transaction.atomic(durable=True)
def change_customer(*, customer_id: UUID, details: CustomerDetails, actor: Actor) -> Customer:
    """The customer's details are as given. Merged and erased ones are NotHere."""
    standing = Customer.objects.filter(pk=customer_id, merged_into=None, erased_at=None)
    customer = standing.select_for_update(no_key=True).first()
    if customer is None:
        raise NotHere
    before = _facts(customer)
    _write(customer, details, actor)
    was, now = changes(before, _facts(customer))
    if now:
        trail.record(
            "customer.changed", actor=actor, subject=customer,
            store_id=details.home_store_id, before=was, after=now,
        )  # fmt: skip
    return customer


NAMES = tuple(CustomerDetails.__dataclass_fields__)


def _write(customer: Customer, details: CustomerDetails, actor: Actor) -> None:
    if details.home_store_id and not actor.works_at(details.home_store_id):
        raise Invalid(fields={"home_store": [str(_("You do not work at this store."))]})
    _must_exist(Salesman, details.salesman_id, "salesman")
    _must_exist(Store, details.home_store_id, "home_store")
    for name, value in asdict(details).items():
        setattr(customer, name, value)
    save_valid(customer)


def _must_exist(kind: Any, key: UUID | None, field_: str) -> None:
    if key is not None and not kind.objects.filter(pk=key).exists():
        raise Invalid(fields={field_: [str(_("Nobody and nothing here has this id."))]})


def _facts(customer: Customer) -> dict[str, Any]:
    return facts_of(customer, *NAMES)
