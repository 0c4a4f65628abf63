"""One drawer, one person who answers for it, from float to count."""

from decimal import Decimal
from uuid import UUID

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from people.models import User
from regalpos import ids
from regalpos.ledger import Ledger
from sales.models.register import Register, Tender

NOTHING = Decimal("0")


def _amount() -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(max_digits=15, decimal_places=3, default=NOTHING)


class ShiftQuerySet(models.QuerySet["Shift"]):
    def standing(self) -> "ShiftQuerySet":
        """Shifts that are open now."""
        return self.filter(closed_at=None)


class Shift(models.Model):
    """Open until closed, once. Its running sums are in `ShiftTotals`, so closing is O(1)."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    register = models.ForeignKey(Register, models.PROTECT, related_name="shifts")
    cashier = models.ForeignKey(User, models.PROTECT, related_name="shifts")
    opened_at = models.DateTimeField()
    business_day = models.DateField()
    float_amount = models.DecimalField(max_digits=15, decimal_places=3)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    z_number = models.PositiveIntegerField(null=True, blank=True)
    counted = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True)
    expected = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True)
    variance = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True)
    variance_reason = models.CharField(max_length=200, blank=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ("-opened_at",)
        constraints = (
            UniqueConstraint(
                fields=("register",),
                condition=Q(closed_at=None),
                name="shift_one_open_per_register",
            ),
            UniqueConstraint(
                fields=("cashier",), condition=Q(closed_at=None), name="shift_one_open_per_person"
            ),
            UniqueConstraint(fields=("register", "z_number"), name="shift_one_per_z_number"),
            CheckConstraint(condition=Q(float_amount__gte=0), name="shift_float_not_negative"),
            CheckConstraint(
                condition=Q(closed_at=None, z_number=None)
                | Q(
                    closed_at__isnull=False,
                    z_number__isnull=False,
                    counted__isnull=False,
                    variance=models.F("counted") - models.F("expected"),
                ),
                name="shift_closed_with_a_count",
            ),
        )

    def __str__(self) -> str:
        return f"{self.register_id} {self.opened_at:%Y-%m-%d %H:%M}"


class ShiftTotalsQuerySet(models.QuerySet["ShiftTotals"]):
    def lock(self, shift_id: UUID) -> "ShiftTotals":
        """Lock and return a shift's guard row. Whether it is still open is read after this."""
        return self.select_for_update(no_key=True).get(shift_id=shift_id)


class ShiftTotals(models.Model):
    """The running sums of a shift, one row, written only by `SET n = n + x`. A guard row."""

    shift = models.OneToOneField(Shift, models.PROTECT, primary_key=True, related_name="totals")
    sales = models.PositiveIntegerField(default=0)
    returns = models.PositiveIntegerField(default=0)
    net = _amount()
    tax = _amount()
    discount = _amount()
    total = _amount()
    rounding = _amount()
    returned = _amount()  # The positive sum of what was paid back.
    expected_cash = _amount()  # The drawer: float plus every cash move.
    openings = models.PositiveIntegerField(default=0)  # How often it was opened without a sale.

    objects = ShiftTotalsQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift totals")
        verbose_name_plural = _("shift totals")

    def __str__(self) -> str:
        return str(self.shift_id)


class ShiftTender(models.Model):
    """What one tender brought in during a shift; locked through its `ShiftTotals`."""

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="tenders", db_index=False)
    tender = models.ForeignKey(Tender, models.PROTECT, related_name="+", db_index=False)
    payments = models.PositiveIntegerField(default=0)
    amount = _amount()

    class Meta:
        verbose_name = _("shift tender")
        verbose_name_plural = _("shift tenders")
        constraints = (UniqueConstraint(fields=("shift", "tender"), name="shift_tender_one_row"),)

    def __str__(self) -> str:
        return f"{self.tender_id} {self.amount}"


class CashMove(Ledger):
    """Cash in or out of a drawer. Expected cash is the sum of a shift's moves."""

    class Kind(models.TextChoices):
        FLOAT = "float", _("Float")
        SALE = "sale", _("Sale")
        RETURN = "return", _("Return")
        PAID_IN = "paid_in", _("Paid in")
        PAID_OUT = "paid_out", _("Paid out")
        DROP = "drop", _("Drop")
        EXPENSE = "expense", _("Expense")
        CORRECTION = "correction", _("Correction")

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="cash_moves", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.DecimalField(max_digits=15, decimal_places=3)  # Signed: into the drawer is +.
    reason = models.CharField(max_length=200, blank=True)
    sale = models.ForeignKey(
        "sales.Sale",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cash_moves",
        db_index=False,
    )
    who = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("cash move")
        verbose_name_plural = _("cash moves")
        constraints = (
            CheckConstraint(
                condition=~Q(kind__in=("float", "paid_in")) | Q(amount__gte=0),
                name="cash_in_is_not_negative",
            ),
            CheckConstraint(
                condition=~Q(kind__in=("paid_out", "drop", "expense")) | Q(amount__lt=0),
                name="cash_out_is_negative",
            ),
        )
        indexes = (
            models.Index(fields=("shift", "at"), name="cash_by_shift"),
            # What was done by hand is found without reading the cash of every sale.
            models.Index(
                fields=("shift",),
                condition=Q(kind__in=("paid_in", "paid_out", "drop")),
                name="cash_by_hand",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class DrawerOpening(Ledger):
    """The drawer was opened without a sale: nothing moved, and somebody said why."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="drawer_openings")
    reason = models.CharField(max_length=200)
    who = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("drawer opening")
        verbose_name_plural = _("drawer openings")
        constraints = (CheckConstraint(condition=~Q(reason=""), name="opening_says_why"),)
        indexes = (models.Index(fields=("shift", "at"), name="opening_by_shift"),)

    def __str__(self) -> str:
        return self.reason
