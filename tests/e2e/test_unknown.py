"""No answer is not a no: the till says that it does not know, asks, and ends with one sale."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Request, Route, expect

from sales.models import CartStep
from tests.browser import Console
from tests.e2e.shop import BREAD, CODES, MILK, Shop
from tests.e2e.till_page import TillPage

ASKING = "Asking whether the sale went through. Do not take the money again."
KEPT = "No answer. It is kept here and tried again."


@pytest.fixture(autouse=True)
def _no_answer_is_meant(console: Console) -> None:
    """The browser may complain of what these tests do to it."""
    console.allow(r"net::ERR_|WebSocket connection to|htmx:sendError|status of 5\d\d")


def once(page: Page, address: str, do: Callable[[Route], None]) -> None:
    """The next POST to `address` is treated so, and later ones as ever."""
    waiting = [do]

    def handle(route: Route) -> None:
        if route.request.method == "POST" and waiting:
            waiting.pop()(route)
        else:
            route.continue_()

    page.route(address, handle)


def drop_the_answer(route: Route) -> None:
    """The shop does it, and the answer is lost."""
    route.fetch()
    route.abort()


def asking_is_all_it_has(till: TillPage) -> None:
    """Nobody tells this page that the cart was sold: it must ask."""
    till.page.route_web_socket("**/ws/till/**", lambda socket: socket.close())
    till.reload()


def sent_ids(page: Page) -> list[str]:
    """The id of every scan that the page sends from now on, again and again if it must."""
    ids: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/lines/"):
            ids.extend(parse_qs(request.post_data or "")["id"])

    page.on("request", note)
    return ids


def scans_kept(shop: Shop) -> list[str]:
    """The ids of the scans in this store's carts."""
    steps = CartStep.objects.filter(cart__store=shop.store, kind=CartStep.Kind.ADD)
    return [str(pk) for pk in steps.order_by("at").values_list("pk", flat=True)]


def test_a_lost_answer_to_a_payment_is_asked_for_and_the_sale_stands_once(
    shop: Shop, till: TillPage
) -> None:
    asking_is_all_it_has(till)
    till.scan(CODES[MILK], CODES[BREAD])
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    once(till.page, "**/payment/", drop_the_answer)
    till.pay()
    till.press("Enter")

    expect(till.banner).to_have_text(ASKING)
    till.press("Enter", "F9", "F10")  # none of these takes the money again
    till.is_sold()

    expect(till.banner).to_have_count(0)
    till.empty()
    assert shop.receipts() == ["7.30"]
    assert shop.on_hand(MILK, BREAD) == ["19", "19"]
    assert shop.drawer()["expected cash"] == "107.30"


def test_while_the_outcome_is_unknown_nothing_can_be_changed_or_paid(
    shop: Shop, till: TillPage
) -> None:
    asking_is_all_it_has(till)
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.page.route("**/attempts/*", lambda route: route.abort())
    once(till.page, "**/payment/", drop_the_answer)
    till.press("F10")

    expect(till.banner).to_have_text(ASKING)
    expect(till.pay_key).to_contain_text("Asking")
    expect(till.exact_key).to_have_attribute("aria-disabled", "true")
    till.scan(CODES[BREAD])  # kept for the next sale
    expect(till.waiting).to_have_count(1)
    till.page.unroute("**/attempts/*")

    till.holds("1 Rye sourdough 4.95")
    expect(till.banner).to_have_count(0)
    till.is_sold()  # the change of the first stays in sight
    assert shop.lines() == ["1 Oat milk 2.35"]
    till.press("F10")
    expect(till.sold).to_be_hidden()
    till.press("F10")
    till.is_sold()
    assert shop.receipts() == ["2.35", "4.95"]


def test_a_payment_that_never_arrived_can_be_sent_again_and_counts_once(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    once(till.page, "**/payment/", lambda route: route.abort())
    till.pay()
    till.press("Enter")

    expect(till.banner).to_contain_text("The payment has not arrived yet.")
    assert not shop.sold()
    till.page.get_by_role("button", name="Send again").click()

    till.is_sold()
    assert shop.receipts() == ["2.35"]


def test_a_payment_that_never_arrived_can_be_given_up_and_the_cart_is_kept(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    once(till.page, "**/payment/", lambda route: route.abort())
    till.pay()
    till.press("Enter")

    till.page.get_by_role("button", name="Give it up").click()

    expect(till.banner).to_have_count(0)
    expect(till.toast).to_contain_text("Nothing was sold; the cart is kept.")
    till.holds("1 Oat milk 2.35")
    assert not shop.sold()
    till.press("F9", "Enter")
    till.is_sold()
    assert shop.receipts() == ["2.35"]


def test_a_lost_answer_to_a_scan_is_sent_again_under_the_same_id_and_counts_once(
    shop: Shop, till: TillPage
) -> None:
    ids = sent_ids(till.page)
    once(till.page, "**/lines/", drop_the_answer)

    till.scan(CODES[MILK])

    till.holds("1 Oat milk 2.35")
    assert len(ids) == 2
    assert set(ids) == set(scans_kept(shop))


def test_the_cart_and_the_sale_outlive_a_server_that_dies(
    own_shop: Shop, till_of: Callable[..., TillPage]
) -> None:
    shop, till = own_shop, till_of(own_shop)
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.live()
    ids = sent_ids(till.page)

    def die_before_the_answer(route: Route) -> None:
        route.fetch()
        shop.server.kill()
        route.abort()

    once(till.page, "**/lines/", die_before_the_answer)
    till.scan(CODES[BREAD])
    expect(till.waiting).to_contain_text(CODES[BREAD])
    expect(till.waiting).to_contain_text(KEPT)
    expect(till.badge).to_have_attribute("data-state", "lost")
    expect(till.badge).to_contain_text("Not live since")
    shop.server.start()
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    assert len(ids) >= 2
    assert len(set(ids)) == 1
    assert len(scans_kept(shop)) == 2

    once(till.page, "**/payment/", die_before_the_answer)
    till.pay()
    till.press("Enter")
    expect(till.banner).to_have_text(ASKING)
    shop.server.start()

    till.is_sold()
    assert shop.receipts() == ["7.30"]
    till.page.evaluate("dispatchEvent(new Event('online'))")  # rather than wait for its turn
    till.live()


def test_without_a_network_scans_are_kept_and_arrive_when_it_is_back(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    ids = sent_ids(till.page)

    till.page.context.set_offline(True)
    till.scan(CODES[BREAD], CODES[MILK])
    expect(till.waiting).to_have_count(2)
    expect(till.waiting.first).to_contain_text(KEPT)
    till.page.context.set_offline(False)

    till.holds("2 Oat milk 4.70", "1 Rye sourdough 4.95")
    assert list(dict.fromkeys(ids)) == scans_kept(shop)[1:]
    till.press("F10")
    till.is_sold()
    assert shop.receipts() == ["9.65"]


def test_a_payment_without_a_network_is_unknown_until_it_is_back(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.page.context.set_offline(True)
    till.press("F10")
    expect(till.banner).to_have_text(ASKING)
    assert not shop.sold()

    till.page.context.set_offline(False)

    till.page.get_by_role("button", name="Send again").click()
    till.is_sold()
    assert shop.receipts() == ["2.35"]
