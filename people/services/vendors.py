"""Who we buy from."""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.models import Vendor
from people.services import trail
from people.services.saving import Taken, changes, facts_of, save_valid
from regalpos.errors import NotHere

TAKEN: Taken = {"people_vendor_name_key": ("name", _("There is a vendor with this name."))}


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorDetails:
    """What can be said of a vendor. `payment_days` after the invoice."""

    name: str
    contact_name: str = ""
    phones: list[str] = field(default_factory=list)
    email: str = ""
    address: str = ""
    tax_number: str = ""
    payment_days: int = 30
    active: bool = True


NAMES = tuple(VendorDetails.__dataclass_fields__)


@transaction.atomic(durable=True)
def add_vendor(*, vendor_id: UUID, details: VendorDetails, actor: Actor) -> Vendor:
    """Goods can be bought there. A repeated call with the same id adds nobody."""
    if known := Vendor.objects.filter(pk=vendor_id).first():
        return known
    vendor = Vendor(pk=vendor_id)
    _write(vendor, details)
    trail.record("vendor.added", actor=actor, subject=vendor, after=_facts(vendor))
    return vendor


@transaction.atomic(durable=True)
def change_vendor(*, vendor_id: UUID, details: VendorDetails, actor: Actor) -> Vendor:
    """The vendor's details are as given."""
    vendor = Vendor.objects.filter(pk=vendor_id).select_for_update(no_key=True).first()
    if vendor is None:
        raise NotHere
    before = _facts(vendor)
    _write(vendor, details)
    was, now = changes(before, _facts(vendor))
    if now:
        trail.record("vendor.changed", actor=actor, subject=vendor, before=was, after=now)
    return vendor


def _write(vendor: Vendor, details: VendorDetails) -> None:
    for name, value in asdict(details).items():
        setattr(vendor, name, value)
    save_valid(vendor, taken=TAKEN)


def _facts(vendor: Vendor) -> dict[str, Any]:
    return facts_of(vendor, *NAMES)
