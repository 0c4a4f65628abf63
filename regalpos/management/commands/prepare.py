"""`manage.py prepare`: database, static files and translations are as this version needs them."""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from people.models import Store
from regalpos import languages
from regalpos.environment import BASE_DIR
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
        languages.compile_all()
        if options["static"]:
            self._collect()
            return
        owner = connections["owner"]
        with owner.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        try:
            with self._collecting():
                self._migrate()
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

    @contextmanager
    def _collecting(self) -> Iterator[None]:
        """Meanwhile, on another core if there is one, the static files are collected."""
        if _is_collected():
            yield
            return
        command = [sys.executable, "manage.py", "prepare", "--static"]
        collecting = subprocess.Popen(command, cwd=BASE_DIR)  # noqa: S603  (our own)
        try:
            yield
            if collecting.wait():
                raise CommandError("the static files could not be collected")
        finally:
            collecting.kill()
            collecting.wait()

    def _collect(self) -> None:
        """Collected again only if a source changed: hashing and compressing take seconds."""
        root = Path(settings.STATIC_ROOT)
        root.mkdir(parents=True, exist_ok=True)
        with root.with_name(f"{root.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_collected():
                return
            self.stdout.write("Collecting static files ...")
            call_command(
                "collectstatic",
                verbosity=0,
                interactive=False,
                clear=True,
                ignore_patterns=["redoc*"],  # a megabyte of another documentation page than ours
            )
            _stamp().write_text(_fingerprint())

    def _fill(self) -> None:
        if Store.objects.exists():
            return
        if settings.DEMO and "demo" in get_commands():
            self.stdout.write("Loading the demo shop ...")
            call_command("demo")
        else:
            self.stdout.write("The shop is empty: `python manage.py setup` opens it.")


def _stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".sources"


def _is_collected() -> bool:
    return _stamp().exists() and _stamp().read_text() == _fingerprint()


def _fingerprint() -> str:
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            facts = Path(storage.path(name)).stat()
            seen.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return seen.hexdigest()
