"""`manage.py messages`: the files in `locale/` hold the words that the sources hold now."""

from typing import Any

from django.core.management.base import BaseCommand

from regalpos import languages


class Command(BaseCommand):
    """Collect the shop's words for translation, and compile what is translated."""

    requires_system_checks = ()
    help = "Collect new and changed words into locale/*/LC_MESSAGES/django.po and compile them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Says for each language how many words wait for a translator."""
        for language, missing in languages.update_all().items():
            self.stdout.write(f"{language}: {missing or 'nothing'} to translate")
        languages.compile_all()
