"""A refusal says what happened, what was kept, and what to do: the cart is never lost."""

from collections.abc import Callable
from decimal import Decimal

from playwright.sync_api import Page, expect

from inventory.services.stock import adjust_stock
from people.permissions import Role
from regalpos import ids
from sales.services.shifts import close_shift
from tests import factories
from tests.e2e.shop import CANDLE, CODES, MILK, Shop
from tests.e2e.till_page import TillPage

REFUSED = "#refused"


def test_a_price_that_changed_meanwhile_shows_both_totals_and_paying_again_works(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK], CODES[MILK])
    till.holds("2 Oat milk 4.70")
    till.pay()
    factories.set_price(shop.product(MILK), "2.60", store=shop.store)

    till.press("Enter")

    said = till.page.locator(REFUSED)
    expect(said).to_contain_text("The total is now 5.20, it was 4.70")
    till.holds("2 Oat milk 5.20")
    expect(till.entry).to_have_value("5.20")
    assert not shop.sold()
    till.press("Enter")
    till.is_sold()
    expect(said).to_have_count(0)
    assert shop.lines() == ["2 Oat milk 5.20"]
    assert shop.payments() == ["cash 5.20 back 0.00"]


def test_when_the_last_ones_are_gone_the_count_can_be_set_to_what_is_left(
    shop: Shop, till: TillPage
) -> None:
    till.type("3*")
    till.scan(CODES[CANDLE])
    till.holds("3 Beeswax candle 36.00")
    take_from_the_shelf(shop, CANDLE, 18)
    till.press("F10")

    said = till.page.locator(REFUSED)
    expect(said).to_contain_text("Not sold: less is left here than this sale wants.")
    till.holds("3 Beeswax candle 36.00")
    expect(till.line(CANDLE)).to_contain_text("Only 2 left here")
    assert not shop.sold()
    said.get_by_role("button", name="Set the counts").click()

    till.holds("2 Beeswax candle 24.00")
    till.press("F10")
    till.is_sold()
    assert shop.lines() == ["2 Beeswax candle 24.00"]
    assert shop.on_hand(CANDLE) == ["0"]


def test_no_more_of_a_limited_thing_goes_into_the_cart_than_there_is(
    shop: Shop, till: TillPage
) -> None:
    take_from_the_shelf(shop, CANDLE, 18)
    till.type("3*")
    till.scan(CODES[CANDLE])

    till.holds("2 Beeswax candle 24.00")
    expect(till.toast).to_contain_text("Only 2 left here; the count is set to 2.")


def test_a_shift_that_was_closed_meanwhile_keeps_the_cart_for_the_next_one(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.pay()
    close_the_drawer(shop)

    till.press("Enter")

    said = till.page.locator(REFUSED)
    expect(said).to_contain_text("The cart is kept.")
    assert not shop.sold()
    said.get_by_role("link", name="Open shift").click()
    till.page.get_by_label("Float").fill("50")
    till.press("Enter")
    till.ready()
    till.holds("1 Oat milk 2.35")
    till.press("F10")
    till.is_sold()
    assert shop.receipts() == ["2.35"]


def test_a_manager_who_closes_the_drawer_is_seen_at_the_till_at_once(
    shop: Shop, till: TillPage, visit: Callable[..., Page]
) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.live()
    manager = shop.someone(Role.MANAGER)
    desk = visit(shop.server, manager, f"/till/shift/{shop.shift.pk}/closure/")

    desk.get_by_label("Notes and coins in the drawer").fill("100")
    desk.get_by_role("button", name="Send count").click()

    banner = till.page.locator("#shift-banner")
    expect(banner).to_contain_text("The cart is kept. Open a shift to go on.")
    till.ready()
    till.holds("1 Oat milk 2.35")


def take_from_the_shelf(shop: Shop, name: str, number: int) -> None:
    """So many fewer: somebody dropped them."""
    adjust_stock(
        adjustment_id=ids.new(),
        store_id=shop.store.pk,
        product_id=shop.product(name).pk,
        quantity=Decimal(-number),
        reason="Dropped",
        actor=factories.a_manager(shop.store),
    )


def close_the_drawer(shop: Shop) -> None:
    """Counted and closed by a manager; this till hears nothing of it."""
    close_shift(
        shift_id=shop.shift.pk,
        counted=Decimal("100.00"),
        reason="",
        actor=factories.a_manager(shop.store),
    )
