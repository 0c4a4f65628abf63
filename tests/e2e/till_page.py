"""The till as the person before it has it: a scanner, keys, fingers, and what can be seen."""

from itertools import count
from time import time
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

SCANNER = 0.004  # seconds between two keys of a scanner
ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}


class TillPage:
    """One tab of a till."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.cart = page.locator("#cart")
        self.lines = page.locator("#cart-lines > [data-line]")
        self.waiting = page.locator("#cart-lines > .line-wait")
        self.misses = page.locator("#cart-lines > .line-miss")
        self.total = page.locator("#sell-total dd")
        self.search = page.locator("#search")
        self.pay_key = page.locator("#pay-key")
        self.exact_key = page.locator("#exact-key")
        self.entry = page.locator("#entry")
        self.take_key = page.locator("#take-key")
        self.quick = page.locator("#quick .button")
        self.left = page.locator("#pay-left")
        self.paid_rows = page.locator("#pay-rows .sum-paid")
        self.sold = page.locator("#sold")
        self.change = page.locator("#sold .change dd")
        self.banner = page.locator("#banners .banner")
        self.toast = page.locator("#toasts .toast")
        self.badge = page.locator("live-feed")
        self._scanner: CDPSession | None = None

    def open(self, path: str = "/till/") -> "TillPage":
        """At the person's own till, ready to scan."""
        self.page.goto(self.url + path)
        self.ready()
        return self

    def ready(self) -> None:
        expect(self.page.locator("body[data-ready]")).to_be_attached()

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def live(self) -> None:
        """The screen hears the shop."""
        expect(self.badge).to_have_attribute("data-state", "live")

    # ---- what is in the cart

    def holds(self, *lines: str) -> None:
        """The cart shows exactly these lines: "2 Oat milk 4.70"."""
        expect(self.waiting).to_have_count(0)
        expect(self.lines).to_have_count(len(lines))
        for number, line in enumerate(lines):
            amount, *name = reversed(line.split(" ")[1:])
            row = self.lines.nth(number)
            expect(row.locator(".line-count")).to_have_text(line.split(" ")[0])
            expect(row.locator(".line-name")).to_have_text(" ".join(reversed(name)))
            expect(row.locator(".line-sum")).to_have_text(amount)

    def empty(self) -> None:
        """Nothing is in it, and it says that it waits for the next sale."""
        self.holds()
        expect(self.page.locator("#cart-empty")).to_be_visible()

    def line(self, name: str) -> Locator:
        return self.lines.filter(has_text=name)

    # ---- hands

    def scan(self, *codes: str) -> None:
        """Codes as a scanner types them: fast, each with its Enter, to whatever has the focus.

        The keys carry the scanner's own times, so that a busy test machine does not slow it down.
        """
        at = count()
        start = time()
        for code in codes:
            for key in [*code, "Enter"]:
                self._key(key, start + next(at) * SCANNER)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """As a person types."""
        self.page.keyboard.type(text, delay=90)

    def tile(self, name: str) -> Locator:
        return self.page.locator("#tiles .tile").filter(has_text=name)

    def pay(self) -> None:
        """The payment screen stands, by the key."""
        self.press("F9")
        self.paying()

    def paying(self) -> None:
        expect(self.take_key).to_be_visible()

    def is_sold(self, change: str = "€0.00") -> None:
        """The sale went through, and this much is to be given back."""
        expect(self.sold).to_be_visible()
        expect(self.change).to_have_text(change)

    def _key(self, key: str, at: float) -> None:
        if self._scanner is None:
            self._scanner = self.page.context.new_cdp_session(self.page)
        what: dict[str, Any] = ENTER if key == "Enter" else {"key": key, "text": key}
        for kind in ("keyDown", "keyUp"):
            facts = {**what, "type": kind, "timestamp": at}
            if kind == "keyUp":
                facts.pop("text", None)
            self._scanner.send("Input.dispatchKeyEvent", facts)
