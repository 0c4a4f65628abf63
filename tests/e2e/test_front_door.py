"""Coming in, in a real browser: the sign-in page, and what it says."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from people.models import User
from people.permissions import Role
from tests import factories
from tests.browser import open_page
from tests.servers import Server

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def maeve(server: Server) -> str:
    """A manager at the door, whom an earlier test may have met; her password."""
    if not User.objects.filter(username="maeve").exists():
        store = factories.a_store()
        factories.a_user(Role.MANAGER, store, username="maeve", full_name="Maeve Byrne")
    return factories.PASSWORD


def test_a_wrong_password_says_so_beside_the_field_and_keeps_the_name(
    server: Server, maeve: str, new_context: NewContext
) -> None:
    page = open_page(new_context)
    page.goto(f"{server.url}/")
    page.get_by_label("Username").fill("maeve")
    page.get_by_label("Password", exact=True).fill("guess at the word")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("maeve")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")


def test_the_right_password_opens_the_shop(
    server: Server, maeve: str, new_context: NewContext
) -> None:
    page = open_page(new_context)
    page.goto(f"{server.url}/accounts/login/?next=/accounts/sessions/")
    page.get_by_label("Username").fill("maeve")
    page.get_by_label("Password", exact=True).fill(maeve)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    expect(page.get_by_text("This one")).to_be_visible()


def test_a_password_can_be_looked_at_and_is_hidden_again(
    server: Server, new_context: NewContext
) -> None:
    page = open_page(new_context)
    page.goto(f"{server.url}/")
    page.get_by_label("Password", exact=True).fill("harbour street")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "password")


def test_the_door_speaks_the_readers_language_and_way_of_reading(
    server: Server, new_context: NewContext
) -> None:
    page = open_page(new_context)
    page.goto(f"{server.url}/")
    page.locator('button[value="ur"]').click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ur")


def test_a_dark_shop_stays_dark_on_the_next_page(
    server: Server, maeve: str, new_context: NewContext
) -> None:
    page = open_page(new_context)
    page.goto(f"{server.url}/accounts/login/?next=/accounts/sessions/")
    page.get_by_label("Username").fill("maeve")
    page.get_by_label("Password", exact=True).fill(maeve)
    page.keyboard.press("Enter")
    as_it_is = page.get_by_role("button", name="As the device")
    expect(as_it_is).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Dark").click()
    page.goto(f"{server.url}/accounts/2fa/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
