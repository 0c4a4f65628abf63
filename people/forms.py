"""What people may type about people: staff, passwords, customers and vendors."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDetails:
    """What can be said of a staff member apart from name to sign in, role and password."""

    full_name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    national_id: str = ""
    language: str = ""
    store_ids: frozenset[UUID] = frozenset()
