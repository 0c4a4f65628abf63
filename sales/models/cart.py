"""The sale being written: the one mutable document, and the steps that made it."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from inventory.models import Product
from people.models import Customer, Salesman, Store, User
from regalpos import ids
from regalpos.ledger import Ledger
from sales.models.register import Register


class Cart(models.Model):
    """A basket at one register. Its id is in the URL: two tabs are two views of one row.

    Pressing pay freezes it and mints `attempt`, the id of the sale to be. While that attempt is
    unknown the cart cannot change; a refusal or an abandon ends the attempt, and the cart goes on.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PARKED = "parked", _("Parked")
        SOLD = "sold", _("Sold")
        ABANDONED = "abandoned", _("Abandoned")

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    register = models.ForeignKey(Register, models.PROTECT, related_name="carts", db_index=False)
    cashier = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    salesman = models.ForeignKey(
        Salesman, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    name = models.CharField(max_length=40, blank=True)
    attempt = models.UUIDField(null=True, blank=True)
    attempt_body = models.JSONField(null=True, blank=True)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = (
            UniqueConstraint(
                fields=("register",), condition=Q(state="open"), name="cart_one_open_per_register"
            ),
            CheckConstraint(
                condition=Q(attempt=None) | Q(attempt_body__isnull=False),
                name="cart_attempt_is_frozen",
            ),
        )
        indexes = (
            models.Index(fields=("store",), name="cart_parked", condition=Q(state="parked")),
            models.Index(
                fields=("attempt",), name="cart_by_attempt", condition=Q(attempt__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class CartLine(models.Model):
    """What the customer wants, without prices: those are the server's at the moment of sale."""

    id = models.BigAutoField(primary_key=True)
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()  # Order of first scan; never reused in a cart.
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    barcode = models.CharField(max_length=64, blank=True)
    discount_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    discount_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ("number",)
        constraints = (
            UniqueConstraint(fields=("cart", "number"), name="cart_line_one_per_number"),
            CheckConstraint(condition=~Q(quantity=Decimal(0)), name="cart_line_wants_something"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} {self.product_id}"


class CartStep(Ledger):
    """One scan, tap, void or undo. Its client-made id makes a repeated one add nothing."""

    class Kind(models.TextChoices):
        ADD = "add", _("Added")
        SET = "set", _("Quantity set")
        REMOVE = "remove", _("Removed")
        UNDO = "undo", _("Undone")
        CUSTOMER = "customer", _("Customer")
        PARK = "park", _("Parked")
        RECALL = "recall", _("Recalled")

    id = models.UUIDField(primary_key=True, editable=False)
    cart = models.ForeignKey(Cart, models.PROTECT, related_name="steps", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    line = models.PositiveIntegerField(null=True)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, related_name="+", db_index=False
    )
    code = models.CharField(max_length=64, blank=True)
    before = models.DecimalField(max_digits=12, decimal_places=3, default=Decimal(0))
    after = models.DecimalField(max_digits=12, decimal_places=3, default=Decimal(0))
    who = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        verbose_name = _("cart step")
        verbose_name_plural = _("cart steps")
        indexes = (models.Index(fields=("cart", "-at"), name="step_by_cart"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.line}"
