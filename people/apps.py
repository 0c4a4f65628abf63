from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "people"
    verbose_name = _("People and stores")

    def ready(self) -> None:
        """Checks are registered."""
        from people import checks  # noqa: F401  (registers itself)
