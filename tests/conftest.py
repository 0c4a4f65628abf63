"""The test bed: databases, servers, browsers. tests/README.md says which fixture is for what."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

from regalpos import embedded, languages
from regalpos.environment import VAR
from tests import databases, servers
from tests.databases import Bed, Database
from tests.servers import Server

# The same examples for everybody, so that a red run is the fault of the change that it tests.
# The long run (`make crash`) draws new ones every time.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("default" if os.environ.get("REGAL_LONG") else "same")

pytest_plugins = ["tests.browser", "tests.told"]


def pytest_configure() -> None:
    """Every language speaks; servers that tests start find it compiled."""
    languages.compile_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright leaves a loop running in the thread of the tests."""
    for item in items:
        if "e2e" in Path(item.path).parts:
            item.add_marker("e2e")
    items.sort(key=lambda item: bool(item.get_closest_marker("e2e")))


@pytest.fixture(scope="session")
def bed(django_db_blocker: DjangoDbBlocker) -> Iterator[Bed]:
    """This process's databases on the shared test server."""
    with django_db_blocker.unblock(), databases.shared_bed() as bed:
        yield bed


@pytest.fixture(scope="session")
def django_db_setup(bed: Bed, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For rolled-back tests (`django_db`): one database a process, as the app's role."""
    with django_db_blocker.unblock():
        database = bed.clone()
        in_use = database.in_use()
        in_use.__enter__()
    yield
    with django_db_blocker.unblock():
        in_use.__exit__(None, None, None)
        bed.drop(database)


@pytest.fixture
def committed_db(bed: Bed, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A database of the test's own: commits are real, lanes see them. Not with `django_db`."""
    with django_db_blocker.unblock(), databases.committed(bed) as database:
        yield database


@pytest.fixture(scope="session")
def durable_bed(django_db_blocker: DjangoDbBlocker, worker_id: str) -> Iterator[Bed]:
    """A PostgreSQL of this process's own that keeps its promises, for tests that kill it."""
    home = embedded.Home(VAR / f"fault-postgres-{databases.PREFIX}{worker_id}")
    with django_db_blocker.unblock(), databases.durable_bed(home) as bed:
        yield bed


@pytest.fixture
def durable_db(durable_bed: Bed, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """As `committed_db`, on a server that is durable and may die: `durable_bed.kill()`."""
    with django_db_blocker.unblock(), databases.committed(durable_bed) as database:
        yield database


@pytest.fixture(scope="session")
def static_files() -> None:
    """Collected once; servers serve them under their hashed names."""
    servers.collect_static()


@pytest.fixture
def serve(static_files: None, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server on a database: `serve(committed_db, PAGE_SIZE="20")`. Stopped at the end."""
    with ExitStack() as stack:
        started: list[Server] = []

        def start(database: Database, **environment: str) -> Server:
            log = tmp_path / f"server-{len(started)}.log"
            started.append(stack.enter_context(servers.serving(database, log, **environment)))
            return started[-1]

        yield start


@pytest.fixture
def server(serve: Callable[..., Server], committed_db: Database) -> Server:
    """One server on `committed_db`: `server.url`, `server.process`, `server.kill()`."""
    return serve(committed_db)


@pytest.fixture(scope="session")
def standing_server(
    bed: Bed,
    static_files: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server for tests that only look: nobody writes to its database, and nobody kills it."""
    log = tmp_path_factory.mktemp("standing") / "server.log"
    with servers.serving(bed.clone(), log) as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What one test put into the cache (counted tries, above all) is not seen by the next."""
    yield
    cache.clear()
    translation.deactivate()  # a gate speaks its reader's language, in this very thread
    timezone.deactivate()
