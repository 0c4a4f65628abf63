"""Every page of every role can be used by everybody, and the browser complains of none of them."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import BrowserContext, Page, expect

from people.models import User
from people.permissions import Role
from regalpos import ids
from sales.forms import parse_sale
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart, park_cart
from sales.services.checkout import check_out
from tests import factories
from tests.browser import Console, open_page
from tests.e2e.conftest import House
from tests.e2e.looking import look
from tests.e2e.shop import BREAD, CANDLE, CODES, MILK, Shop, open_shop
from tests.e2e.till_page import TillPage

Visit = Callable[..., Page]
NewContext = Callable[..., BrowserContext]
A, M, C, E = Role.ADMIN, Role.MANAGER, Role.CASHIER, Role.EMPLOYEE

# Address: who looks at it. `{sale}` and such are filled from the world below.
PAGES: dict[str, list[Role]] = {
    "/dashboard/": [A, M],
    "/staff/": [A],
    "/staff/new/": [A],
    "/staff/{user}/": [A],
    "/products/": [M, E],
    "/products/new/": [M],
    "/products/{sku}/": [M, C],
    "/products/{sku}/edit/": [M],
    "/stock/levels/": [M, C],
    "/stock/levels/?q=nothing+like+it": [E],
    "/stock/levels/?show=none": [E],
    "/stock/low/": [M],
    "/stock/levels/{sku}/": [M, E],
    "/stock/receive/": [E],
    "/till/": [M],
    "/till/registers/{free}/": [M],
    "/till/shift/": [C, M],
    "/till/shift/{shift}/closure/": [C],
    "/till/shift/{shift}/cash/": [C],
    "/till/shift/{shift}/report/": [C, M],
    "/till/receipts/": [C],
    "/till/receipts/{sale}/": [C],
    "/till/receipts/{sale}/return/": [C],
    "/accounts/logout/": [C],
    "/accounts/sessions/": [C],
    "/accounts/2fa/": [M, E],
    "/accounts/2fa/webauthn/": [M],
    "/accounts/2fa/webauthn/add/": [M],
    "/accounts/2fa/totp/activate/": [M],
    "/accounts/password/change/": [C],
    "/admin/": [A, M],
    "/admin/people/auditevent/": [A],
    "/admin/people/salesman/add/": [M],
    "/admin/sales/sale/": [M],
    "/admin/sales/sale/{sale}/change/": [M],
    "/admin/people/store/{store}/change/": [A],
    "/products/nothing-like-it/": [M],  # 404
    "/staff/new/#": [E],  # 403
    "/till/{elsewhere}/": [C],  # open at another till
}
# Led to, but no pages of their own: they send the browser on to one above.
LEADS_ON = {"people:home", "inventory:stock"}
# Rules that others' markup and colours break, which we show as it is.
DJANGOS = ("empty-table-header", "scrollable-region-focusable")
SWAGGERS = ("color-contrast", "heading-order", "nested-interactive", "target-size")
IN_THE_SHOP = re.compile(r"^/(till|stock)/")  # held in one hand, or stood before


@dataclass
class World:
    """A store with a little history: what addresses name, and who knocks."""

    shop: Shop
    people: dict[Role, User]
    names: dict[str, str]


@pytest.fixture(scope="module")
def world(house: House) -> World:
    shop = open_shop(house.server)
    people = {role: shop.someone(role) for role in (A, M, E)} | {C: shop.cashier}
    actor = factories.an_actor(shop.cashier)
    milk = shop.product(MILK)
    sale = ids.new()
    body = {
        "register": str(shop.till.pk),
        "lines": [{"product": str(milk.pk), "quantity": "2"}],
        "payments": [{"tender": "cash", "amount": "5.00"}],
        "shown_total": "4.70",
    }
    check_out(sale_id=sale, body=parse_sale(body), actor=actor, source="till")
    waiting = open_cart(cart_id=ids.new(), register_id=shop.till.pk, actor=actor)
    add_to_cart(step_id=ids.new(), cart_id=waiting, actor=actor, code=CODES[BREAD])
    park_cart(step_id=ids.new(), cart_id=waiting, actor=actor, name="the man with the dog")
    other_till = factories.a_register(shop.store)
    colleague = factories.an_actor(shop.someone(C))
    factories.a_shift(other_till, colleague)
    elsewhere = open_cart(cart_id=ids.new(), register_id=other_till.pk, actor=colleague)
    names = {
        "user": shop.cashier.pk,
        "sku": milk.sku,
        "sale": sale,
        "shift": shop.shift.pk,
        "store": shop.store.pk,
        "free": factories.a_register(shop.store).pk,
        "elsewhere": elsewhere,
    }
    return World(shop, people, {name: str(value) for name, value in names.items()})


@pytest.mark.parametrize(
    ("address", "role"),
    [(address, role) for address, roles in PAGES.items() for role in roles],
)
def test_every_page_can_be_used_by_everybody(
    world: World, visit: Visit, console: Console, address: str, role: Role
) -> None:
    console.allow("status of (403|404)")
    page = visit(world.shop.server, world.people[role], reduced_motion="reduce")
    page.goto(world.shop.server.url + address.format(**world.names))
    if "reauthenticate" in page.url:  # who asks for more than to sell shows once more who it is
        look(page)
        page.get_by_label("Your password").fill(factories.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "reauthenticate" not in url)
    besides = DJANGOS if address.startswith("/admin/") else ()
    look(
        page,
        by_thumb=bool(IN_THE_SHOP.match(address)),
        briefly=role != PAGES[address][0],
        besides=besides,
    )


@pytest.mark.parametrize("address", ["/accounts/login/", "/docs", "/nowhere/"])
def test_every_page_outside_the_door_can_be_used_by_everybody(
    house: House, new_context: NewContext, console: Console, address: str
) -> None:
    console.allow("status of 404")
    page = open_page(new_context, reduced_motion="reduce")
    page.goto(house.server.url + address)
    if address == "/docs":
        expect(page.get_by_role("button", name="Authorize")).to_be_visible()
        look(page, briefly=True, besides=SWAGGERS)
    else:
        look(page)


def test_a_form_that_grew_old_is_sent_back_with_words_that_everybody_can_read(
    house: House, new_context: NewContext, console: Console
) -> None:
    console.allow("status of 403")
    page = open_page(new_context, reduced_motion="reduce")
    page.goto(f"{house.server.url}/accounts/login/")
    page.context.clear_cookies()
    page.get_by_label("Username").fill("maeve")
    page.get_by_label("Password", exact=True).fill("harbour street")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Username")).to_have_count(0)
    look(page)


def selling(till: TillPage) -> None:
    till.scan(CODES[MILK], CODES[CANDLE], "4006381333931")
    expect(till.misses).to_have_count(1)
    till.type("oa")
    expect(till.page.locator(".found-row").first).to_be_visible()


def waiting(till: TillPage) -> None:
    till.page.route("**/lines/", lambda route: route.abort())
    till.scan(CODES[MILK])
    expect(till.waiting).to_contain_text("No answer")


def paying(till: TillPage) -> None:
    till.scan(CODES[MILK], CODES[CANDLE])
    till.holds("1 Oat milk 2.35", "1 Beeswax candle 12.00")
    till.pay()
    till.type("10")
    till.press("Enter")
    expect(till.paid_rows).to_have_count(1)
    till.entry.fill("x")
    till.press("Enter")
    expect(till.page.locator("#entry-error")).to_be_visible()


def asking(till: TillPage) -> None:
    till.scan(CODES[MILK])
    till.holds("1 Oat milk 2.35")
    till.page.route("**/payment/", lambda route: route.abort())
    till.press("F10")
    expect(till.page.get_by_role("button", name="Send again")).to_be_visible()


def sold(till: TillPage) -> None:
    till.scan(CODES[MILK], CODES[BREAD])
    till.holds("1 Oat milk 2.35", "1 Rye sourdough 4.95")
    till.pay()
    till.type("20")
    till.press("Enter")
    till.is_sold(change="€12.70")


def parked(till: TillPage) -> None:
    till.scan(CODES[MILK])
    till.press("F4")
    till.empty()
    expect(till.toast).to_contain_text("Parked")
    till.press("F4")
    expect(till.page.locator("#parked .found-row")).to_be_visible()


def helped(till: TillPage) -> None:
    till.press("F1")
    expect(till.page.locator("#help")).to_be_visible()


def at_the_menu(till: TillPage) -> None:
    till.page.get_by_role("button", name="Menu").click()
    expect(till.page.locator("#till-menu")).to_be_visible()


@pytest.mark.parametrize(
    "state",
    [TillPage.empty, selling, waiting, paying, asking, sold, parked, helped, at_the_menu],
    ids=lambda state: state.__name__,
)
def test_the_till_can_be_used_by_everybody_in_every_state(
    shop: Shop, till_of: Callable[..., TillPage], console: Console, state: Callable[..., None]
) -> None:
    console.allow("net::ERR_FAILED|status of 404")
    shop.tile(11, BREAD)
    shop.tile(12, CANDLE)
    till = till_of(shop, reduced_motion="reduce")
    state(till)
    look(till.page, by_thumb=True)


@pytest.mark.parametrize("language", ["de", "ur"])
def test_the_till_can_be_used_by_everybody_in_every_language(
    shop: Shop, till_of: Callable[..., TillPage], console: Console, language: str
) -> None:
    shop.cashier.language = language
    shop.cashier.save()
    till = till_of(shop, reduced_motion="reduce")
    expect(till.page.locator("html")).to_have_attribute("lang", language)
    selling(till)
    look(till.page, by_thumb=True)


def test_a_shift_that_ended_leaves_a_page_that_everybody_can_use(
    shop: Shop, till_of: Callable[..., TillPage]
) -> None:
    till = till_of(shop, reduced_motion="reduce")
    till.page.goto(f"{till.url}/till/shift/{shop.shift.pk}/closure/")
    till.page.get_by_label("Notes and coins in the drawer").fill("100")
    till.page.get_by_role("button", name="Send count").click()
    expect(till.page.get_by_role("heading", name="Z report").first).to_be_visible()
    look(till.page)


@pytest.mark.parametrize("role", [A, M, C, E])
def test_every_link_leads_somewhere_and_to_no_page_that_was_not_looked_at(
    world: World, visit: Visit, role: Role
) -> None:
    page = visit(world.shop.server, world.people[role])
    looked_at = {_name(address.format(**world.names)) for address in PAGES}
    seen: set[str] = set()
    found: dict[str, str] = {}
    paths = ["/"]
    while paths:
        path = paths.pop()
        answer = page.request.get(world.shop.server.url + path)
        assert answer.status == 200, f"{path}: {answer.status}"
        for link in re.findall(r'<a[^>]+href="(/[^"#]*)"', answer.text()):
            path = urlsplit(html.unescape(link)).path
            name = _name(path)
            if path.startswith("/static/") or name in seen:
                continue
            seen.add(name)
            if path.startswith("/admin/"):
                continue
            found[name] = path
            paths.append(path)
    strange = {path for name, path in found.items() if name not in looked_at | LEADS_ON}
    assert not strange, f"nobody looks at {sorted(strange)} in this file"
    assert len(found) >= 8


def _name(path: str) -> str:
    """What kind of page this is."""
    match = resolve(path.split("?")[0].split("#")[0])
    return match.view_name or path
