"""Selling, as it is done all day: by scanner, by touch, by keyboard; in cash, by card, by both."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.shop import BOARD, BREAD, CANDLE, CODES, MILK, Shop
from tests.e2e.till_page import TillPage

THREE = [CODES[MILK], CODES[BREAD], CODES[CANDLE]]
SIZES = [(1024, 768), (390, 844)]
# What a browser would print, without asking anybody for paper.
COUNT_PRINTS = "window.print = () => { document.body.dataset.printed = ''; };"


def test_three_scans_and_two_keystrokes_are_a_cash_sale(shop: Shop, till: TillPage) -> None:
    till.scan(*THREE)
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00")
    expect(till.total).to_have_text("€19.30")

    till.press("F9", "Enter")

    till.is_sold()
    till.empty()
    assert shop.lines() == ["1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00"]
    assert shop.payments() == ["cash 19.30 back 0.00"]
    assert shop.on_hand(MILK, BREAD, CANDLE, BOARD) == ["19", "19", "19", "20"]
    assert shop.drawer() == {
        "sales": "1",
        "total": "19.30",
        "expected cash": "119.30",
        "cash": "19.30",
    }


def test_one_key_alone_is_an_exact_cash_sale(shop: Shop, till: TillPage) -> None:
    till.scan(*THREE)

    till.press("F10")  # pressed while the scans are still on their way

    till.is_sold()
    assert shop.receipts() == ["19.30"]
    assert shop.payments() == ["cash 19.30 back 0.00"]


def test_the_two_keystrokes_may_come_before_the_scans_have_arrived(
    shop: Shop, till: TillPage
) -> None:
    till.scan(*THREE)
    till.press("F9", "Enter")

    till.is_sold()
    assert shop.receipts() == ["19.30"]


@pytest.mark.parametrize(
    "place",
    ["#tiles .tile >> nth=0", "#tabs .button >> nth=0", "#clerk", ".line-tools input", "#pay-key"],
)
def test_a_scan_arrives_wherever_the_focus_is(shop: Shop, till: TillPage, place: str) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.page.locator(place).focus()

    till.scan(CODES[BREAD])

    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    expect(till.search).to_have_value("")
    assert not shop.receipts()


def test_a_scan_leaves_what_was_being_typed_as_it_was(till: TillPage) -> None:
    till.type("oak")
    till.scan(CODES[MILK])

    till.holds("1 Oat milk 2.35")
    expect(till.search).to_have_value("oak")


def test_a_scan_while_paying_leads_back_to_the_sale(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.pay()

    till.scan(CODES[BREAD])

    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    expect(till.pay_key).to_be_visible()
    till.press("F9", "Enter")
    till.is_sold()
    assert shop.receipts() == ["7.30"]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_sale_can_be_made_by_touch_alone(
    shop: Shop, till_of: Callable[..., TillPage], width: int, height: int
) -> None:
    shop.tile(11, BREAD)
    shop.tile(12, MILK)
    till = till_of(shop, has_touch=True, viewport={"width": width, "height": height})
    narrow = width < 500
    if narrow:  # a phone has no room for tiles: what is looked for is touched instead
        till.search.tap()
        till.search.fill("rye")
        till.page.locator(".found-row").filter(has_text=BREAD).tap()
        till.holds("1 Rye sourdough 4.95")
        till.line(BREAD).locator('[data-do="more"]').tap()
        till.holds("2 Rye sourdough 9.90")
    else:
        till.tile(BREAD).tap()
        till.tile(BREAD).tap()
        till.tile(MILK).tap()
        till.holds("2 Rye sourdough 9.90", "1 Oat milk 2.35")
        till.line(MILK).locator(".line-name").tap()
        till.line(MILK).locator('[data-do="remove"]').tap()
        till.holds("2 Rye sourdough 9.90")

    till.pay_key.tap()
    till.quick.first.tap()

    till.is_sold()
    assert shop.lines() == ["2 Rye sourdough 9.90"]
    assert shop.payments() == ["cash 9.90 back 0.00"]


def test_a_sale_can_be_made_by_keyboard_alone(shop: Shop, till: TillPage) -> None:
    shop.tile(13, BREAD)
    till.type("oat mlik")  # misspelt
    expect(till.page.locator(".found-row.is-first")).to_contain_text(MILK)
    till.press("Enter")
    till.holds("1 Oat milk 2.35")
    till.press("+", "+")
    till.holds("3 Oat milk 7.05")
    till.press("-")
    till.holds("2 Oat milk 4.70")

    till.type("6*13")  # six of the tile with this number
    till.press("Enter")
    till.holds("2 Oat milk 4.70", "6 Rye sourdough 29.70")
    till.press("Delete")
    till.holds("2 Oat milk 4.70")
    expect(till.toast).to_contain_text("Rye sourdough removed.")
    till.press("Control+z")
    till.holds("2 Oat milk 4.70", "6 Rye sourdough 29.70")

    till.press("ArrowUp")
    expect(till.line(MILK)).to_have_attribute("aria-current", "true")
    till.press("+")
    till.holds("3 Oat milk 7.05", "6 Rye sourdough 29.70")

    till.press("Control+Enter", "Control+Enter")
    till.is_sold()
    assert shop.lines() == ["3 Oat milk 7.05", "6 Rye sourdough 29.70"]
    assert shop.payments() == ["cash 36.75 back 0.00"]


def test_a_count_typed_before_a_scan_is_the_count_of_it(till: TillPage) -> None:
    till.type("6*")
    till.scan(CODES[MILK])
    till.scan(CODES[BREAD])
    till.holds("6 Oat milk 14.10", "1 Rye sourdough 4.95")


def test_arrows_choose_among_what_was_found(till: TillPage) -> None:
    till.type("oa")
    found = till.page.locator('#found[data-for="oa"] .found-row')
    expect(found).to_have_count(2)
    names = found.locator("b").all_text_contents()
    till.press("ArrowDown", "Enter")

    price = {MILK: "2.35", BOARD: "34.00"}[names[1]]
    till.holds(f"1 {names[1]} {price}")


def test_one_touch_on_a_note_takes_it_and_says_the_change(shop: Shop, till: TillPage) -> None:
    till.scan(*THREE)
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00")
    till.pay()
    twenty = till.quick.nth(1)
    expect(twenty).to_have_text("20 change 0.70")

    twenty.click()

    till.is_sold(change="€0.70")
    assert shop.payments() == ["cash 20.00 back 0.70"]
    assert shop.drawer()["expected cash"] == "119.30"


def test_what_was_typed_is_taken_and_the_change_stays_until_the_next_scan(
    shop: Shop, till: TillPage
) -> None:
    till.scan(*THREE)
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00")
    till.pay()
    till.type("50")
    expect(till.take_key).to_contain_text("50.00")
    till.press("Enter")
    till.is_sold(change="€30.70")

    till.press("F9", "Enter", "F10")  # the corner is inert: no double sale, no lost change
    till.page.mouse.click(5, 400)
    till.is_sold(change="€30.70")
    till.scan(CODES[MILK])

    expect(till.sold).to_be_hidden()
    till.holds("1 Oat milk 2.35")
    assert shop.payments() == ["cash 50.00 back 30.70"]


def test_a_card_pays_what_is_due_and_nothing_more(shop: Shop, till: TillPage) -> None:
    till.scan(*THREE)
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00")
    till.pay()
    till.press("d")
    expect(till.take_key).to_contain_text("Take card")
    till.type("20")
    till.press("Enter")
    expect(till.page.locator("#entry-error")).to_contain_text("Only cash gives change.")
    assert not shop.sold()

    till.entry.fill("19.30")
    till.press("Enter")

    till.is_sold()
    assert shop.payments() == ["card 19.30 back 0.00"]
    assert shop.drawer() == {
        "sales": "1",
        "total": "19.30",
        "expected cash": "100.00",
        "card": "19.30",
    }


def test_cash_and_card_pay_one_sale_together(shop: Shop, till: TillPage) -> None:
    till.scan(*THREE)
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95", "1 Beeswax candle 12.00")
    till.pay()
    till.type("10")
    till.press("Enter")
    expect(till.paid_rows).to_have_count(1)
    expect(till.left).to_have_text("€9.30")
    till.press("d")
    expect(till.take_key).to_contain_text("9.30")

    till.press("Enter")

    till.is_sold()
    assert shop.payments() == ["cash 10.00 back 0.00", "card 9.30 back 0.00"]
    assert shop.drawer() == {
        "sales": "1",
        "total": "19.30",
        "expected cash": "110.00",
        "cash": "10.00",
        "card": "9.30",
    }


def test_a_payment_that_was_entered_can_be_taken_back(shop: Shop, till: TillPage) -> None:
    till.scan(CODES[BREAD])
    till.holds("1 Rye sourdough 4.95")
    till.pay()
    till.type("2")
    till.press("Enter")
    expect(till.left).to_have_text("€2.95")

    till.paid_rows.get_by_role("button", name="Take back Cash 2.00").click()

    expect(till.paid_rows).to_have_count(0)
    expect(till.left).to_have_text("€4.95")
    till.press("Escape")
    till.holds("1 Rye sourdough 4.95")
    assert not shop.sold()


def test_the_receipt_stands_beside_the_change_and_alone_goes_to_the_printer(
    shop: Shop, till: TillPage
) -> None:
    till.page.add_init_script(COUNT_PRINTS)
    till.reload()
    till.scan(CODES[MILK], CODES[MILK], CODES[BREAD])
    till.holds("2 Oat milk 4.70", "1 Rye sourdough 4.95")
    till.press("F9", "Enter")
    till.is_sold()
    paper = till.sold.locator(".paper")
    expect(paper).to_be_visible()
    expect(paper).to_contain_text("2 × Oat milk")
    expect(paper).to_contain_text("€9.65")

    till.press("p")
    expect(till.page.locator("body[data-printed]")).to_be_attached()
    till.page.emulate_media(media="print")
    expect(paper).to_be_visible()
    for other in (till.cart, till.page.locator(".till-top"), till.sold.locator(".sold-change")):
        expect(other).to_be_hidden()
    width = paper.evaluate("paper => paper.getBoundingClientRect().width")
    assert width * 25.4 / 96 == pytest.approx(72, abs=0.5)
