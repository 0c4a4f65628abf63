"""One cart in two tabs is one cart; and a sale is not made twice by looking back."""

from playwright.sync_api import Page, Route, expect

from tests.browser import Console
from tests.e2e.shop import BREAD, CODES, MILK, Shop
from tests.e2e.till_page import TillPage


def beside(till: TillPage) -> TillPage:
    """The same till in one more tab of the same browser."""
    return TillPage(till.page.context.new_page(), till.url).open()


def receipt_number(till: TillPage) -> str:
    return till.page.locator("#sold-title .num").inner_text()


def test_what_is_scanned_in_one_tab_shows_in_the_other(till: TillPage) -> None:
    other = beside(till)
    till.scan(CODES[MILK])
    other.holds("1 Oat milk 2.35")

    other.scan(CODES[BREAD])

    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    expect(till.total).to_have_text("€7.30")


def test_paying_in_both_tabs_at_once_sells_once(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[MILK])
    other = beside(till)
    other.holds("1 Oat milk 2.35")
    till.pay()
    other.pay()

    till.press("Enter")
    other.press("Enter")

    till.is_sold()
    other.is_sold()
    assert receipt_number(till) == receipt_number(other)
    assert shop.receipts() == ["2.35"]
    assert shop.on_hand(MILK) == ["19"]


def test_a_sale_paid_in_one_tab_is_over_in_the_other(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[MILK])
    other = beside(till)
    other.holds("1 Oat milk 2.35")

    till.press("F10")
    till.is_sold()

    other.is_sold()
    other.ready()
    other.scan(CODES[BREAD])
    other.holds("1 Rye sourdough 4.95")
    till.holds("1 Rye sourdough 4.95")
    assert shop.receipts() == ["2.35"]


def test_going_back_after_a_sale_does_not_sell_again(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    paid = till.page.url
    till.pay()
    paying = till.page.url
    till.press("Enter")
    till.is_sold()
    till.page.goto(f"{till.url}/till/receipts/")

    till.page.go_back()
    till.ready()
    till.press("F9", "Enter", "F10")
    till.is_sold()  # it stands there still: nothing to pay for
    for address in (paid, paying):
        till.open(address.removeprefix(till.url))
        till.press("F9", "Enter", "F10")
        till.empty()

    assert shop.receipts() == ["2.35"]


def test_a_reload_while_paying_comes_back_to_paying(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[MILK], CODES[BREAD])
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    till.pay()

    till.reload()

    till.paying()
    expect(till.entry).to_have_value("7.30")
    till.press("Enter")
    till.is_sold()
    assert shop.receipts() == ["7.30"]


def test_a_reload_before_the_payment_has_an_answer_asks_what_became_of_it(
    shop: Shop, till: TillPage, console: Console
) -> None:
    console.allow("ERR_FAILED|ERR_ABORTED")
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    sent = _swallow_the_answer(till.page)
    till.press("F10")
    expect(till.banner).to_contain_text("Asking whether the sale went through.")
    assert sent == [201]

    till.reload()

    till.is_sold()
    assert shop.receipts() == ["2.35"]


def _swallow_the_answer(page: Page) -> list[int]:
    """The shop hears the payment, and the page hears nothing: not then, nor when it asks."""
    sent: list[int] = []

    def swallow(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.fetch().status)
        route.abort()

    page.route("**/payment/", swallow)
    page.route("**/attempts/*", lambda route: route.abort())
    page.once("framenavigated", lambda _frame: page.unroute("**/attempts/*"))
    return sent
