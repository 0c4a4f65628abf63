"""The project as an app: its commands, template tags and checks, and rights after migrating."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class RegalposConfig(AppConfig):
    """RegalPOS itself."""

    name = "regalpos"
    verbose_name = "RegalPOS"

    def ready(self) -> None:
        """Checks are registered; every migrate ends with each role having its rights."""
        from regalpos import checks  # noqa: F401  (registers itself)

        post_migrate.connect(_give_rights, sender=self)


def _give_rights(*, using: str, **kwargs: Any) -> None:
    from regalpos.grants import apply_grants

    apply_grants(connections[using])
