"""What a product costs the customer, since when, in which currency."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Product
from people.models import Store
from regalpos import ids
from regalpos.ledger import Ledger


class PriceQuerySet(models.QuerySet["Price"]):
    def in_force(self, *, store_id: UUID, currency: str, at: datetime) -> Self:
        """One price a product: the store's own before the currency's, then the latest."""
        rows = self.filter(Q(store_id=store_id) | Q(store=None), currency=currency)
        rows = rows.filter(valid_from__lte=at)
        return rows.order_by(
            "product_id", F("store_id").desc(nulls_last=True), "-valid_from", "-id"
        ).distinct("product_id")


class Price(Ledger):
    """A price from an instant on. Never edited: a new price is a new row."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="prices")
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="prices")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=15, decimal_places=4)
    valid_from = models.DateTimeField()

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = (
            CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
            UniqueConstraint(
                fields=("product", "currency", "store", "valid_from"),
                nulls_distinct=False,
                name="price_one_per_instant",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
