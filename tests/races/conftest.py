"""One database and one server for all races, another pair for all their controls."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
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
    """A database in use by this process, and the server that sells from it."""

    database: Database
    server: Server
    switch: Path  # what a weak server lacks; unread by a sound one

    @property
    def url(self) -> str:
        """Where clients find it."""
        return self.server.url

    def without(self, protection: str) -> contextlib.AbstractContextManager[None]:
        """Within, the server lacks this protection."""
        return weak.without(self.switch, protection)


def provoked[N: (int, Decimal)](attempt: Callable[[], N], *, beyond: int, tries: int = 5) -> N:
    """What a control came to: chance may spare it once or twice, and not for ever."""
    figure = attempt()
    while figure <= beyond and (tries := tries - 1):
        figure = attempt()
    return figure


@pytest.fixture(scope="package")
def sound(bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop as it is."""
    path = tmp_path_factory.mktemp("races")
    database = bed.clone()
    with servers.serving(database, path / "server.log") as server:
        yield Shop(database, server, path / "unread")
    bed.drop(database)


@pytest.fixture(scope="package")
def weakened(
    bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop without the database's last lines of defence; `without()` takes one more away."""
    path = tmp_path_factory.mktemp("controls")
    switch = path / "without"
    switch.write_text("")
    database = bed.clone()
    with database.connect("owner", autocommit=True) as owner:
        owner.execute(WITHOUT_LAST_LINES)
    settings = {"DJANGO_SETTINGS_MODULE": "tests.weak_settings", "WITHOUT": str(switch)}
    with servers.serving(database, path / "server.log", **settings) as server:
        yield Shop(database, server, switch)
    bed.drop(database)


@contextlib.contextmanager
def _in_use(shop: Shop, blocker: DjangoDbBlocker) -> Iterator[Shop]:
    with blocker.unblock(), shop.database.in_use(), override_settings(LANES_INLINE=False):
        yield shop


@pytest.fixture
def shop(sound: Shop, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """The shop as it is; tests make stores of their own in it."""
    with _in_use(sound, django_db_blocker) as shop:
        yield shop


@pytest.fixture
def weak_shop(weakened: Shop, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """The shop for controls."""
    with _in_use(weakened, django_db_blocker) as shop:
        yield shop
