"""Gone means gone: no screen goes on for somebody who signed out or no longer works here."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from people.permissions import Role
from tests.e2e.shop import CODES, MILK, Shop
from tests.e2e.till_page import TillPage

Visit = Callable[..., Page]
DOOR = re.compile(r"/accounts/login/\?next=")
AT_ONCE = 5_000  # ms


def live(page: Page) -> None:
    expect(page.locator("live-feed")).to_have_attribute("data-state", "live")


def test_signing_out_in_one_tab_closes_what_the_others_were_hearing(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.live()
    stock = till.page.context.new_page()
    stock.goto(f"{shop.server.url}/stock/levels/")
    live(stock)

    till.press("Alt+l")
    till.page.locator("#clerk-menu").get_by_role("button", name="Sign out").click()

    expect(till.page.get_by_label("Username")).to_be_visible()
    expect(stock).to_have_url(DOOR, timeout=AT_ONCE)
    expect(stock.get_by_label("Username")).to_be_visible()


def test_a_till_that_nobody_is_signed_in_at_keeps_the_cart_for_their_return(
    shop: Shop, till: TillPage, visit: Visit
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.press("Alt+l")
    till.page.locator("#clerk-menu").get_by_role("button", name="Sign out").click()
    expect(till.page.get_by_label("Username")).to_be_visible()

    back = TillPage(visit(shop.server, shop.cashier), shop.server.url).open()

    back.holds("1 Oat milk 2.35")


def test_the_screens_of_somebody_whose_account_is_closed_go_to_the_door_at_once(
    shop: Shop, till: TillPage, visit: Visit
) -> None:
    till.live()
    stock = visit(shop.server, shop.cashier, "/stock/levels/")
    live(stock)
    admin = visit(shop.server, shop.someone(Role.ADMIN), f"/staff/{shop.cashier.pk}/")

    admin.get_by_role("button", name="Close account").click()

    for page in (till.page, stock):
        expect(page).to_have_url(DOOR, timeout=AT_ONCE)
        expect(page.get_by_label("Username")).to_be_visible()
