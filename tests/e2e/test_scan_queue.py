"""Scans come faster than answers: all of them count, in order, once; and a bad one says so."""

from playwright.sync_api import Page, expect

from sales.models import CartStep
from tests import factories
from tests.e2e.shop import BREAD, CODES, MILK, Shop
from tests.e2e.till_page import TillPage

SLOW = 150  # ms on the way to the shop and back, as over a bad wireless network


def far_from_the_shop(page: Page) -> None:
    """Every request of the page takes a while."""
    line = {"offline": False, "latency": SLOW, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)


def codes_added(shop: Shop) -> list[str]:
    """The code of every step that put something into a cart of this store, in order."""
    steps = CartStep.objects.filter(cart__store=shop.store, kind=CartStep.Kind.ADD)
    return list(steps.order_by("at").values_list("code", flat=True))


def test_twenty_scans_in_one_burst_all_arrive_in_order_and_none_twice(
    shop: Shop, till: TillPage
) -> None:
    jars = {f"29000000{number:04}": f"Jar {number}" for number in range(1, 21)}
    for code, name in jars.items():
        factories.a_product(name, price="1.50", barcode=code)
    far_from_the_shop(till.page)

    till.scan(*jars)

    rows = till.page.locator("#cart-lines > .line")
    expect(rows).to_have_count(20, timeout=1000)  # all there at once, whatever the answers take
    till.holds(*(f"1 {name} 1.50" for name in jars.values()))
    expect(till.total).to_have_text("€30.00")
    assert codes_added(shop) == list(jars)
    till.press("F10")
    till.is_sold()
    assert shop.lines() == [f"1 {name} 1.50" for name in jars.values()]


def test_the_same_thing_scanned_again_and_again_is_counted_every_time(
    shop: Shop, till: TillPage
) -> None:
    far_from_the_shop(till.page)
    till.scan(*[CODES[MILK], CODES[BREAD], CODES[MILK]] * 4)

    till.holds("8 Oat milk 18.80", "4 Rye sourdough 19.80")
    assert codes_added(shop) == [CODES[MILK], CODES[BREAD], CODES[MILK]] * 4


def test_an_unknown_code_stands_in_the_cart_and_holds_the_pay_key_until_it_is_cleared(
    shop: Shop, till: TillPage
) -> None:
    till.scan(CODES[MILK], "4006381333931", CODES[BREAD])
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    expect(till.misses).to_have_count(1)
    expect(till.misses).to_contain_text("4006381333931")
    expect(till.misses).to_contain_text("Not in the catalogue. Nothing was added.")
    expect(till.misses.get_by_role("alert")).to_be_visible()
    expect(till.pay_key).to_contain_text("1 scan to clear")

    till.press("F9")
    expect(till.take_key).to_be_hidden()
    expect(till.misses.get_by_role("button", name="Clear")).to_be_focused()
    till.press("F10")
    expect(till.sold).to_be_hidden()
    till.misses.get_by_role("button", name="Clear").click()

    expect(till.misses).to_have_count(0)
    expect(till.pay_key).to_contain_text("Pay")
    till.press("F9", "Enter")
    till.is_sold()
    assert shop.lines() == ["1 Oat milk 2.35", "1 Rye sourdough 4.95"]


def test_an_unknown_code_is_cleared_by_a_key_and_the_scans_go_on(till: TillPage) -> None:
    till.scan("4006381333931")
    expect(till.misses).to_have_count(1)
    till.press("Delete")
    expect(till.misses).to_have_count(0)
    till.empty()

    till.scan(CODES[MILK])

    till.holds("1 Oat milk 2.35")


def test_a_broken_scan_says_how_much_of_the_code_came(shop: Shop, till: TillPage) -> None:
    till.scan("53900")

    expect(till.misses).to_contain_text("53900")
    expect(till.misses).to_contain_text("Broken scan, 5 of 13 digits. Scan again.")
    assert codes_added(shop) == []


def test_what_was_scanned_can_be_looked_for_by_hand(till: TillPage) -> None:
    till.scan("4006381333931")
    till.misses.get_by_role("button", name="Find").click()

    expect(till.misses).to_have_count(0)
    expect(till.search).to_be_focused()
    expect(till.search).to_have_value("4006381333931")
