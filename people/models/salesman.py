"""Who earns a commission on what is sold."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

from people.models.staff import User
from regalpos import ids


class Salesman(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    commission_percent = models.DecimalField(
        _("commission, percent"), max_digits=6, decimal_places=3, default=Decimal("0")
    )
    user = models.OneToOneField(
        User, models.SET_NULL, null=True, blank=True, related_name="salesman"
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("salesman")
        verbose_name_plural = _("salesmen")
        ordering = ("code",)
        constraints = (
            CheckConstraint(
                condition=Q(commission_percent__gte=0, commission_percent__lte=100),
                name="salesman_commission_is_a_percent",
            ),
        )

    def __str__(self) -> str:
        return self.name
