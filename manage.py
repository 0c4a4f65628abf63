#!/usr/bin/env python
"""The one door to every command: `python manage.py help`."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

# `serve` brings the database up itself, after it has found its port free.
NEED_NO_DATABASE = {
    "check", "collectstatic", "help", "messages", "serve", "version",
}  # fmt: skip
OPTIONS_WITHOUT_DATABASE = {"-h", "--help", "--version", "--static"}


def main() -> None:
    """Run the command named on the command line, with the embedded database up if it needs it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regalpos.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from regalpos.embedded import NoDatabase

    try:
        with _database():
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, NoDatabase) as problem:
        # Theirs to mend who run the shop: the sentence helps, a traceback does not.
        sys.exit(f"RegalPOS cannot start: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)


def _database() -> AbstractContextManager[object]:
    from django.conf import settings

    from regalpos import embedded

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    needs_none = command in NEED_NO_DATABASE or OPTIONS_WITHOUT_DATABASE & set(sys.argv)
    if needs_none or not settings.ENV.embedded:
        return nullcontext()
    return embedded.running()


if __name__ == "__main__":
    main()
