"""Who did what to which record, before and after, when and from where."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models.device import Device
from people.models.staff import User
from people.models.store import Store
from regalpos.ledger import Ledger


class AuditEvent(Ledger):
    """One critical action, written in the transaction of the action itself.

    Written only by `people.services.trail.record()`. No audit, no change.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=10, blank=True)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("store", "-id"), name="audit_by_store"),
            models.Index(fields=("subject_type", "subject_id", "-id"), name="audit_by_subject"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"
