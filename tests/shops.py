"""A shop that tests share: a database in use by this process, and a server that sells from it.

Rules for sharing: each test makes a store of its own and leaves the rest alone.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from tests import servers, weak
from tests.databases import Bed, Database
from tests.servers import Server

# What says no in the database even where the code forgets to ask.
WITHOUT_LAST_LINES = """
ALTER TABLE inventory_stocklevel DROP CONSTRAINT level_strict_never_below_zero;
ALTER TABLE sales_returnedquantity DROP CONSTRAINT returned_never_beyond_sold;
DROP INDEX shift_one_open_per_register, shift_one_open_per_person;
"""


@dataclass(frozen=True)
class Shop:
    """A database and its server."""

    database: Database
    server: Server
    switch: Path  # what a weak server lacks; a sound one never looks

    @property
    def url(self) -> str:
        """Where clients find it."""
        return self.server.url

    def without(self, protection: str) -> AbstractContextManager[None]:
        """Within, the server lacks this protection."""
        return weak.without(self.switch, protection)


@contextmanager
def sound_shop(bed: Bed, path: Path, *options: str, **environment: str) -> Iterator[Shop]:
    """The shop as it is; `options` are those of `serve`."""
    database = bed.clone()
    with servers.serving(database, path / "server.log", *options, **environment) as server:
        yield Shop(database, server, path / "unread")
    bed.drop(database)


@contextmanager
def weak_shop(
    bed: Bed, path: Path, *, last_lines: bool = False, **environment: str
) -> Iterator[Shop]:
    """A shop that can be told what to lack; nor has its database the last lines of defence."""
    switch = path / "without"
    switch.write_text("")
    database = bed.clone()
    if not last_lines:
        with database.connect("owner", autocommit=True) as owner:
            owner.execute(WITHOUT_LAST_LINES)
    known = {"DJANGO_SETTINGS_MODULE": "tests.weak_settings", "WITHOUT": str(switch)}
    with servers.serving(database, path / "server.log", **{**known, **environment}) as server:
        yield Shop(database, server, switch)
    bed.drop(database)


@contextmanager
def in_use(shop: Shop, blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """Within, this process works on the shop's database as well."""
    with blocker.unblock(), shop.database.in_use(), override_settings(LANES_INLINE=False):
        yield shop
