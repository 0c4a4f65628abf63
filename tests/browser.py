"""A real browser: Debian's Chromium, and a watch over what it complains about."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, WebError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium reports every refused request as an error; these answers are part of the contract.
CONTRACT = r"Failed to load resource: .* status of (401|409|410|422|429)"
# htmx calls it an error that the page replaced a request of its own, or left before its answer.
REPLACED = r"^htmx:(afterRequest|sendAbort)\b"
QUIET = (
    "--no-sandbox",  # it runs as root in CI, against nothing but our own pages
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Console:
    """What the browser complained about, and what a test said it may."""

    complaints: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=lambda: [CONTRACT, REPLACED])

    def allow(self, pattern: str) -> None:
        """The test provokes this complaint on purpose, as when it stops the server."""
        self.allowed.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        """Hear every page of `context`: errors, exceptions, violations of the content policy."""
        context.on("console", self._hear)
        context.on("weberror", self._hear_error)

    def unexpected(self) -> list[str]:
        """Complaints that nobody allowed."""
        return [
            text
            for text in self.complaints
            if not any(re.search(pattern, text) for pattern in self.allowed)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            where = message.location.get("url", "")
            self.complaints.append(f"{message.text} [{where}]")

    def _hear_error(self, error: WebError) -> None:
        self.complaints.append(f"exception: {error.error}")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's own Chromium; nothing is downloaded."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    # Playwright keeps a loop running in this thread, and the ORM would refuse to work beside it. It
    # is asked for by the whole session's fixtures, so before any database of a test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    if found is None:
        pytest.exit("no Chromium found: `make browser` installs Debian's", returncode=2)
    return {**browser_type_launch_args, "executable_path": found, "args": list(QUIET)}


@pytest.fixture
def console() -> Any:
    """The watch; a complaint that the test did not allow fails it."""
    watch = Console()
    yield watch
    assert watch.unexpected() == []


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext],
    console: Console,
) -> Callable[..., BrowserContext]:
    """A browser with its own cookies, watched; call it twice for two tills."""

    def make(**options: Any) -> BrowserContext:
        context = new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        context.route(re.compile(r"^https?://(?!localhost|127\.0\.0\.1)"), _refuse)
        console.watch(context)
        return context

    return make


def open_page(new_context: Callable[..., BrowserContext], **options: Any) -> Page:
    """A page in a browser of its own."""
    return new_context(**options).new_page()


def _refuse(route: Route) -> None:
    """A page of ours asks nobody else for anything."""
    route.abort()
