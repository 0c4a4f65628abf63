"""What we can sell: products, their codes and how they are grouped."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Collate, Lower, Upper
from django.utils.translation import gettext_lazy as _

from inventory.models.finding import ProductQuerySet
from people.models import Store, Vendor
from people.models.store import is_percent
from regalpos import ids
from regalpos.barcodes import lookup_key


class Category(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """A class of goods for tax. What it amounts to, where and since when: `TaxPercent`."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    code = models.CharField(
        _("code"), max_length=4, unique=True, help_text=_("The letter on the receipt.")
    )
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class TaxPercent(models.Model):
    """The percent of a tax rate from a day on, in one store or in all."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    rate = models.ForeignKey(TaxRate, models.PROTECT, related_name="percents")
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="+")
    percent = models.DecimalField(_("percent"), max_digits=7, decimal_places=4)
    parts = models.JSONField(
        _("named parts"),
        default=list,
        blank=True,
        help_text=_("For example state and city, each with its percent."),
    )
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("tax percent")
        verbose_name_plural = _("tax percents")
        ordering = ("rate", "-valid_from")
        constraints = (
            UniqueConstraint(
                fields=("rate", "store", "valid_from"),
                nulls_distinct=False,
                name="tax_percent_one_per_day",
            ),
            CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="tax_percent_is_a_percent"
            ),
        )

    def __str__(self) -> str:
        return f"{self.percent}%"

    def clean(self) -> None:
        """The parts can be read, or nothing of this rate could be sold."""
        parts = self.parts if isinstance(self.parts, list) else [None]
        if not all(map(_is_part, parts)):
            words = _('Parts by name, for example [{"name": "State", "percent": "4"}].')
            raise ValidationError({"parts": words})


def _is_part(row: object) -> bool:
    match row:
        case {"name": str(), "percent": percent, **rest}:
            return not rest and is_percent(percent)
    return False


class Product(models.Model):
    """One thing on the shelf, or a service. Its SKU never changes (a trigger of ours keeps it)."""

    class Unit(models.TextChoices):
        EACH = "each", _("each")
        KILOGRAM = "kg", _("kg")
        GRAM = "g", _("g")
        METRE = "m", _("m")
        LITRE = "l", _("l")

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    sku = models.CharField(
        _("SKU"),
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[\x21-\x7e]+$", _("Visible characters, no spaces."))],
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    tax_rate = models.ForeignKey(TaxRate, models.PROTECT, related_name="products")
    markdown_percent = models.DecimalField(
        _("markdown, percent"),
        max_digits=6,
        decimal_places=3,
        default=Decimal("0"),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products"
    )
    brand = models.ForeignKey(Brand, models.PROTECT, null=True, blank=True, related_name="products")
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="products"
    )
    unit = models.CharField(_("unit"), max_length=4, choices=Unit, default=Unit.EACH)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="variants"
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    limited = models.BooleanField(
        _("limited"), default=False, help_text=_("Cannot be sold beyond what is on hand.")
    )
    stocked = models.BooleanField(_("stocked"), default=True)
    minimum_age = models.PositiveSmallIntegerField(_("minimum age"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    image = models.ImageField(_("image"), upload_to="products/", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name", "id")
        constraints = (
            CheckConstraint(
                condition=Q(markdown_percent__gte=0, markdown_percent__lte=100),
                name="product_markdown_is_a_percent",
            ),
            CheckConstraint(condition=~Q(parent=F("id")), name="product_is_not_its_own_parent"),
        )
        # finding.py asks in exactly these expressions; another spelling would miss the index.
        indexes = (
            models.Index(Collate(Lower("name"), "C"), "id", name="product_by_name"),
            models.Index(Collate(Lower("sku"), "C"), name="product_by_sku"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="product_name_trigrams"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def by_piece(self) -> bool:
        """Sold in whole pieces only."""
        return self.unit == self.Unit.EACH


class Barcode(models.Model):
    """A code on a label. `lookup` pads a GTIN to 14, so a UPC-A and its EAN-13 are one code."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(_("code"), max_length=64)
    lookup = models.CharField(max_length=64, unique=True, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="barcodes")
    quantity = models.DecimalField(
        _("quantity per scan"), max_digits=12, decimal_places=3, default=Decimal("1")
    )
    price = models.DecimalField(
        _("own price"),
        max_digits=15,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("What one scan of this pack costs; empty: quantity times the price."),
    )

    class Meta:
        verbose_name = _("barcode")
        verbose_name_plural = _("barcodes")
        ordering = ("id",)
        constraints = (
            CheckConstraint(condition=Q(quantity__gt=0), name="barcode_counts_something"),
            CheckConstraint(condition=~Q(code=""), name="barcode_has_a_code"),
        )

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.lookup = lookup_key(self.code)
        super().save(*args, **kwargs)
