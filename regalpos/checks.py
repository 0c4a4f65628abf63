"""What `manage.py check --deploy` and `serve` ask of the database, beyond Django's own checks."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db.backends.base.base import BaseDatabaseWrapper

PROMISES = ("fsync", "synchronous_commit", "full_page_writes")


@register(Tags.security, deploy=True)
def roles_are_apart(**kwargs: Any) -> list[CheckMessage]:
    """The app must not own what it writes: an owner can drop the triggers that guard ledgers."""
    if settings.DATABASES["default"]["USER"] != settings.DATABASES["owner"]["USER"]:
        return []
    return [
        Warning(
            "One database role both serves and owns the tables.",
            hint="Set DATABASE_OWNER_URL to a role that migrates, DATABASE_URL to one that serves.",
            id="regalpos.W001",
        )
    ]


def most_connections(connection: BaseDatabaseWrapper) -> int:
    """How many connections this server has for the likes of us."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        return int(cursor.fetchone()[0])


def broken_promises(connection: BaseDatabaseWrapper) -> list[str]:
    """The settings by which this server may forget a sale it has confirmed, as `name = value`."""
    with connection.cursor() as cursor:
        found = {}
        for name in PROMISES:
            cursor.execute("SELECT current_setting(%s)", [name])
            found[name] = cursor.fetchone()[0]
    return [f"{name} = {value}" for name, value in found.items() if value == "off"]
