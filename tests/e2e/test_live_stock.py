"""Screens that other people look at stay true: by socket at once, by a slow poll if they must."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from people.permissions import Role
from sales.models import Sale
from tests import factories
from tests.browser import Console
from tests.e2e.shop import CANDLE, CODES, MILK, Shop, open_shop
from tests.e2e.till_page import TillPage

Visit = Callable[..., Page]
STOCK = "/stock/levels/"
HEALED = 20_000  # ms, at most, in which a screen without its socket is right again

# Notes when a row first said what it says, and every time it said something else.
WATCH = """
row => {
  const says = () => document.getElementById(row)?.querySelector(".on-hand data")?.value;
  window.seen = [[says(), Date.now()]];
  new MutationObserver(() => {
    if (says() !== window.seen.at(-1)[0]) window.seen.push([says(), Date.now()]);
  }).observe(document.getElementById("main"), { childList: true, subtree: true });
}
"""


def left(page: Page, shop: Shop, name: str) -> Locator:
    """The figure that a stock screen shows for a product."""
    return page.locator(f"#stock-{shop.product(name).pk} .on-hand")


def badge(page: Page, state: str) -> None:
    expect(page.locator("live-feed")).to_have_attribute("data-state", state)


def deaf(page: Page) -> None:
    """No stock socket of this page ever opens."""
    page.route_web_socket("**/ws/stock/**", lambda socket: socket.close())


@pytest.fixture
def clerk(shop: Shop, visit: Visit) -> Page:
    """The stock screen of the store, live, in somebody else's browser."""
    page = visit(shop.server, shop.someone(Role.EMPLOYEE), STOCK)
    badge(page, "live")
    return page


def test_a_sale_changes_the_stock_screen_by_the_socket_alone(
    shop: Shop, till: TillPage, clerk: Page, console: Console, record_property: Callable[..., None]
) -> None:
    console.allow("ERR_FAILED")
    expect(left(clerk, shop, MILK)).to_have_text("20")
    clerk.evaluate(WATCH, f"stock-{shop.product(MILK).pk}")
    asked: list[str] = []

    def shut(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    clerk.context.route("**/*", shut)

    till.scan(CODES[MILK], CODES[MILK], CODES[MILK])
    till.press("F10")
    till.is_sold()

    expect(left(clerk, shop, MILK)).to_have_text("17")
    expect(clerk.locator(f"#stock-{shop.product(MILK).pk}")).to_contain_text("−3 Till 1, just now")
    seen = clerk.evaluate("window.seen")
    assert [says for says, _when in seen] == ["20.000", "17.000"]
    assert asked == []
    sold = Sale.objects.get(store=shop.store).recorded_at.timestamp()
    took = seen[-1][1] - sold * 1000
    record_property("ms from the sale to the other screen", round(took))
    print(f"from the sale to the other screen: {took:.0f} ms")  # noqa: T201  (the figure)


def test_a_screen_without_its_socket_is_right_again_within_twenty_seconds(
    shop: Shop, till: TillPage, visit: Visit, console: Console
) -> None:
    console.allow("WebSocket connection to")
    screen = visit(shop.server, shop.someone(Role.EMPLOYEE))
    deaf(screen)
    screen.goto(shop.server.url + STOCK)
    expect(left(screen, shop, MILK)).to_have_text("20")
    badge(screen, "lost")
    expect(screen.locator("live-feed")).to_contain_text("Not live since")

    till.scan(CODES[MILK])
    till.press("F10")
    till.is_sold()

    expect(left(screen, shop, MILK)).to_have_text("19", timeout=HEALED)


def test_the_last_one_sold_at_one_till_shows_on_the_tile_of_another(
    shop: Shop, till: TillPage, visit: Visit
) -> None:
    other = a_second_till(shop, visit)
    tile = other.tile(CANDLE)
    expect(tile.get_by_text("None")).to_be_hidden()
    other.page.evaluate("window.same = true")

    till.type("20*")
    till.scan(CODES[CANDLE])
    till.press("F10")
    till.is_sold()

    expect(tile.get_by_text("None")).to_be_visible()
    assert other.page.evaluate("window.same")
    other.scan(CODES[CANDLE])
    expect(other.misses).to_have_count(1)


def test_what_is_sold_in_one_store_moves_nothing_on_the_screens_of_another(
    shop: Shop, till: TillPage, clerk: Page, visit: Visit
) -> None:
    abroad = open_shop(shop.server)
    foreign = visit(shop.server, abroad.someone(Role.EMPLOYEE), STOCK)
    badge(foreign, "live")
    row = f"stock-{shop.product(MILK).pk}"
    foreign.evaluate(WATCH, row)

    till.scan(CODES[MILK])
    till.press("F10")
    till.is_sold()
    expect(left(clerk, shop, MILK)).to_have_text("19")
    at_the_other = TillPage(visit(shop.server, abroad.cashier), shop.server.url).open()
    at_the_other.scan(CODES[MILK], CODES[MILK])
    at_the_other.press("F10")
    at_the_other.is_sold()

    expect(left(foreign, shop, MILK)).to_have_text("18")
    assert [says for says, _when in foreign.evaluate("window.seen")] == ["20.000", "18.000"]
    expect(left(clerk, shop, MILK)).to_have_text("19")


def test_a_screen_that_lost_the_server_says_since_when_and_catches_up_by_itself(
    own_shop: Shop, visit: Visit, console: Console
) -> None:
    console.allow("net::ERR_|WebSocket connection to|htmx:sendError")
    shop = own_shop
    screen = visit(shop.server, shop.someone(Role.EMPLOYEE))
    with screen.expect_response(lambda answer: "hx-request" in answer.request.headers):
        screen.goto(shop.server.url + STOCK)  # and what it fetches once it hears the shop
    badge(screen, "live")
    expect(left(screen, shop, MILK)).to_have_text("20")

    shop.server.kill()
    badge(screen, "lost")
    expect(screen.locator("live-feed")).to_contain_text("Not live since")
    shop.stock(MILK, "5")
    shop.server.start()

    badge(screen, "live")
    expect(left(screen, shop, MILK)).to_have_text("25")


def a_second_till(shop: Shop, visit: Visit) -> TillPage:
    """One more till of the store with a cashier on shift, live."""
    register = factories.a_register(shop.store)
    colleague = shop.someone(Role.CASHIER)
    factories.a_shift(register, factories.an_actor(colleague))
    till = TillPage(visit(shop.server, colleague), shop.server.url).open()
    till.live()
    return till
