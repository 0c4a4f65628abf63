"""The whole policy on one page: who may do what, and the doors that are not ours.

A role grants permissions; `people.access.requires` is the one gate that asks. What a person may
do is further bounded by the stores they work at, except for an admin, who works at all of them.
"""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    ADMIN = "admin", _("Admin")
    MANAGER = "manager", _("Manager")
    CASHIER = "cashier", _("Cashier")
    EMPLOYEE = "employee", _("Employee")


class Permission(StrEnum):
    SIGN_IN = "sign_in"  # Any signed-in person: home, own sessions, own profile.
    SELL = "sell"  # The till: carts, checkout, receipts, own shift.
    MANAGE_SHIFTS = "manage_shifts"  # Shifts of other people at own stores.
    REFUND = "refund"
    COPY_RECEIPTS = "copy_receipts"
    SEE_SALES = "see_sales"
    SEE_MONEY = "see_money"  # Takings, costs and margins.
    SEE_PRODUCTS = "see_products"
    EDIT_PRODUCTS = "edit_products"
    SEE_STOCK = "see_stock"
    RECEIVE_STOCK = "receive_stock"
    ADJUST_STOCK = "adjust_stock"
    SEE_CUSTOMERS = "see_customers"
    ADD_CUSTOMERS = "add_customers"
    EDIT_CUSTOMERS = "edit_customers"
    SEE_VENDORS = "see_vendors"
    EDIT_VENDORS = "edit_vendors"
    SEE_SALESMEN = "see_salesmen"
    EDIT_SALESMEN = "edit_salesmen"
    MANAGE_STAFF = "manage_staff"
    MANAGE_STORES = "manage_stores"
    SEE_AUDIT = "see_audit"


P = Permission

_EVERYONE = {P.SIGN_IN, P.COPY_RECEIPTS, P.SEE_PRODUCTS, P.SEE_STOCK, P.SEE_CUSTOMERS}
_TILL = {P.SELL, P.REFUND, P.SEE_SALES, P.ADD_CUSTOMERS}
_STOCKROOM = {P.RECEIVE_STOCK, P.EDIT_CUSTOMERS, P.SEE_VENDORS, P.SEE_SALESMEN, P.SEE_SALES}
_OFFICE = {
    P.MANAGE_SHIFTS,
    P.SEE_MONEY,
    P.EDIT_PRODUCTS,
    P.ADJUST_STOCK,
    P.EDIT_VENDORS,
    P.SEE_AUDIT,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: frozenset(_EVERYONE | _TILL | _STOCKROOM | _OFFICE),
    Role.CASHIER: frozenset(_EVERYONE | _TILL),
    Role.EMPLOYEE: frozenset(_EVERYONE | _STOCKROOM),
}

OFFICE_ROLES = frozenset({Role.ADMIN, Role.MANAGER})  # May open the Django admin.


class Door(StrEnum):
    """What guards a URL that is not a view of ours."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    OFFICE = "office roles"


# URL prefixes served by other packages, and the policy they keep. A URL that is neither stamped
# by `requires()`/`public()` nor listed here fails the access test.
DOORS: dict[str, Door] = {
    "/accounts/": Door.ANYONE,  # allauth guards its own pages.
    "/admin/": Door.OFFICE,
    "/docs": Door.ANYONE,
    "/openapi.json": Door.ANYONE,
    "/i18n/": Door.ANYONE,
}

# Personal columns: history keeps that they changed, never what they said.
PERSONAL: dict[str, frozenset[str]] = {
    "people.User": frozenset({"full_name", "email", "phone", "address", "national_id"}),
    "people.Customer": frozenset(
        {"name", "phones", "email", "billing_address", "shipping_address", "national_id"}
    ),
    "people.Vendor": frozenset({"contact_name", "phones", "email", "address"}),
    "people.Salesman": frozenset({"phone", "email"}),
}
