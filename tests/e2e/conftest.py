"""One server for all the browser tests of a process; each test has a store of its own in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker

from people.models import User
from tests import databases, servers
from tests.databases import Bed, Database
from tests.e2e.shop import Shop, open_shop, sign_in, stock_goods
from tests.e2e.till_page import TillPage
from tests.servers import Server

NewContext = Callable[..., BrowserContext]
PATIENCE = 20_000  # ms that a busy machine may take for what takes none on another

expect.set_options(timeout=PATIENCE)


@dataclass
class House:
    """A database in use, with the goods in it, and a server on it."""

    database: Database
    server: Server


@pytest.fixture(scope="session")
def house(
    bed: Bed,
    static_files: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Shared: a server takes seconds to start on a busy machine. Do not kill this one."""
    log = tmp_path_factory.mktemp("house") / "server.log"
    with django_db_blocker.unblock(), databases.committed(bed) as database:
        stock_goods()
        with servers.serving(database, log) as server:
            yield House(database, server)


@pytest.fixture
def server(house: House) -> Server:
    """Here this is the shared one."""
    return house.server


@pytest.fixture
def shop(house: House) -> Shop:
    """A store with a till on shift, on the shared server."""
    return open_shop(house.server)


@pytest.fixture
def own_shop(house: House, serve: Callable[..., Server]) -> Shop:
    """As `shop`, on a server of the test's own, which it may kill."""
    return open_shop(serve(house.database))


@pytest.fixture
def visit(new_context: NewContext) -> Callable[..., Page]:
    """A browser of somebody's own: `visit(shop.server, user, "/stock/levels/", **options)`."""

    def make(server: Server, user: User, path: str = "", **options: Any) -> Page:
        context = new_context(**options)
        sign_in(context, server, user)
        page = context.new_page()
        if path:
            page.goto(server.url + path)
        return page

    return make


@pytest.fixture
def till_of(visit: Callable[..., Page]) -> Callable[..., TillPage]:
    """The cashier's till in a browser of its own: `till_of(shop)`."""

    def make(shop: Shop, **options: Any) -> TillPage:
        page = visit(shop.server, shop.cashier, **options)
        return TillPage(page, shop.server.url).open()

    return make


@pytest.fixture
def till(shop: Shop, till_of: Callable[..., TillPage]) -> TillPage:
    """The till of `shop`, its cashier before it."""
    return till_of(shop)


@pytest.fixture(scope="session", autouse=True)
def _unheard() -> Iterator[None]:
    """What this process announces reaches no server, and Playwright's loop would be in its way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("regalpos.live._send", lambda topic, message: None)
        yield
