"""Where sales are rung up, and how they can be paid."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from inventory.models import Product
from people.models import Device, Store
from regalpos import ids


class Register(models.Model):
    """A till, an office desk (invoices) or a training till, with a journal chain of its own."""

    class Kind(models.TextChoices):
        TILL = "till", _("Till")
        OFFICE = "office", _("Office")
        TRAINING = "training", _("Training")

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="registers")
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=40)
    device = models.ForeignKey(Device, models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.TILL)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("register")
        verbose_name_plural = _("registers")
        ordering = ("store", "number")
        constraints = (
            UniqueConstraint(fields=("store", "number"), name="register_one_per_number"),
            UniqueConstraint(
                fields=("store",), condition=Q(kind="office"), name="register_one_office_per_store"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Tender(models.Model):
    """A way to pay, the same for every store."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=40)
    in_drawer = models.BooleanField(_("counts in the drawer"), default=False)
    opens_drawer = models.BooleanField(_("opens the drawer"), default=False)
    may_exceed = models.BooleanField(_("may exceed what is due"), default=False)
    refundable = models.BooleanField(_("can be paid back"), default=True)
    rounds = models.BooleanField(_("rounds to the smallest coin"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("tender")
        verbose_name_plural = _("tenders")
        ordering = ("position", "code")
        constraints = (
            CheckConstraint(
                condition=Q(may_exceed=False) | Q(in_drawer=True), name="tender_change_is_cash"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Favourite(models.Model):
    """A tile of a store's tills: its number, typed with Enter, and what it adds."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField(_("number"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        ordering = ("store", "number")
        constraints = (
            UniqueConstraint(fields=("store", "number"), name="favourite_one_per_number"),
            UniqueConstraint(fields=("store", "product"), name="favourite_one_per_product"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.product_id}"
