"""What is on the shelf, and every movement that made it so."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Product
from people.models import Store, User
from regalpos import statements
from regalpos.ledger import Ledger

NOTHING = Decimal("0")

_COLUMNS = ["id", "product_id", "store_id", "on_hand", "average_cost", "strict", "version"]
_LOCK = f"""
SELECT {", ".join(_COLUMNS)} FROM inventory_stocklevel
WHERE store_id = %(store)s AND product_id = ANY(%(products)s::uuid[])
ORDER BY product_id
FOR NO KEY UPDATE
"""  # noqa: S608  (columns of ours)

_HELD = """
SELECT product_id, sum(quantity) FROM inventory_stockhold
WHERE store_id = %(store)s AND product_id = ANY(%(products)s::uuid[]) AND until > %(at)s
  AND holder IS DISTINCT FROM %(holder)s::uuid
GROUP BY product_id
"""


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    def lock(self, *, store_id: UUID, product_ids: Iterable[UUID]) -> dict[UUID, "StockLevel"]:
        """Lock and return a store's levels by product id. The one door to stock locks.

        Rows are locked in product order, FOR NO KEY UPDATE, so no two units can deadlock.
        """
        rows = statements.rows(_LOCK, store=store_id, products=list(product_ids))
        levels = [self.model.from_db(self.db, _COLUMNS, row) for row in rows]
        return {level.product_id: level for level in levels}

    def running_low(self) -> Self:
        """Levels at or under their reorder point."""
        return self.filter(
            product__stock_rules__store_id=F("store_id"),
            on_hand__lte=F("product__stock_rules__reorder_point"),
        )

    def none_left(self) -> Self:
        return self.filter(on_hand__lte=0)


class StockLevel(models.Model):
    """How much of a product a store holds. Written only with its move, by `move_stock`.

    On hand = the sum of its moves. `strict` copies the product's `limited`, so that the database
    itself refuses to oversell. `version` counts the moves: screens drop what is older.
    """

    id = models.BigAutoField(primary_key=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="levels")
    store = models.ForeignKey(Store, models.PROTECT, related_name="levels", db_index=False)
    on_hand = models.DecimalField(max_digits=12, decimal_places=3, default=NOTHING)
    average_cost = models.DecimalField(max_digits=15, decimal_places=4, default=NOTHING)
    strict = models.BooleanField(default=False)
    version = models.BigIntegerField(default=0)

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        constraints = (
            UniqueConstraint(fields=("store", "product"), name="level_one_per_product_and_store"),
            CheckConstraint(
                condition=Q(on_hand__gte=0) | Q(strict=False), name="level_strict_never_below_zero"
            ),
            CheckConstraint(condition=Q(average_cost__gte=0), name="level_cost_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.product_id} {self.on_hand}"


class StockRule(models.Model):
    """When to order a product for a store, and up to how much."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="stock_rules")
    store = models.ForeignKey(Store, models.CASCADE, related_name="+")
    reorder_point = models.DecimalField(_("reorder point"), max_digits=12, decimal_places=3)
    reorder_to = models.DecimalField(_("reorder to"), max_digits=12, decimal_places=3)
    bin = models.CharField(_("shelf or bin"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("stock rule")
        verbose_name_plural = _("stock rules")
        constraints = (
            UniqueConstraint(fields=("product", "store"), name="rule_one_per_product_and_store"),
            CheckConstraint(
                condition=Q(reorder_point__gte=0, reorder_to__gte=F("reorder_point")),
                name="rule_orders_upwards",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reorder_point} -> {self.reorder_to}"


class LotLevel(models.Model):
    """The part of a level that belongs to one lot."""

    id = models.BigAutoField(primary_key=True)
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="lots")
    lot = models.CharField(max_length=50)
    expires_on = models.DateField(null=True, blank=True)
    on_hand = models.DecimalField(max_digits=12, decimal_places=3, default=NOTHING)

    class Meta:
        verbose_name = _("lot level")
        verbose_name_plural = _("lot levels")
        constraints = (UniqueConstraint(fields=("level", "lot"), name="lot_one_per_level"),)

    def __str__(self) -> str:
        return self.lot


class StockHoldQuerySet(models.QuerySet["StockHold"]):
    def held_by_others(
        self, *, store_id: UUID, product_ids: Iterable[UUID], holder: UUID | None, at: datetime
    ) -> dict[UUID, Decimal]:
        """How much of each product other quotes hold. Read it after locking the levels."""
        rows = statements.rows(
            _HELD, store=store_id, products=list(product_ids), holder=holder, at=at
        )
        return dict(rows)


class StockHold(models.Model):
    """Limited stock kept for a quote whose customer is paying now."""

    id = models.BigAutoField(primary_key=True)
    holder = models.UUIDField()  # The quote's id; a lower floor keeps no key upward.
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    until = models.DateTimeField()

    objects = StockHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock hold")
        verbose_name_plural = _("stock holds")
        constraints = (
            UniqueConstraint(fields=("holder", "product"), name="hold_one_per_product"),
            CheckConstraint(condition=Q(quantity__gt=0), name="hold_keeps_something"),
        )
        indexes = (models.Index(fields=("store", "product", "until"), name="hold_by_product"),)

    def __str__(self) -> str:
        return f"{self.quantity} until {self.until}"


class StockMove(Ledger):
    """One change to one level, written once. A mistake is corrected by another move."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Received")
        SALE = "sale", _("Sold")
        RETURN = "return", _("Returned")
        ADJUSTMENT = "adjustment", _("Adjusted")
        COUNT = "count", _("Counted")
        TRANSFER_OUT = "transfer_out", _("Sent")
        TRANSFER_IN = "transfer_in", _("Arrived")
        WRITE_OFF = "write_off", _("Written off")

    id = models.BigAutoField(primary_key=True)
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="moves", db_index=False)
    lot = models.ForeignKey(
        LotLevel, models.PROTECT, null=True, blank=True, related_name="moves", db_index=False
    )
    quantity = models.DecimalField(max_digits=12, decimal_places=3)  # Signed, in product units.
    balance = models.DecimalField(max_digits=12, decimal_places=3)  # On hand after this move.
    kind = models.CharField(max_length=12, choices=Kind)
    unit_cost = models.DecimalField(max_digits=15, decimal_places=4, default=NOTHING)
    bin = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    source_type = models.CharField(max_length=20)  # sale, receipt, adjustment ...
    source_id = models.UUIDField()
    source_line = models.PositiveIntegerField(default=0)
    who = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("stock move")
        verbose_name_plural = _("stock moves")
        constraints = (
            CheckConstraint(condition=~Q(quantity=0), name="move_changes_something"),
            CheckConstraint(
                condition=~Q(kind__in=("sale", "transfer_out", "write_off")) | Q(quantity__lt=0),
                name="move_out_takes_stock",
            ),
            CheckConstraint(
                condition=~Q(kind__in=("receipt", "return", "transfer_in")) | Q(quantity__gt=0),
                name="move_in_brings_stock",
            ),
            UniqueConstraint(
                fields=("source_id", "source_type", "source_line", "kind", "level", "lot"),
                nulls_distinct=False,
                name="move_has_one_source",
            ),
        )
        indexes = (models.Index(fields=("level", "-id"), name="move_by_level"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"
