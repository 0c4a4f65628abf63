"""What `check --deploy` and `serve` ask of the people in the database."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import DatabaseError


@register(Tags.security, deploy=True)
def demo_people_stay_in_the_demo(**kwargs: Any) -> list[CheckMessage]:
    """Everybody knows a demo person's password: they belong in a demo on its own machine."""
    try:
        strangers = demo_people()
    except DatabaseError as error:
        # Not a fault of the deployment: without a database `serve` opens for nobody.
        return [Info(f"Cannot look for demo people: {error}", id="people.I001")]
    if settings.DEMO or not strangers:
        return []
    return [
        Error(
            f"Demo people are in this database: {', '.join(strangers)}.",
            hint="Set the shop up in an empty database: `manage.py setup`.",
            id="people.E001",
        )
    ]


def demo_people() -> list[str]:
    """The names of those whose password everybody knows."""
    from people.models import User  # The apps are not ready when checks are registered.

    people = User.objects.filter(demo=True, is_active=True)
    return list(people.order_by("username").values_list("username", flat=True))
