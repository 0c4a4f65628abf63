"""The API's pages in a browser: they read, and they work with no other server in the world."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser import open_page
from tests.servers import Server


def test_the_docs_show_every_operation_and_ask_nobody_else(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    page = open_page(new_context)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{server.url}/docs")

    expect(page.get_by_text("Sell, once")).to_be_visible()
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()
    page.get_by_text("Sell, once").click()
    expect(page.get_by_text("One id is one sale").first).to_be_visible()
    assert [url for url in asked if not url.startswith((server.url, "data:"))] == []
