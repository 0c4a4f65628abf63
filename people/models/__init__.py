"""Who we are and where we work."""

from people.models.audit import AuditEvent
from people.models.customer import Customer
from people.models.device import Device, RefreshToken, Throttle
from people.models.salesman import Salesman
from people.models.staff import User
from people.models.store import Store, StoreRules
from people.models.vendor import Vendor

__all__ = [
    "AuditEvent",
    "Customer",
    "Device",
    "RefreshToken",
    "Salesman",
    "Store",
    "StoreRules",
    "Throttle",
    "User",
    "Vendor",
]
