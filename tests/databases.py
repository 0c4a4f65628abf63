"""Databases for tests: one migrated template, cloned in a blink, dropped after use.

Everything is done by the owner role; tests then work as the app's role, with no more rights than
the app has. Django's own way, a flush, is a TRUNCATE: that role and the ledgers refuse it.
"""

import gc
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote

import psycopg
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from psycopg import sql

from regalpos import embedded, lanes
from regalpos.environment import BASE_DIR, VAR
from tests import killing

PREFIX = f"{name}_" if (name := os.environ.get("REGAL_TEST_NAME", "")) else ""
SLOTS = 64  # test processes that may share a server under one REGAL_TEST_NAME
TEST_HOME = embedded.Home(VAR / "test-postgres")
ROLES = {"default": "regal_app", "owner": "regal_owner", "report": "regal_report"}
PATIENCE = 90  # seconds for a killed server to be back
PLACE = ("NAME", "HOST", "PORT", "USER", "PASSWORD")


@dataclass(frozen=True)
class Database:
    """One database on a test server, as each role reaches it."""

    bed: "Bed"
    name: str

    def url(self, alias: str = "default") -> str:
        """A DATABASE_URL for a server that a test starts."""
        place = self.bed.places[alias]
        user, password, host = (
            quote(place[part], safe="") for part in ("USER", "PASSWORD", "HOST")
        )
        return f"postgresql://{user}:{password}@{host}:{place['PORT'] or 5432}/{self.name}"

    def connect(self, alias: str = "default", **options: Any) -> psycopg.Connection:
        """A connection of the test's own, beside Django's; the test closes it."""
        return self.bed.connect(alias, self.name, **options)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within, Django's connections, in every thread, lead to this database."""
        before = {alias: _place(alias) for alias in ("default", "owner")}
        let_go()
        for alias in before:
            connections.settings[alias].update(self.bed.places[alias] | {"NAME": self.name})
        try:
            yield
        finally:
            let_go()
            for alias, place in before.items():
                connections.settings[alias].update(place)


class Bed:
    """The databases of one test process on one server."""

    def __init__(
        self, places: dict[str, dict[str, Any]], home: embedded.Home | None = None
    ) -> None:
        self.places = places
        self.home = home
        self._server = self._claim_slot()
        self._keepers = ExitStack()
        self._made = 0

    def clone(self, source: Database | None = None) -> Database:
        """A new database, nobody else's: like `source`, which nobody uses; else migrated, empty."""
        self._made += 1
        database = Database(self, f"{self._prefix}{self._made}")
        self._create(database.name, source.name if source else self._template())
        return database

    def drop(self, database: Database) -> None:
        """Gone, whoever is still connected."""
        self._drop(database.name)

    def kill(self) -> None:
        """PostgreSQL dies as in a power cut; returns when it is back, recovered by its keeper."""
        assert self.home, "only a server of this process's own may be killed: use durable_db"
        killing.postgres(self.home)
        self._server.close()
        end = time.monotonic() + PATIENCE
        while True:
            if not embedded._is_kept(self.home):  # a keeper gives up after a few deaths in a row
                self._keepers.enter_context(embedded.running(self.home))
            try:
                self._server = self.connect("owner", self.places["owner"]["NAME"], autocommit=True)
                self._server.execute("SELECT pg_advisory_lock(hashtext(%s))", [self._prefix])
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def close(self) -> None:
        """The slot is free for the next test process."""
        self._server.close()
        self._keepers.close()

    def connect(self, alias: str, name: str, **options: Any) -> psycopg.Connection:
        """A connection to the database `name` as the role behind `alias`."""
        place = self.places[alias]
        return psycopg.connect(
            dbname=name,
            host=place["HOST"],
            port=place["PORT"] or None,
            user=place["USER"],
            password=place["PASSWORD"],
            **options,
        )

    def _claim_slot(self) -> psycopg.Connection:
        """Names of databases that no other test process uses; what a crashed one left is gone."""
        server = self.connect("owner", self.places["owner"]["NAME"], autocommit=True)
        for slot in range(SLOTS):
            self._prefix = f"{PREFIX}regal_test_{slot}_"
            query = "SELECT pg_try_advisory_lock(hashtext(%s))"
            if server.execute(query, [self._prefix]).fetchone() == (True,):
                self._server = server
                for name in self._names(self._prefix):
                    self._drop(name)
                return server
        raise RuntimeError(f"{SLOTS} test runs are using {PREFIX}regal_test already")

    def _template(self) -> str:
        """The migrated template of this code, made by the first who needs it."""
        family = f"{PREFIX}regal_template_"
        name = family + _fingerprint()
        self._server.execute("SELECT pg_advisory_lock(hashtext(%s))", [family])
        try:
            present = self._names(family)
            if name not in present:
                for stale in present:
                    self._drop(stale)
                draft = f"{family}draft"
                self._create(draft, "template1")
                with Database(self, draft).in_use():
                    call_command("migrate", database="owner", verbosity=0, interactive=False)
                self._do("ALTER DATABASE {} RENAME TO {}", draft, name)
        finally:
            self._server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [family])
        return name

    def _create(self, name: str, template: str) -> None:
        self._do("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)

    def _drop(self, name: str) -> None:
        """Gone. An autovacuum worker in there is not ours to end, and is done in a moment."""
        for _try in range(60):
            try:
                return self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
            except psycopg.errors.InsufficientPrivilege:
                time.sleep(0.25)
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _do(self, statement: LiteralString, *names: str) -> None:
        self._server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _names(self, prefix: str) -> list[str]:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        return [row[0] for row in self._server.execute(query, [prefix])]


@contextmanager
def shared_bed() -> Iterator[Bed]:
    """The bed of this process on the server that tests share."""
    with ExitStack() as stack:
        if settings.ENV.embedded:
            stack.enter_context(embedded.running(TEST_HOME, durable=False))
        places = {alias: _place(alias) for alias in ("default", "owner")}
        if settings.ENV.embedded:
            places["report"] = embedded.database(TEST_HOME, "regal_report")
        bed = Bed(places)
        stack.callback(bed.close)
        yield bed


@contextmanager
def durable_bed(home: embedded.Home) -> Iterator[Bed]:
    """A bed on a server of its own in `home`, which keeps what it confirmed, and may be killed."""
    with embedded.running(home):
        bed = Bed({alias: embedded.database(home, role) for alias, role in ROLES.items()}, home)
        try:
            yield bed
        finally:
            bed.close()


@contextmanager
def committed(bed: Bed) -> Iterator[Database]:
    """A database of the test's own, in use: what it commits stays, until the database goes."""
    database = bed.clone()
    try:
        with database.in_use(), override_settings(LANES_INLINE=False):
            yield database
    finally:
        bed.drop(database)


def let_go() -> None:
    """No thread of this process holds a connection of Django's."""
    lanes.close()
    connections.close_all()
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
    gc.collect()  # connections of threads that have ended


def _place(alias: str) -> dict[str, Any]:
    return {part: connections.settings[alias][part] for part in PLACE}


def _fingerprint() -> str:
    """Changes with whatever a migrated database depends on."""
    seen = hashlib.sha256()
    patterns = (
        "*/migrations/*.py",
        "*/models/*.py",
        "regalpos/ledger.py",
        "regalpos/grants.py",
        "regalpos/apps.py",
    )
    for path in sorted({*BASE_DIR.glob("requirements.txt"), *_files(patterns)}):
        seen.update(path.read_bytes())
    return seen.hexdigest()[:12]


def _files(patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from BASE_DIR.glob(pattern)
