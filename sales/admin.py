"""Tills and tenders in the office; shifts, cash, sales and the journal to look at."""

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from people.office import OfficeAdmin, office
from people.permissions import Permission
from sales.models import (
    CashMove,
    Favourite,
    JournalRecord,
    Payment,
    Register,
    Sale,
    SaleAttempt,
    SaleLine,
    Shift,
    Tender,
)
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
        """Programs pay by the code; what was paid in it went into the drawer and was rounded."""
        if obj is None:
            return ()
        paid = Payment.objects.filter(tender=obj).exists()
        return ("code", "in_drawer", "rounds") if paid else ("code",)


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
    list_display = ("register", "cashier", "opened_at", "closed_at", "z_number", "variance", "page")
    list_filter = ("register__store",)
    list_select_related = ("register", "cashier")
    date_hierarchy = "opened_at"

    @admin.display(description=_("Screen"))
    def page(self, shift: Shift) -> str:
        words = _("Count and close") if shift.closed_at is None else _("Z report")
        return _link("sales:closure", shift.pk, str(words))


@admin.register(CashMove, site=office)
class CashMoveAdmin(OfficeAdmin):
    """Cash into and out of drawers, as it went."""

    sees = Permission.SEE_MONEY
    store_path = "shift__register__store"
    list_display = ("at", "register", "kind", "amount", "who", "reason")
    list_filter = ("kind", "shift__register__store")
    list_select_related = ("shift__register", "who")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False

    @admin.display(description=_("register"))
    def register(self, move: CashMove) -> str:
        return str(move.shift.register)


class Rows(_TabularInline):
    """Rows of a sale, to look at."""

    extra = 0

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.actor.may(Permission.SEE_MONEY))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class SaleLineInline(Rows):
    """What was sold."""

    model = SaleLine
    fields = (
        "number", "description", "quantity", "unit_price", "discount", "tax", "total", "reason",
    )  # fmt: skip


class PaymentInline(Rows):
    """How it was paid."""

    model = Payment
    fields = ("number", "tender", "amount", "handed_over", "change", "reference")


@admin.register(Sale, site=office)
class SaleAdmin(OfficeAdmin):
    """What was sold, where and to whom. It cannot change."""

    sees = Permission.SEE_MONEY
    store_path = "store"
    list_display = (
        "receipt_number", "kind", "store", "cashier", "occurred_at", "payable", "currency", "page",
    )  # fmt: skip
    list_filter = ("store", "kind", "source")
    list_select_related = ("store", "cashier")
    search_fields = ("receipt_number",)
    date_hierarchy = "occurred_at"
    show_full_result_count = False
    inlines = (SaleLineInline, PaymentInline)

    @admin.display(description=_("Screen"))
    def page(self, sale: Sale) -> str:
        return _link("sales:receipt", sale.pk, str(_("Receipt")))


@admin.register(SaleAttempt, site=office)
class SaleAttemptAdmin(OfficeAdmin):
    """What became of every try to pay. What was sent in it stays out of sight."""

    sees = Permission.SEE_MONEY
    store_path = "store"
    list_display = ("at", "store", "user", "state", "code", "id")
    list_filter = ("store", "state")
    list_select_related = ("store", "user")
    search_fields = ("id",)
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False
    fields = ("id", "store", "user", "state", "code", "at", "body_hash")

    @admin.display(description=_("refused for"))
    def code(self, attempt: SaleAttempt) -> str:
        return str((attempt.answer or {}).get("code", ""))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("id", "code")


@admin.register(JournalRecord, site=office)
class JournalRecordAdmin(OfficeAdmin):
    """The chain of every register. `manage.py verify_journal` proves it."""

    sees = Permission.SEE_MONEY
    store_path = "store"
    list_display = ("register", "epoch", "seq", "series", "occurred_at", "hash")
    list_filter = ("store", "series")
    list_select_related = ("register",)
    show_full_result_count = False
    ordering = ("-id",)
    fields = (
        "register", "epoch", "seq", "series", "business_id", "occurred_at", "recorded_at",
        "what_happened", "prev_hash", "hash",
        "perpetual_sales", "perpetual_returns", "perpetual_net",
    )  # fmt: skip

    @admin.display(description=_("what happened"))
    def what_happened(self, record: JournalRecord) -> str:
        """The very bytes that were hashed, laid out to be read."""
        try:
            said = json.dumps(json.loads(bytes(record.payload)), indent=2, ensure_ascii=False)
        except ValueError:
            return bytes(record.payload).decode(errors="replace")
        return format_html("<pre>{}</pre>", said)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("what_happened",)


def _link(view: str, key: UUID, words: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse(view, args=[key]), words)
