"""Machines and tokens that stand for a person or a till."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.staff import User
from people.models.store import Store
from regalpos import ids


class Device(models.Model):
    """An enrolled till or tablet of one store. Only the hash of its key is kept."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="devices")
    name = models.CharField(_("name"), max_length=60)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return self.name


class RefreshToken(models.Model):
    """One link of a family of refresh tokens. Used once; a second use revokes the family."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    family = models.UUIDField(db_index=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="refresh_tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_by = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("refresh token")
        verbose_name_plural = _("refresh tokens")

    def __str__(self) -> str:
        return str(self.family)


class Throttle(models.Model):
    """How often one thing was tried in one window. A row per key, counted in the database."""

    key = models.CharField(max_length=120, primary_key=True)
    window_started_at = models.DateTimeField()
    tries = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("throttle")
        verbose_name_plural = _("throttles")

    def __str__(self) -> str:
        return self.key
