"""`manage.py prepare`: the database and the static files are as this version needs them."""

import fcntl
import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from people.models import Store
from regalpos.grants import apply_grants

# Any number does, as long as two that prepare one database at once take the same.
PREPARING = 7_367_241


class Command(BaseCommand):
    """Migrate as the owner, give the roles their rights, collect static files, load the demo."""

    requires_system_checks = ()
    help = "Bring the database and the static files up to date (with DEMO=1, fill an empty shop)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The static files alone need no database."""
        parser.add_argument("--static", action="store_true", help="only collect static files")

    def handle(self, *args: Any, **options: Any) -> None:
        """Everything is up to date; a second run finds nothing to do and says nothing."""
        if options["static"]:
            self._collect()
            return
        owner = connections["owner"]
        with owner.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        try:
            self._migrate()
            self._collect()
            self._fill()
        finally:
            owner.close()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connections["owner"])
        if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write(f"Setting up the database ({len(plan)} steps) ...")
            call_command("migrate", database="owner", verbosity=0, interactive=False)
        else:
            apply_grants(connections["owner"])

    def _collect(self) -> None:
        """Collected again only if a source changed: hashing and compressing take seconds."""
        root = Path(settings.STATIC_ROOT)
        root.mkdir(parents=True, exist_ok=True)
        with root.with_name(f"{root.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            stamp, sources = root / ".sources", _fingerprint()
            if stamp.exists() and stamp.read_text() == sources:
                return
            self.stdout.write("Collecting static files ...")
            call_command(
                "collectstatic",
                verbosity=0,
                interactive=False,
                clear=True,
                ignore_patterns=["redoc*"],  # a megabyte of another documentation page than ours
            )
            stamp.write_text(sources)

    def _fill(self) -> None:
        if Store.objects.exists():
            return
        if settings.DEMO and "demo" in get_commands():
            self.stdout.write("Loading the demo shop ...")
            call_command("demo")
        else:
            self.stdout.write("The shop is empty: `python manage.py setup` opens it.")


def _fingerprint() -> str:
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            facts = Path(storage.path(name)).stat()
            seen.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return seen.hexdigest()
