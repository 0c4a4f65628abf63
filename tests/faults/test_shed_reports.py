"""More reports than the shop can make: those wait or are told to, and every sale goes through."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from pytest_django.plugin import DjangoDbBlocker

from people.permissions import Role
from tests import shops, weak
from tests.crowd import History, crowd
from tests.databases import Bed
from tests.factories import PASSWORD, a_product, a_store, a_user
from tests.faults.conftest import a_days_trade, cashiers, wait_for_sales
from tests.shops import Shop
from tests.tills import books_hold, nothing_wrong, some_tills
from tests.told import Tell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

READERS = 24
SALES = 60


@pytest.fixture(scope="module")
def weakened(
    bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    with shops.weak_shop(bed, tmp_path_factory.mktemp("slow"), last_lines=True) as shop:
        yield shop


@pytest.fixture
def slow_shop(weakened: Shop, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """A shop in which a report can be made to take a second."""
    with shops.in_use(weakened, django_db_blocker) as shop:
        yield shop


@contextmanager
def everybody_reading(shop: Shop) -> Iterator[Counter[int]]:
    """As long as this lasts, so many people reload the dashboard; what they were answered."""
    owner = a_user(Role.ADMIN)
    over, heard = threading.Event(), Counter[int]()
    with httpx.Client(base_url=shop.url) as browser:
        browser.get("/accounts/login/")
        mark = {"X-CSRFToken": browser.cookies["csrftoken"], "Referer": shop.url}
        form = {"login": owner.username, "password": PASSWORD}
        assert browser.post("/accounts/login/", data=form, headers=mark).status_code == 302
        cookies = dict(browser.cookies)

    def read() -> None:
        with httpx.Client(base_url=shop.url, cookies=cookies, timeout=60) as browser:
            while not over.is_set():
                answer = browser.get("/dashboard/")
                heard[answer.status_code] += 1
                over.wait(float(answer.headers.get("retry-after", 0)))

    readers = [threading.Thread(target=read) for _reader in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        yield heard
    finally:
        over.set()
        for reader in readers:
            reader.join()


def trade_among_readers(
    shop: Shop, missing: str, wait: Callable[[History], None]
) -> tuple[Counter[str], Counter[int]]:
    """Tills sell while everybody reads; what made sales wait, and what the readers heard."""
    store = a_store()
    tills = some_tills(4, store)
    apple = a_product(price="2.00", on_hand="9000", store=store)
    trade = a_days_trade(tills, apple, 600)
    with crowd(cashiers(shop.url, tills, trade)) as shoppers:
        with shop.without(missing), everybody_reading(shop) as heard:
            shoppers.go()
            wait(shoppers.history)
        shoppers.stop()
        history = shoppers.finish()
    nothing_wrong(history, history.sent(task for tasks in trade for task in tasks))
    return history.told_to_wait(), heard


def test_a_flood_of_reports_is_told_to_wait_and_no_checkout_is(slow_shop: Shop, tell: Tell) -> None:
    def wait(history: History) -> None:
        wait_for_sales(history, SALES)
        time.sleep(4)  # longer than anybody stands in line

    waited, heard = trade_among_readers(slow_shop, weak.QUICK_REPORTS, wait)

    assert waited == {}
    assert heard.keys() == {200, 503}
    tell(f"{READERS} readers heard {dict(heard)}, no sale had to wait; {books_hold()}")


def test_control_in_one_line_with_reports_the_tills_would_wait(slow_shop: Shop, tell: Tell) -> None:
    def wait(history: History) -> None:
        history.wait_until(lambda: history.count("heard", 503) > 0, "a sale to be told to wait")

    waited, heard = trade_among_readers(slow_shop, weak.OWN_LANES, wait)

    tell(f"without {weak.OWN_LANES}: sales told to wait {dict(waited)}; readers {dict(heard)}")
    assert waited["503 busy"] > 0
