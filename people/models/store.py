"""A shop, and the rules it trades by."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from regalpos import ids
from regalpos.ledger import Ledger


def known_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a known time zone."), params={"name": name})


def is_percent(value: object) -> bool:
    """Whether this, as JSON has it, is a percent."""
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        return False
    return percent.is_finite() and 0 <= percent <= 100


class Store(models.Model):
    """One shop. Its code stands on every receipt; its currency on every price and document."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    code = models.CharField(
        _("code"),
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9]{2,6}$", _("Two to six capitals or digits."))],
        help_text=_("Short, on every receipt. Cannot change once something was sold."),
    )
    name = models.CharField(_("name"), max_length=100)
    address = models.TextField(_("address"), blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="UTC", validators=[known_time_zone]
    )
    day_ends_at = models.PositiveSmallIntegerField(
        _("day ends at"),
        default=4,
        validators=[MaxValueValidator(12)],
        help_text=_("The hour after midnight until which a sale belongs to the day before."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}$"), MinLengthValidator(3)],
    )
    language = models.CharField(_("language"), max_length=8, default="en")
    receipt_header = models.TextField(_("receipt header"), blank=True)
    receipt_footer = models.TextField(_("receipt footer"), blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ("code",)
        constraints = (
            CheckConstraint(condition=Q(day_ends_at__lte=12), name="store_day_ends_by_noon"),
            CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="store_currency_is_iso"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def business_day(self, at: datetime) -> date:
        """The day that an instant belongs to here: local time less the cut-off hour."""
        local = at.astimezone(UTC).astimezone(ZoneInfo(self.time_zone))
        return (local - timedelta(hours=self.day_ends_at)).date()


class StoreRules(Ledger):
    """How a store trades, from one instant on. A change is a new version; sales name theirs."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="rules")
    version = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    cash_step = models.DecimalField(
        _("cash rounding step"),
        max_digits=15,
        decimal_places=3,
        default=Decimal("0"),
        help_text=_("The smallest coin, for example 0.05. Zero: cash is not rounded."),
    )
    discount_limits = models.JSONField(_("discount limits"), default=dict, blank=True)
    refund_limit = models.DecimalField(
        _("refund limit"), max_digits=15, decimal_places=3, null=True, blank=True
    )
    shared_drawers = models.BooleanField(_("shared drawers"), default=False)
    blind_count = models.BooleanField(_("blind count"), default=True)
    barcode_patterns = models.JSONField(_("barcode patterns"), default=list, blank=True)

    class Meta:
        verbose_name = _("store rules")
        verbose_name_plural = _("store rules")
        ordering = ("store", "-version")
        constraints = (
            UniqueConstraint(fields=("store", "version"), name="rules_one_per_version"),
            CheckConstraint(condition=Q(cash_step__gte=0), name="rules_cash_step_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.store_id} v{self.version}"

    def clean(self) -> None:
        """What tills compute with can be read: rules are never edited, and every sale asks them."""
        broken: dict[str, Any] = {}
        limits, patterns = self.discount_limits, self.barcode_patterns
        if not isinstance(limits, dict) or not all(map(is_percent, limits.values())):
            broken["discount_limits"] = _('Percents by role, for example {"cashier": "10"}.')
        if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
            broken["barcode_patterns"] = _('A list of patterns, for example ["21PPPPPWWWWWC"].')
        if broken:
            raise ValidationError(broken)

    def discount_limit(self, role: str) -> Decimal:
        """The largest percent off a line that a role may give alone. Admins have no limit."""
        limits: dict[str, Any] = self.discount_limits
        return Decimal(str(limits.get(role, "100" if role == "admin" else "0")))
