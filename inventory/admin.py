"""Goods and shelves in the office: groups and rules to edit; products and stock to look at.

Products, prices and stock have screens of their own, with use cases behind them: links lead there.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inventory.models import (
    Barcode,
    Brand,
    Category,
    Price,
    Product,
    StockLevel,
    StockMove,
    StockRule,
    TaxPercent,
    TaxRate,
)
from people.office import OfficeAdmin, office
from people.permissions import Permission


@admin.register(Category, site=office)
class CategoryAdmin(OfficeAdmin):
    """Groups of products, in the order in which the till shows them."""

    sees = Permission.SEE_PRODUCTS
    edits = Permission.EDIT_PRODUCTS
    list_display = ("name", "parent", "position")
    search_fields = ("name",)


@admin.register(Brand, site=office)
class BrandAdmin(OfficeAdmin):
    """Who makes what we sell."""

    sees = Permission.SEE_PRODUCTS
    edits = Permission.EDIT_PRODUCTS
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(TaxRate, site=office)
class TaxRateAdmin(OfficeAdmin):
    """Classes of goods for tax."""

    sees = Permission.SEE_PRODUCTS
    edits = Permission.MANAGE_STORES
    list_display = ("code", "name")


@admin.register(TaxPercent, site=office)
class TaxPercentAdmin(OfficeAdmin):
    """What a tax rate amounts to, and since when. Once in force it stays: a change is a new one."""

    sees = Permission.SEE_PRODUCTS
    edits = Permission.MANAGE_STORES
    list_display = ("rate", "store", "percent", "valid_from")
    list_filter = ("rate", "store")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        still_ahead = obj is None or obj.valid_from > timezone.localdate()
        return still_ahead and super().has_change_permission(request)


@admin.register(StockRule, site=office)
class StockRuleAdmin(OfficeAdmin):
    """When to order a product for a store, and where it lies there."""

    sees = Permission.SEE_STOCK
    edits = Permission.EDIT_PRODUCTS
    store_path = "store"
    list_display = ("product", "store", "reorder_point", "reorder_to", "bin")
    list_filter = ("store",)
    list_select_related = ("product", "store")
    search_fields = ("product__name", "product__sku", "bin")
    autocomplete_fields = ("product",)


@admin.register(Product, site=office)
class ProductAdmin(OfficeAdmin):
    """The catalogue. It is changed on the products' screens."""

    sees = Permission.SEE_PRODUCTS
    list_display = ("name", "sku", "category", "brand", "unit", "active", "page")
    list_filter = ("active", "limited", "category")
    list_select_related = ("category", "brand")
    search_fields = ("name", "sku")
    show_full_result_count = False

    @admin.display(description=_("Screen"))
    def page(self, product: Product) -> str:
        return _link("inventory:product", product.sku, product.name)


@admin.register(Barcode, site=office)
class BarcodeAdmin(OfficeAdmin):
    """Codes, and what they mean. They are changed on the product's screen."""

    sees = Permission.SEE_PRODUCTS
    list_display = ("code", "product", "quantity", "page")
    list_select_related = ("product",)
    search_fields = ("code", "lookup")
    show_full_result_count = False

    @admin.display(description=_("Screen"))
    def page(self, barcode: Barcode) -> str:
        return _link("inventory:product", barcode.product.sku, barcode.product.name)


@admin.register(Price, site=office)
class PriceAdmin(OfficeAdmin):
    """Every price there ever was. A new one is set on the product's screen."""

    sees = Permission.SEE_PRODUCTS
    list_display = ("product", "store", "amount", "currency", "valid_from", "page")
    list_filter = ("store", "currency")
    list_select_related = ("product", "store")
    search_fields = ("product__name", "product__sku")
    show_full_result_count = False

    @admin.display(description=_("Screen"))
    def page(self, price: Price) -> str:
        return _link("inventory:product", price.product.sku, price.product.name)


@admin.register(StockLevel, site=office)
class StockLevelAdmin(OfficeAdmin):
    """How much is where. It changes by movements only."""

    sees = Permission.SEE_STOCK
    store_path = "store"
    list_display = ("product", "store", "on_hand", "average_cost", "strict", "page")
    list_filter = ("store", "strict")
    list_select_related = ("product", "store")
    search_fields = ("product__name", "product__sku")
    show_full_result_count = False

    @admin.display(description=_("Screen"))
    def page(self, level: StockLevel) -> str:
        address = reverse("inventory:item", args=[level.product.sku])
        words = level.product.name
        return format_html('<a href="{}?store={}">{}</a>', address, level.store.code, words)


@admin.register(StockMove, site=office)
class StockMoveAdmin(OfficeAdmin):
    """Every movement, in the order in which it happened. Written once."""

    sees = Permission.SEE_STOCK
    store_path = "level__store"
    list_display = ("at", "product", "store", "kind", "quantity", "balance", "who", "reason")
    list_filter = ("kind", "level__store")
    list_select_related = ("level__product", "level__store", "who")
    search_fields = ("level__product__sku", "source_id")
    date_hierarchy = "at"
    ordering = ("-id",)
    show_full_result_count = False

    @admin.display(description=_("product"))
    def product(self, move: StockMove) -> str:
        return move.level.product.name

    @admin.display(description=_("store"))
    def store(self, move: StockMove) -> str:
        return move.level.store.name


def _link(view: str, sku: str, words: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse(view, args=[sku]), words)
