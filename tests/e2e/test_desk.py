"""The till's other rooms in a real browser: receipts, goods that come back, the drawer."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from regalpos import ids
from sales.forms import parse_sale
from sales.models import Sale, Shift
from sales.services.checkout import check_out
from tests import factories
from tests.browser import Console
from tests.e2e.shop import MILK, Shop

SIZES = ((1024, 768), (390, 844), (1366, 768))


@pytest.fixture
def receipt(shop: Shop) -> Sale:
    """Two oat milks were sold for 4.70 in cash."""
    raw = {
        "register": str(shop.till.pk),
        "lines": [{"product": str(shop.product(MILK).pk), "quantity": "2"}],
        "payments": [{"tender": "cash", "amount": "5.00"}],
        "shown_total": "4.70",
    }
    actor = factories.an_actor(shop.cashier)
    answer = check_out(sale_id=ids.new(), body=parse_sale(raw), actor=actor, source="till")
    return Sale.objects.get(pk=answer.content["id"])


@pytest.fixture
def page(shop: Shop, receipt: Sale, visit: Callable[..., Page]) -> Page:
    return visit(shop.server, shop.cashier, "/till/receipts/")


def looks_right(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def open_return(page: Page, receipt: Sale) -> None:
    """From the list, as a cashier gets there."""
    page.locator(".desk-row").first.click()
    page.wait_for_url(re.compile(f"/receipts/{receipt.pk}/$"))
    page.keyboard.press("F7")
    page.wait_for_url(re.compile("/return/$"))


def test_a_scanned_receipt_opens_and_prints_alone(page: Page, receipt: Sale) -> None:
    looks_right(page)
    page.keyboard.type(receipt.receipt_number)
    page.keyboard.press("Enter")
    paper = page.get_by_role("article", name=f"Receipt {receipt.receipt_number}")
    expect(paper).to_be_visible()
    looks_right(page)
    page.emulate_media(media="print")
    expect(paper).to_be_visible()
    expect(page.locator(".cart")).to_be_hidden()
    expect(page.locator(".till-top")).to_be_hidden()
    box = paper.bounding_box()
    assert box
    assert abs(box["width"] - 72 / 25.4 * 96) < 2  # 72 mm of print on 80 mm of paper
    assert box["y"] < 5


def test_goods_come_back_by_keyboard_and_touch(page: Page, receipt: Sale) -> None:
    open_return(page, receipt)
    page.get_by_role("button", name="One more").click()
    expect(page.locator("#amount")).to_contain_text("€2.35")
    page.keyboard.press("F9")
    expect(page.get_by_text("A return needs a reason.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()
    looks_right(page)
    page.get_by_role("button", name="Faulty").click()
    page.keyboard.press("F9")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(page.locator(".sum-total")).to_contain_text("€2.35")
    back = Sale.objects.get(lines__returns__sale=receipt)
    assert back.payable == Decimal("-2.35")


def test_a_return_whose_answer_is_lost_is_asked_for_again_and_paid_once(
    page: Page, receipt: Sale, console: Console
) -> None:
    console.allow("htmx:|ERR_FAILED")
    open_return(page, receipt)
    page.get_by_role("button", name="All of it").click()
    expect(page.locator("#amount")).to_contain_text("€4.70")
    page.get_by_role("button", name="Wrong item").click()

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()  # It arrives; what comes back does not.
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/return/"), lose)
    page.keyboard.press("F9")
    expect(page.get_by_text("No answer came")).to_be_visible()
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    page.unroute_all()
    page.keyboard.press("F9")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert Sale.objects.filter(lines__returns__sale=receipt).count() == 1


def test_a_drawer_is_counted_blind_and_compared(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.server.url}/till/shift/")
    expect(page.locator("main")).not_to_contain_text("104.70")
    looks_right(page)
    page.keyboard.press("F9")
    page.wait_for_url(re.compile("/closure/$"))
    counted = page.get_by_label("Notes and coins in the drawer, EUR")
    expect(counted).to_be_focused()
    page.keyboard.type("12x")
    page.keyboard.press("F9")
    expect(page.get_by_text("Type what is in the drawer, for example 253.40.")).to_be_visible()
    looks_right(page)
    counted.fill("104.50")
    page.keyboard.press("F9")
    expect(page.get_by_role("heading", name="Z report 1")).to_be_visible()
    expect(page.locator(".sum-total")).to_contain_text("−€0.20")
    looks_right(page)
    assert Shift.objects.get(pk=shop.shift.pk).variance == Decimal("-0.20")
