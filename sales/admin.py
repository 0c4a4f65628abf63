"""Tills and tenders in the office; shifts, sales and the journal to look at."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from people.office import OfficeAdmin, office
from people.permissions import Permission
from sales.models import Favourite, JournalRecord, Payment, Register, Sale, SaleLine, Shift, Tender
from sales.services.registers import add_register

if TYPE_CHECKING:
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _TabularInline = admin.TabularInline  # Django's class takes no type at run time.


@admin.register(Register, site=office)
class RegisterAdmin(OfficeAdmin):
    """Where a store rings up. A new one gets its journal with it."""

    sees = Permission.MANAGE_SHIFTS
    edits = Permission.MANAGE_STORES
    store_path = "store"
    list_display = ("name", "store", "number", "kind", "active")
    list_filter = ("store", "kind")
    fields = ("store", "number", "name", "kind", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What receipts and the journal are numbered by does not change."""
        return ("store", "number", "kind") if obj else ("active",)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        add_register(
            register_id=obj.pk,
            store=obj.store,
            number=obj.number,
            name=obj.name,
            kind=obj.kind,
            actor=request.actor,
        )


@admin.register(Tender, site=office)
class TenderAdmin(OfficeAdmin):
    """Ways to pay."""

    sees = Permission.MANAGE_SHIFTS
    edits = Permission.MANAGE_STORES
    list_display = ("name", "code", "in_drawer", "may_exceed", "rounds", "position", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Programs pay by the code."""
        return ("code",) if obj else ()


@admin.register(Favourite, site=office)
class FavouriteAdmin(OfficeAdmin):
    """The numbered tiles of a store's tills."""

    sees = Permission.SEE_PRODUCTS
    edits = Permission.EDIT_PRODUCTS
    store_path = "store"
    list_display = ("store", "number", "product")
    list_filter = ("store",)
    autocomplete_fields = ("product",)
    list_select_related = ("store", "product")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A tile is only a place on the screen: it may go."""
        return self.has_change_permission(request)


@admin.register(Shift, site=office)
class ShiftAdmin(OfficeAdmin):
    """Drawers, from float to count."""

    sees = Permission.MANAGE_SHIFTS
    store_path = "register__store"
    list_display = ("register", "cashier", "opened_at", "closed_at", "z_number", "variance")
    list_filter = ("register__store",)
    list_select_related = ("register", "cashier")
    date_hierarchy = "opened_at"


class SaleLineInline(_TabularInline):
    """What was sold."""

    model = SaleLine
    fields = ("number", "description", "quantity", "unit_price", "discount", "tax", "total")
    extra = 0

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.actor.may(Permission.SEE_MONEY))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class PaymentInline(SaleLineInline):
    """How it was paid."""

    model = Payment
    fields = ("number", "tender", "amount", "handed_over", "change", "reference")


@admin.register(Sale, site=office)
class SaleAdmin(OfficeAdmin):
    """What was sold, where and to whom. It cannot change."""

    sees = Permission.SEE_MONEY
    store_path = "store"
    list_display = (
        "receipt_number", "kind", "store", "cashier", "occurred_at", "payable", "currency",
    )  # fmt: skip
    list_filter = ("store", "kind", "source")
    list_select_related = ("store", "cashier")
    search_fields = ("receipt_number",)
    date_hierarchy = "occurred_at"
    show_full_result_count = False
    inlines = (SaleLineInline, PaymentInline)


@admin.register(JournalRecord, site=office)
class JournalRecordAdmin(OfficeAdmin):
    """The chain of every register. `manage.py verify_journal` proves it."""

    sees = Permission.SEE_MONEY
    store_path = "store"
    list_display = ("register", "epoch", "seq", "series", "occurred_at", "hash")
    list_filter = ("store", "series")
    list_select_related = ("register",)
    show_full_result_count = False
