"""Who buys here and wants to be known. A walk-in is no row at all."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.salesman import Salesman
from people.models.store import Store
from regalpos import ids


class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    name = models.CharField(_("name"), max_length=100)
    phones = models.JSONField(_("phones"), default=list, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    billing_address = models.JSONField(_("billing address"), default=dict, blank=True)
    shipping_address = models.JSONField(_("shipping address"), default=dict, blank=True)
    national_id = models.CharField(_("national ID"), max_length=40, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    tax_exempt = models.BooleanField(_("tax exempt"), default=False)
    salesman = models.ForeignKey(
        Salesman, models.SET_NULL, null=True, blank=True, related_name="customers"
    )
    home_store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="customers"
    )
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name
