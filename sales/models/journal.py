"""The tamper-evident journal: one chain of records per register."""

from decimal import Decimal
from uuid import UUID

from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _

from people.models import Store
from regalpos.ledger import Ledger
from sales.models.register import Register

NOTHING = Decimal("0")


def _perpetual() -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(max_digits=20, decimal_places=3, default=NOTHING)


class JournalHeadQuerySet(models.QuerySet["JournalHead"]):
    def lock(self, register_id: UUID) -> "JournalHead":
        """Lock and return a register's head: the last lock of every unit that takes it."""
        return self.select_for_update(no_key=True).get(register_id=register_id)


class JournalHead(models.Model):
    """Where a register's chain stands: the only row that its writers wait for.

    A restore starts a new epoch; nothing is ever sealed again.
    """

    register = models.OneToOneField(
        Register, models.PROTECT, primary_key=True, related_name="journal"
    )
    epoch = models.PositiveIntegerField(default=1)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
    last_receipt = models.PositiveBigIntegerField(default=0)
    last_closing = models.PositiveIntegerField(default=0)
    perpetual_sales = _perpetual()
    perpetual_returns = _perpetual()
    perpetual_net = _perpetual()

    objects = JournalHeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal head")
        verbose_name_plural = _("journal heads")

    def __str__(self) -> str:
        return f"{self.register_id} {self.epoch}/{self.seq}"


class JournalRecord(Ledger):
    """The very bytes of what happened, chained by hash to the record before."""

    class Series(models.TextChoices):
        SALE = "sale", _("Sale")
        RETURN = "return", _("Return")
        CASH = "cash", _("Cash")
        CLOSING = "closing", _("Closing")
        COPY = "copy", _("Copy")
        EVENT = "event", _("Event")
        OFFLINE = "offline", _("Offline")

    id = models.BigAutoField(primary_key=True)
    register = models.ForeignKey(Register, models.PROTECT, related_name="records", db_index=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    epoch = models.PositiveIntegerField()
    seq = models.PositiveBigIntegerField()
    series = models.CharField(max_length=8, choices=Series)
    business_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    payload = models.BinaryField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    hash_version = models.PositiveSmallIntegerField(default=1)
    perpetual_sales = _perpetual()
    perpetual_returns = _perpetual()
    perpetual_net = _perpetual()

    class Meta:
        verbose_name = _("journal record")
        verbose_name_plural = _("journal records")
        constraints = (
            UniqueConstraint(fields=("register", "epoch", "seq"), name="record_one_per_seq"),
            UniqueConstraint(
                fields=("business_id", "register", "series"), name="record_one_per_fact"
            ),
        )

    def __str__(self) -> str:
        return f"{self.epoch}/{self.seq} {self.series}"
