"""A shop in several processes is one shop: screens, sign-ins, restarts, and the end."""

import http.client
import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

from inventory.models import Product
from people.models import User
from people.permissions import Role
from regalpos.management.commands import serve
from tests import shops
from tests.crews import Crew, Line, Screen, holder, in_flight, until
from tests.crowd import History, Task, crowd
from tests.databases import Bed
from tests.factories import a_product, a_store, a_user
from tests.faults.conftest import a_days_trade, cashiers, wait_for_sales
from tests.redis_server import Redis, redis_server
from tests.servers import Server
from tests.shops import Shop
from tests.tills import Till, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Chain:
    """A shop in several processes, its Redis, and a file whose presence lets none start."""

    shop: Shop
    crew: Crew
    redis: Redis
    ailing: Path
    visitors: ExitStack = field(default_factory=ExitStack)  # who are gone at the end of the test

    def line(self, user: User) -> Line:
        """Somebody who is signed in."""
        line = Line(self.url, user)
        self.visitors.callback(line.close)
        return line

    def screen(self, till: Till, product: Product) -> Screen:
        """One that shows the till's cashier how much is left."""
        screen = Screen(self.url, till.user, till.register.store, product)
        self.visitors.callback(screen.close)
        until(lambda: screen.shown, "a screen to open")
        return screen

    @property
    def url(self) -> str:
        return self.shop.url

    @property
    def server(self) -> Server:
        return self.shop.server

    def renew(self) -> list[psutil.Process]:
        """As `systemctl reload`; those who are here when all have been replaced."""
        before = {one.pid for one in self.crew.all_here()}
        self.server.process.send_signal(signal.SIGHUP)
        until(lambda: not before & {one.pid for one in self._here()}, "others to be here")
        return self.crew.all_here()

    def _here(self) -> list[psutil.Process]:
        return psutil.Process(self.server.process.pid).children()


@pytest.fixture(scope="module")
def standing(
    bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chain]:
    """Two workers for requests and one for live screens."""
    path = tmp_path_factory.mktemp("chain")
    with (
        redis_server(path) as redis,
        a_chain(bed, path, redis, workers=2, socket_workers=1) as chain,
    ):
        yield chain


@pytest.fixture
def chain(standing: Chain, django_db_blocker: DjangoDbBlocker) -> Iterator[Chain]:
    """Two workers for requests and one for live screens, for this test."""
    with shops.in_use(standing.shop, django_db_blocker):
        standing.crew.all_here()
        with standing.visitors:
            yield standing


@contextmanager
def a_chain(
    bed: Bed, path: Path, redis: Redis, *, workers: int, socket_workers: int = 0
) -> Iterator[Chain]:
    """A shop of its own in so many processes."""
    ailing = path / "ailing"
    options = f"--workers={workers}", f"--socket-workers={socket_workers}"
    settings = {"DJANGO_SETTINGS_MODULE": "tests.chain_settings", "AILING": str(ailing)}
    with shops.sound_shop(bed, path, *options, REDIS_URL=redis.url, **settings) as shop:
        yield Chain(shop, Crew(shop.server, workers + socket_workers), redis, ailing)


def a_line_to_each(chain: Chain, user: User) -> list[Line]:
    """One kept connection to every worker that takes requests."""
    lines = [chain.line(user) for _ in chain.crew.web()]
    ends = {line.end(chain.crew) for line in lines}
    assert ends == {one.pid for one in chain.crew.web()}
    return lines


def all_show(screens: list[Screen], left: str) -> None:
    """Every screen, before long."""
    until(lambda: {screen.shown for screen in screens} == {left}, f"all screens to show {left}")


# ---- what one sells, all show -----------------------------------------------------------------


def test_a_sale_in_any_worker_is_seen_on_screens_that_another_keeps(chain: Chain) -> None:
    till, *_ = some_tills(1)
    apple = a_product(price="2.00", on_hand="100", store=till.register.store)
    lines = a_line_to_each(chain, till.user)
    screens = [chain.screen(till, apple) for _ in range(4)]
    (keeper,) = chain.crew.sockets()
    assert {holder(chain.crew, screen) for screen in screens} == {keeper.pid}
    for sold, line in enumerate(lines, 1):
        task = till.sale((apple, 1), total="2.00")
        assert line.ask("PUT", task.path, task.body)[0] == 201
        all_show(screens, str(100 - sold))
    assert all(screen.heard and screen.opened == 1 for screen in screens)


def test_after_redis_restarts_every_screen_is_right_and_every_sale_stands(chain: Chain) -> None:
    till, *_ = some_tills(1)
    apple = a_product(price="2.00", on_hand="100", store=till.register.store)
    lines = a_line_to_each(chain, till.user)
    screens = [chain.screen(till, apple) for _ in range(4)]
    chain.redis.kill()
    for line in lines * 3:
        task = till.sale((apple, 1), total="2.00")
        assert line.ask("PUT", task.path, task.body)[0] == 201
    assert {screen.shown for screen in screens} == {"100"}  # nobody could tell them
    warned = [_ready(line) for line in lines]
    assert warned == [(200, ["live"])] * 2

    chain.redis.start()

    all_show(screens, "94")
    task = till.sale((apple, 1), total="2.00")
    assert lines[0].ask("PUT", task.path, task.body)[0] == 201
    all_show(screens, "93")


def test_tills_that_come_at_once_are_shared_evenly(chain: Chain) -> None:
    user = a_user(Role.CASHIER, a_store())
    ends = Counter(chain.line(user).end(chain.crew) for _ in range(8))
    assert sorted(ends.values()) == [4, 4]


# ---- who is signed in -------------------------------------------------------------------------


def test_a_sign_in_that_ends_in_one_worker_is_refused_in_the_other(chain: Chain) -> None:
    here, there = a_line_to_each(chain, a_user(Role.CASHIER, a_store()))
    there.token = here.token
    assert [line.ask("GET", "auth/me")[0] for line in (here, there)] == [200, 200]

    assert here.ask("POST", "auth/logout")[0] == 204

    assert here.ask("GET", "auth/me")[0] == 401
    until(lambda: there.ask("GET", "auth/me")[0] == 401, "the other worker to refuse")


def test_a_sign_in_that_ends_while_redis_is_away_is_refused_when_it_is_back(chain: Chain) -> None:
    here, there = a_line_to_each(chain, a_user(Role.CASHIER, a_store()))
    there.token = here.token
    assert there.ask("GET", "auth/me")[0] == 200
    chain.redis.kill()
    try:
        assert here.ask("POST", "auth/logout")[0] == 204
        # The control: it is known here for an hour (in a shop: for seconds), and nobody could tell.
        assert there.ask("GET", "auth/me")[0] == 200
    finally:
        chain.redis.start()
    until(lambda: there.ask("GET", "auth/me")[0] == 401, "the other worker to refuse")


def test_tries_to_sign_in_go_on_without_redis(chain: Chain) -> None:
    user = a_user(Role.CASHIER, a_store())
    chain.redis.kill()
    try:
        assert chain.line(user).ask("GET", "auth/me")[0] == 200
        with urlopen(f"{chain.url}/accounts/login/", timeout=30) as page:  # noqa: S310
            assert page.status == 200
    finally:
        chain.redis.start()


# ---- they come and go -------------------------------------------------------------------------


def sold_meanwhile(chain: Chain, blow: Callable[[], object]) -> History:
    """What six busy tills heard, before, while and after something happened to their server."""
    tills = some_tills(6)
    apple = a_product(price="2.00", on_hand="900000", store=tills[0].register.store)
    trade = a_days_trade(tills, apple, 4000)
    with crowd(cashiers(chain.url, tills, trade)) as shoppers:
        shoppers.go()
        wait_for_sales(shoppers.history, 20)
        blow()
        wait_for_sales(shoppers.history, 20)
        shoppers.stop()
        history = shoppers.finish()
    nothing_wrong(history, history.sent(task for tasks in trade for task in tasks))
    return history


def test_all_workers_are_renewed_under_load_and_no_sale_fails(chain: Chain, tell: Tell) -> None:
    history = sold_meanwhile(chain, chain.renew)

    cut = history.count("broken") + history.count("unheard")
    tell(f"3 workers renewed, {len(history.posted())} sales meanwhile: {cut} without an answer")
    assert cut == 0
    assert len(history.posted()) >= 40


def test_control_workers_that_are_killed_cut_sales_and_the_shop_goes_on(
    chain: Chain, tell: Tell
) -> None:
    killed = chain.crew.web()

    def blow() -> None:
        for worker in killed:
            worker.kill()

    history = sold_meanwhile(chain, blow)

    cut = history.count("broken")
    tell(f"2 workers killed, {len(history.posted())} sales meanwhile: {cut} cut, none lost")
    assert cut > 0
    assert not {one.pid for one in killed} & {one.pid for one in chain.crew.web()}
    assert {line["worker"] for line in chain.crew.said("worker_died")} >= {w.pid for w in killed}


def test_workers_stay_where_their_successors_cannot_start(chain: Chain) -> None:
    before = {one.pid for one in chain.crew.all_here()}
    given_up = len(chain.crew.said("renewal_given_up"))
    chain.ailing.touch()
    try:
        chain.server.process.send_signal(signal.SIGHUP)
        until(lambda: len(chain.crew.said("renewal_given_up")) > given_up, "it to be given up")
    finally:
        chain.ailing.unlink()
    assert {one.pid for one in chain.crew.all_here()} == before


def test_live_screens_come_back_to_the_new_workers(chain: Chain) -> None:
    till, *_ = some_tills(1)
    apple = a_product(price="2.00", on_hand="100", store=till.register.store)
    screens = [chain.screen(till, apple) for _ in range(4)]
    chain.renew()
    until(lambda: all(screen.opened == 2 for screen in screens), "screens to come back")

    task = till.sale((apple, 1), total="2.00")
    assert chain.line(till.user).ask("PUT", task.path, task.body)[0] == 201

    all_show(screens, "99")


def test_a_screen_that_comes_while_nobody_keeps_screens_waits_for_the_next(chain: Chain) -> None:
    till, *_ = some_tills(1)
    apple = a_product(price="2.00", on_hand="100", store=till.register.store)
    (dead,) = chain.crew.sockets()
    dead.kill()
    screen = chain.screen(till, apple)
    (keeper,) = chain.crew.sockets()
    assert dead.pid != keeper.pid == holder(chain.crew, screen)


def test_workers_leave_when_their_master_was_killed(chain: Chain) -> None:
    workers = chain.crew.all_here()
    chain.server.kill()
    _gone, alive = psutil.wait_procs(workers, timeout=30)
    chain.server.start()
    assert not alive
    assert not {one.pid for one in workers} & {one.pid for one in chain.crew.all_here()}


def test_told_to_stop_they_finish_the_sales_in_flight_and_nothing_is_left(
    bed: Bed, static_files: None, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with (
        redis_server(tmp_path) as redis,
        a_chain(bed, tmp_path, redis, workers=2) as chain,
        shops.in_use(chain.shop, django_db_blocker),
    ):
        tills = some_tills(4)
        apple = a_product(price="2.00", on_hand="100", store=tills[0].register.store)
        workers = chain.crew.all_here()
        screens = [chain.screen(till, apple) for till in tills]
        # Without processes of their own, screens are kept by all.
        kept = {holder(chain.crew, screen) for screen in screens}
        chain.visitors.close()
        lines = [chain.line(till.user) for till in tills]
        answers: list[int] = []

        def sell(line: Line, till: Till) -> None:
            task = till.sale((apple, 1), total="2.00")
            answers.append(line.ask("PUT", task.path, task.body)[0])

        selling = [
            threading.Thread(target=sell, args=pair) for pair in zip(lines, tills, strict=True)
        ]
        late = a_half_sent_sale(chain.url, lines[0].token, tills[0].sale((apple, 1), total="2.00"))
        with chain.shop.database.connect("owner") as owner:
            owner.execute("SELECT FROM inventory_stocklevel FOR UPDATE")
            for one in selling:
                one.start()
            in_flight(chain.shop.database, len(selling))
            chain.server.process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                chain.server.process.wait(0.3)
            owner.rollback()
        late_answer = late()
        for one in selling:
            one.join()

        assert answers == [201] * 4
        assert late_answer == (201, "close")
        assert chain.server.process.wait(30) == 0
        assert not any(one.is_running() for one in workers)
        assert kept <= {one.pid for one in workers}
        chain.visitors.close()


def a_half_sent_sale(url: str, token: str, task: Task) -> Callable[[], tuple[int, str | None]]:
    """The half of a sale has arrived; the rest is sent by calling, which returns the answer."""
    wire = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    body = json.dumps(task.body).encode()
    wire.putrequest("PUT", f"/api/v1/{task.path}")
    wire.putheader("Authorization", f"Bearer {token}")
    wire.putheader("Content-Type", "application/json")
    wire.putheader("Content-Length", str(len(body)))
    wire.endheaders(body[:40])

    def rest() -> tuple[int, str | None]:
        wire.send(body[40:])
        answer = wire.getresponse()
        answer.read()
        return answer.status, answer.headers["Connection"]

    return rest


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [{"workers": 2}, {"socket_workers": 1}])
def test_several_processes_without_redis_are_refused(
    settings: Settings, numbers: dict[str, int]
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"REDIS_URL": None})
    with pytest.raises(CommandError, match="more than one process needs REDIS_URL"):
        call_command("serve", port=0, **numbers)


@pytest.mark.parametrize("numbers", [{"workers": 0}, {"socket_workers": -1}])
def test_numbers_that_make_no_shop_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        call_command("serve", port=0, **numbers)


@pytest.mark.parametrize(("allowed", "each"), [(197, "24"), (100, "22"), (76, "16")])
def test_workers_share_the_connections_that_the_database_has(
    monkeypatch: pytest.MonkeyPatch, allowed: int, each: str
) -> None:
    monkeypatch.setattr(serve, "most_connections", lambda _connection: allowed)
    monkeypatch.setenv("DATABASE_POOL_MAX", "unset")
    serve.Command()._share_connections(3)
    assert os.environ["DATABASE_POOL_MAX"] == each


def test_more_workers_than_the_database_can_bear_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "most_connections", lambda _connection: 75)
    with pytest.raises(CommandError, match=r"need 16 database connections each; .* leaves 63$"):
        serve.Command()._share_connections(3)


def _ready(line: Line) -> tuple[int, list[str]]:
    line.wire.request("GET", "/health/ready")
    answer = line.wire.getresponse()
    return answer.status, json.loads(answer.read()).get("warnings", [])
