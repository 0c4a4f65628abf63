"""The people's tables in the office."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from people.models import AuditEvent, Customer, Device, Salesman, Store, StoreRules, User, Vendor
from people.office import OfficeAdmin, office, office_action
from people.permissions import Permission
from people.services import staff, stores
from regalpos import lanes


@admin.register(Store, site=office)
class StoreAdmin(OfficeAdmin):
    """Where and how a store trades. Opening one needs registers and rules: `manage.py setup`."""

    sees = Permission.SEE_AUDIT
    edits = Permission.MANAGE_STORES
    may_add = False
    store_path = "pk"
    list_display = ("name", "code", "currency", "time_zone", "active")
    # On every receipt and amount so far: they cannot change any more.
    readonly_fields = ("code", "currency")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        stores.tell_staff(obj)


@admin.register(StoreRules, site=office)
class StoreRulesAdmin(OfficeAdmin):
    """The versions of a store's rules. A change is a new version, from now on."""

    sees = Permission.SEE_AUDIT
    store_path = "store"
    edits = Permission.MANAGE_STORES
    list_display = ("store", "version", "valid_from", "prices_include_tax", "cash_step")
    list_filter = ("store",)
    fields = (
        "store",
        "prices_include_tax",
        "cash_step",
        "discount_limits",
        "refund_limit",
        "shared_drawers",
        "blind_count",
        "barcode_patterns",
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        last = obj.store.rules.order_by("-version").first()
        obj.version = last.version + 1 if last else 1
        obj.valid_from = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(User, site=office)
class UserAdmin(OfficeAdmin):
    """Who works here. They are changed on the staff screens."""

    sees = Permission.MANAGE_STAFF
    list_display = ("username", "full_name", "role", "is_active", "last_login", "page")
    list_filter = ("role", "is_active", "stores")
    search_fields = ("username", "full_name")
    exclude = ("password",)
    actions = ("end_sessions", "deactivate")

    @admin.display(description=_("Staff screen"))
    def page(self, user: User) -> str:
        return format_html('<a href="{}">{}</a>', reverse("people:person", args=[user.pk]), user)

    @office_action(Permission.MANAGE_STAFF, _("Sign out everywhere"))
    def end_sessions(self, request: Any, chosen: QuerySet[User]) -> None:
        for user in chosen:
            unit = partial(staff.end_sessions, user_id=user.pk, actor=request.actor)
            lanes.retrying(unit)
        _say_done(request, len(chosen))

    @office_action(Permission.MANAGE_STAFF, _("Close the account"))
    def deactivate(self, request: Any, chosen: QuerySet[User]) -> None:
        for user in chosen:
            unit = partial(staff.deactivate_staff, user_id=user.pk, actor=request.actor)
            lanes.retrying(unit)
        _say_done(request, len(chosen))


@admin.register(Device, site=office)
class DeviceAdmin(OfficeAdmin):
    """Tills and tablets that were enrolled."""

    sees = Permission.SEE_AUDIT
    store_path = "store"
    list_display = ("name", "store", "last_seen_at", "revoked_at")
    exclude = ("key_hash",)


@admin.register(Customer, site=office)
class CustomerAdmin(OfficeAdmin):
    """Customers, to look at; their screens come later."""

    sees = Permission.SEE_CUSTOMERS
    list_display = ("name", "email", "home_store", "salesman")
    search_fields = ("name", "email")
    list_filter = ("home_store",)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A national ID is for admins to see."""
        actor = request.actor  # type: ignore[attr-defined]
        return () if actor.may(Permission.MANAGE_STAFF) else ("national_id",)


@admin.register(Vendor, site=office)
class VendorAdmin(OfficeAdmin):
    """Vendors, to look at; their screens come later."""

    sees = Permission.SEE_VENDORS
    list_display = ("name", "contact_name", "email", "payment_days", "active")
    search_fields = ("name", "contact_name")


@admin.register(Salesman, site=office)
class SalesmanAdmin(OfficeAdmin):
    """Who earns a commission."""

    sees = Permission.SEE_SALESMEN
    edits = Permission.EDIT_SALESMEN
    list_display = ("code", "name", "commission_percent", "user", "active")
    search_fields = ("code", "name")


@admin.register(AuditEvent, site=office)
class AuditEventAdmin(OfficeAdmin):
    """Who did what, and when. A manager sees what happened at their stores."""

    sees = Permission.SEE_AUDIT
    store_path = "store"
    list_display = ("at", "action", "who", "store", "subject_type", "subject_id", "address")
    list_filter = ("store", "action")
    list_select_related = ("actor", "store")
    search_fields = ("subject_id", "action")
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description=_("Who"), ordering="actor")
    def who(self, event: AuditEvent) -> str:
        return str(event.actor) if event.actor else "–"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The trail of one record can be linked to."""
        if lookup == "subject_id" or request is None:
            return lookup == "subject_id"
        return super().lookup_allowed(lookup, value, request)


def _say_done(request: HttpRequest, count: int) -> None:
    words = ngettext("Done for %(count)s person.", "Done for %(count)s people.", count)
    messages.success(request, words % {"count": count})
