"""A posted sale: what was sold, to whom, for how much and how it was paid. Never changed."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from inventory.models import Product
from people.models import Customer, Device, Salesman, Store, User
from regalpos import ids
from regalpos.ledger import Ledger
from sales.models.register import Register, Tender
from sales.models.shift import Shift

NOTHING = Decimal("0")


def _amount() -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(max_digits=15, decimal_places=3)


class SaleAttempt(models.Model):
    """The key of one try to pay, kept for ever with the body's hash and the answer.

    posted, refused and abandoned are final: a late copy of the request replays the answer.
    """

    class State(models.TextChoices):
        POSTED = "posted", _("Posted")
        REFUSED = "refused", _("Refused")
        ABANDONED = "abandoned", _("Abandoned")

    id = models.UUIDField(primary_key=True, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+", db_index=False)
    body = models.JSONField()
    body_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("sale attempt")
        verbose_name_plural = _("sale attempts")
        constraints = (
            CheckConstraint(
                condition=Q(state__in=("posted", "refused", "abandoned")),
                name="attempt_state_is_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class Quote(models.Model):
    """A bill promised for five minutes: its prices stand and its limited stock is held."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    register = models.ForeignKey(Register, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    lines = models.JSONField()  # The priced lines, amounts as strings.
    lines_hash = models.CharField(max_length=64)  # Of what was asked: products and quantities.
    total = _amount()
    currency = models.CharField(max_length=3)
    made_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")

    def __str__(self) -> str:
        return f"{self.total} {self.currency}"


class Sale(Ledger):
    """One posted document. A return is a sale whose lines all return; an exchange has both signs.

    payable = total + rounding = sum of payments; total = net + tax = sum of the lines' totals.
    """

    class Kind(models.TextChoices):
        SALE = "sale", _("Sale")
        RETURN = "return", _("Return")
        EXCHANGE = "exchange", _("Exchange")

    class Source(models.TextChoices):
        TILL = "till", _("Till")
        QUICK = "quick", _("Quick Sell")
        API = "api", _("API")
        INVOICE = "invoice", _("Invoice")
        OFFLINE = "offline", _("Offline")

    id = models.UUIDField(primary_key=True, editable=False)  # The attempt's id.
    kind = models.CharField(max_length=8, choices=Kind)
    store = models.ForeignKey(Store, models.PROTECT, related_name="sales", db_index=False)
    register = models.ForeignKey(Register, models.PROTECT, related_name="sales", db_index=False)
    shift = models.ForeignKey(
        Shift, models.PROTECT, null=True, related_name="sales", db_index=False
    )
    cashier = models.ForeignKey(User, models.PROTECT, related_name="sales", db_index=False)
    salesman = models.ForeignKey(
        Salesman, models.PROTECT, null=True, related_name="sales", db_index=False
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="sales", db_index=False
    )
    currency = models.CharField(max_length=3)
    prices_include_tax = models.BooleanField()
    rules_version = models.PositiveIntegerField()
    epoch = models.PositiveIntegerField()
    number = models.PositiveBigIntegerField()  # Without gaps per register and epoch.
    receipt_number = models.CharField(max_length=40)
    net = _amount()
    tax = _amount()
    discount = _amount()
    total = _amount()
    rounding = _amount()
    payable = _amount()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    business_day = models.DateField()
    source = models.CharField(max_length=8, choices=Source)
    body_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        constraints = (
            UniqueConstraint(
                fields=("register", "epoch", "number"), name="sale_one_per_receipt_number"
            ),
            # A constraint, for `unique=True` brings a second index, for LIKE, which nobody asks.
            UniqueConstraint(fields=("receipt_number",), name="sale_receipt_number_once"),
            CheckConstraint(
                condition=Q(total=F("net") + F("tax")), name="sale_total_is_net_and_tax"
            ),
            CheckConstraint(
                condition=Q(payable=F("total") + F("rounding")),
                name="sale_payable_is_rounded_total",
            ),
        )
        indexes = (
            models.Index(fields=("store", "-occurred_at"), name="sale_by_store"),
            models.Index(fields=("shift", "-number"), name="sale_by_shift"),
            models.Index(fields=("-occurred_at",), name="sale_by_time"),
        )

    def __str__(self) -> str:
        return self.receipt_number


class SaleLine(Ledger):
    """One line of a sale, with every figure that was true at the moment of sale."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SERVICE = "service", _("Service")
        OPEN = "open", _("Open price")
        GIFT_CARD = "gift_card", _("Gift card")
        DEPOSIT = "deposit", _("Deposit")
        FEE = "fee", _("Fee")
        TIP = "tip", _("Tip")

    class Basis(models.TextChoices):
        UNIT = "unit", _("Unit price")
        LABEL = "label", _("Label price")

    class Disposition(models.TextChoices):
        RESTOCK = "restock", _("Back to stock")
        DAMAGED = "damaged", _("Damaged")
        WRITE_OFF = "write_off", _("Written off")

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.GOODS)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, related_name="sale_lines", db_index=False
    )
    description = models.CharField(max_length=200)
    sku = models.CharField(max_length=50, blank=True)
    unit = models.CharField(max_length=4)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)  # Signed: a return is below 0.
    list_price = models.DecimalField(max_digits=15, decimal_places=4)
    unit_price = models.DecimalField(max_digits=15, decimal_places=4)
    price_basis = models.CharField(max_length=5, choices=Basis, default=Basis.UNIT)
    discount = _amount()
    discount_reason = models.CharField(max_length=200, blank=True)
    net = _amount()
    tax_code = models.CharField(max_length=4)
    tax_percent = models.DecimalField(max_digits=7, decimal_places=4)
    tax_parts = models.JSONField(default=list)
    tax = _amount()
    total = _amount()
    cost = models.DecimalField(max_digits=15, decimal_places=4, default=NOTHING)  # Per unit.
    salesman = models.ForeignKey(
        Salesman, models.PROTECT, null=True, related_name="+", db_index=False
    )
    returns = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="returned_by", db_index=False
    )
    reason = models.CharField(max_length=200, blank=True)
    disposition = models.CharField(max_length=9, choices=Disposition, blank=True)

    class Meta:
        verbose_name = _("sale line")
        verbose_name_plural = _("sale lines")
        ordering = ("number",)
        constraints = (
            UniqueConstraint(fields=("sale", "number"), name="sale_line_one_per_number"),
            CheckConstraint(condition=~Q(quantity=0), name="sale_line_sells_something"),
            CheckConstraint(
                condition=Q(total=F("net") + F("tax")), name="sale_line_total_is_net_and_tax"
            ),
            CheckConstraint(
                condition=Q(returns=None) | Q(quantity__lt=0), name="sale_line_return_is_negative"
            ),
            CheckConstraint(
                condition=Q(product__isnull=False) | ~Q(kind__in=("goods", "service")),
                name="sale_line_goods_name_a_product",
            ),
        )
        indexes = (
            models.Index(
                fields=("returns",), name="line_by_returned", condition=Q(returns__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} {self.description}"

    @property
    def by_piece(self) -> bool:
        """Sold in whole pieces, as it was then: so it comes back."""
        return self.unit == Product.Unit.EACH


class ReturnedQuantity(models.Model):
    """How much of a sold line came back. The guard row that returns lock."""

    line = models.OneToOneField(SaleLine, models.PROTECT, primary_key=True, related_name="returned")
    sold = models.DecimalField(max_digits=12, decimal_places=3)
    returned = models.DecimalField(max_digits=12, decimal_places=3, default=NOTHING)

    class Meta:
        verbose_name = _("returned quantity")
        verbose_name_plural = _("returned quantities")
        constraints = (
            CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("sold")),
                name="returned_never_beyond_sold",
            ),
        )

    def __str__(self) -> str:
        return f"{self.returned} of {self.sold}"


class Payment(Ledger):
    """What one tender brought to a sale: kept amount, what was handed over, the change."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="payments", db_index=False)
    number = models.PositiveSmallIntegerField()
    tender = models.ForeignKey(Tender, models.PROTECT, related_name="payments", db_index=False)
    amount = _amount()  # Signed; money paid back is negative.
    handed_over = _amount()
    change = _amount()
    reference = models.CharField(max_length=64, blank=True)
    last4 = models.CharField(max_length=4, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = (
            UniqueConstraint(fields=("sale", "number"), name="payment_one_per_number"),
            CheckConstraint(
                condition=Q(amount=F("handed_over") - F("change")), name="payment_keeps_less_change"
            ),
            CheckConstraint(condition=Q(change__gte=0), name="payment_change_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.tender_id} {self.amount}"
