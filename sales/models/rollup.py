"""Sums that are kept as sales come, so that reports read few rows, however long the history.

Nothing here is evidence: each figure can be computed again from the ledgers, and `audit` does.
"""

from decimal import Decimal

from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _

from inventory.models import Product
from people.models import Store
from sales.models.register import Register

NOTHING = Decimal("0")


def _amount() -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(max_digits=15, decimal_places=3, default=NOTHING)


class ProductDay(models.Model):
    """What one store sold of one product on one business day, less what came back.

    Written with the product's stock level locked, in product order.
    """

    id = models.BigAutoField(primary_key=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    business_day = models.DateField()
    sold = _amount()  # In the product's unit.
    returned = _amount()  # Likewise, above zero.
    net = _amount()
    tax = _amount()
    discount = _amount()
    total = _amount()
    # Of what was sold less what came back; unit cost times quantity, exactly.
    cost = models.DecimalField(max_digits=22, decimal_places=7, default=NOTHING)

    class Meta:
        verbose_name = _("product's day")
        verbose_name_plural = _("products' days")
        constraints = (
            UniqueConstraint(
                fields=("store", "business_day", "product"), name="product_day_one_row"
            ),
        )

    def __str__(self) -> str:
        return f"{self.product_id} {self.business_day}"


class RegisterDay(models.Model):
    """What one register took on one business day. Written with its journal head locked."""

    id = models.BigAutoField(primary_key=True)
    register = models.ForeignKey(Register, models.PROTECT, related_name="days", db_index=False)
    business_day = models.DateField()
    sales = models.PositiveIntegerField(default=0)  # Exchanges are sales, too.
    returns = models.PositiveIntegerField(default=0)
    net = _amount()
    tax = _amount()
    discount = _amount()
    total = _amount()
    payable = _amount()
    refunded = _amount()  # What returns paid back, above zero.

    class Meta:
        verbose_name = _("register's day")
        verbose_name_plural = _("registers' days")
        constraints = (
            UniqueConstraint(fields=("register", "business_day"), name="register_day_one_row"),
        )

    def __str__(self) -> str:
        return f"{self.register_id} {self.business_day}"
