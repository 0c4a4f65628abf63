"""The project as an app: its commands, template tags and checks, and rights after migrating."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate


class RegalposConfig(AppConfig):
    """RegalPOS itself."""

    name = "regalpos"
    verbose_name = "RegalPOS"

    def ready(self) -> None:
        """Checks are registered; every migrate ends with each role having its rights."""
        from regalpos import checks  # noqa: F401  (registers itself)

        # Sent once for each app that has models, after all migrations: any one of them will do.
        post_migrate.connect(_give_rights, sender=apps.get_app_config("contenttypes"))


def _give_rights(*, using: str, **kwargs: Any) -> None:
    from regalpos.grants import apply_grants

    apply_grants(connections[using])
