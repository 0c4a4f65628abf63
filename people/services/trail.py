"""The audit trail: no record, no change."""

from typing import Any
from uuid import UUID

from django.db import models

from people.access import Actor
from people.models import AuditEvent
from people.permissions import PERSONAL

HIDDEN = "(personal)"


def record(
    action: str,
    *,
    actor: Actor | None,
    subject: models.Model | tuple[str, str],
    store_id: UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    address: str = "",
) -> None:
    """The action is on record, in the caller's transaction: both are kept, or neither.

    `before` and `after` hold JSON-able facts. Personal columns are kept as changed, without what
    they said. `address` is for what nobody signed in has done. Call inside a transaction.
    """
    kind, key = subject if isinstance(subject, tuple) else (subject._meta.label, str(subject.pk))
    AuditEvent.objects.create(
        actor_id=actor.user_id if actor else None,
        role=actor.role if actor else "",
        store_id=store_id,
        action=action,
        subject_type=kind,
        subject_id=key,
        before=_without_personal(kind, before),
        after=_without_personal(kind, after),
        request_id=actor.request_id if actor else "",
        address=actor.address if actor else address,
    )


def _without_personal(kind: str, facts: dict[str, Any] | None) -> dict[str, Any] | None:
    hidden = PERSONAL.get(kind)
    if facts is None or not hidden:
        return facts
    return {name: HIDDEN if name in hidden else value for name, value in facts.items()}
