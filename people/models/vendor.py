"""Who we buy from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from regalpos import ids


class Vendor(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    contact_name = models.CharField(_("contact"), max_length=100, blank=True)
    phones = models.JSONField(_("phones"), default=list, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.TextField(_("address"), blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    payment_days = models.PositiveSmallIntegerField(_("payment terms, days"), default=30)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
