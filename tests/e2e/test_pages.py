"""Every page of every role can be used by everybody, and the browser complains of none of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import BrowserContext, Page, expect

from people.models import User
from people.permissions import Role
from regalpos import ids
from sales.forms import parse_sale
from sales.models import Cart, Sale
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart, park_cart
from sales.services.checkout import check_out
from tests import factories
from tests.browser import Console, open_page
from tests.e2e.conftest import House
from tests.e2e.looking import look
from tests.e2e.shop import BREAD, CANDLE, CODES, MILK, Shop, open_shop, sign_in
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
    "/stock/levels/{sku}/": [M, E],
    "/stock/receive/": [E],
    "/till/": [M],
    "/till/registers/{free}/": [M],
    "/till/shift/": [C, M],
    "/till/shift/{shift}/closure/": [C],
    "/till/receipts/": [C],
    "/till/receipts/{sale}/": [C],
    "/till/receipts/{sale}/return/": [C],
    "/accounts/logout/": [C],
    "/accounts/sessions/": [C],
    "/accounts/2fa/": [M, E],
    "/accounts/2fa/webauthn/": [M],
    "/accounts/password/change/": [C],
    "/admin/": [A, M],
    "/admin/people/auditevent/": [A],
    "/admin/sales/sale/": [M],
    "/admin/sales/sale/{sale}/change/": [M],
    "/admin/people/store/{store}/change/": [A],
    "/products/nothing-like-it/": [M],  # 404
    "/staff/new/#": [E],  # 403
    "/till/{elsewhere}/": [C],  # open at another till
}
# Led to, but no page of its own: it sends the browser on, or it is a picture of one above.
LEADS_ON = {"home", "stock", "low", "cart", "z-report"}
# Rules that others' markup and colours break, which we show as it is.
DJANGOS = ("empty-table-header", "scrollable-region-focusable")
SWAGGERS = ("color-contrast", "heading-order", "nested-interactive", "target-size")
AT_A_TILL = re.compile(r"^/till/(?!receipts|shift|registers)")


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
    besides = DJANGOS if address.startswith("/admin/") else ()
    look(page, by_thumb=bool(AT_A_TILL.match(address)), besides=besides)


@pytest.mark.parametrize("address", ["/accounts/login/", "/docs", "/nowhere/"])
def test_every_page_outside_the_door_can_be_used_by_everybody(
    house: House, new_context: NewContext, console: Console, address: str
) -> None:
    console.allow("status of 404")
    page = open_page(new_context, reduced_motion="reduce")
    page.goto(house.server.url + address)
    if address == "/docs":
        expect(page.get_by_role("button", name="Authorize")).to_be_visible()
    look(page, besides=SWAGGERS if address == "/docs" else ())
