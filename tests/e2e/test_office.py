"""The office in a real browser: dashboard, staff screens, Django's admin in our clothes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from people.models import User
from people.permissions import Role
from tests import factories
from tests.e2e.shop import Shop

Visit = Callable[..., Page]


@pytest.fixture
def admin(shop: Shop) -> User:
    return factories.a_user(Role.ADMIN, full_name="Mara Quinn")


def test_somebody_is_hired_signs_in_and_is_let_go(
    shop: Shop, admin: User, visit: Visit, new_context: Callable[..., BrowserContext]
) -> None:
    desk = visit(shop.server, admin, "/staff/")
    desk.get_by_role("link", name="Add somebody").click()
    desk.get_by_label("Full name").fill("Ida Berg")
    desk.get_by_label("Username").fill("ida")
    desk.get_by_label("First password", exact=True).fill("short")
    desk.get_by_label(shop.store.name).check()
    desk.get_by_role("button", name="Add").click()
    expect(desk.get_by_text("This password is too short")).to_be_visible()
    expect(desk.get_by_label("Full name")).to_have_value("Ida Berg")
    desk.get_by_label("First password", exact=True).fill("another-lantern-7")
    desk.get_by_role("button", name="Add").click()
    expect(desk.get_by_text("Ida Berg can sign in now.")).to_be_visible()

    till = new_context().new_page()
    till.goto(shop.server.url)
    till.get_by_label("Username").fill("IDA")
    till.get_by_label("Password", exact=True).fill("another-lantern-7")
    till.keyboard.press("Enter")
    till.wait_for_url("**/till/")

    desk.get_by_role("link", name="Ida Berg").click()
    desk.get_by_role("button", name="Close account").click()
    expect(desk.get_by_text("Account closed")).to_be_visible()
    till.reload()
    expect(till.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_staff_can_be_reached_and_changed_by_keyboard(
    shop: Shop, admin: User, visit: Visit
) -> None:
    page = visit(shop.server, admin, f"/staff/{shop.cashier.pk}/")
    page.get_by_label("Full name").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Ana Moreira")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ana Moreira")).to_be_visible()
    expect(page.get_by_text("Saved.")).to_be_visible()
