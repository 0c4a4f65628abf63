#!/usr/bin/env python
"""The one door to every command: `python manage.py help`."""

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regalpos.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        # A wrong setting is the operator's to mend: the sentence helps, a traceback does not.
        sys.exit(f"RegalPOS cannot start: {problem}")


if __name__ == "__main__":
    main()
