"""Takes the pictures of the README from a running demo shop: `python ops/pictures.py URL`.

Opens a till if it has to, rings a few things up, and leaves the cart as it was found: empty.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs/images"
TILES = ("14", "12", "21", "41")


def main(url: str) -> None:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take_till(sign_in(browser, url, "cashier", 1366, 768), url)
        take_stock(sign_in(browser, url, "staff", 768, 1024), url)
        browser.close()


def sign_in(browser: Browser, url: str, username: str, width: int, height: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", "regal-demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda at: "login" not in at)
    page.wait_for_load_state("networkidle")
    return page


def take_till(page: Page, url: str) -> None:
    page.goto(f"{url}/till/")
    if page.get_by_text("Till 1").count() and not page.locator("#cart").count():
        page.get_by_text("Till 1").first.click()
        page.wait_for_load_state("networkidle")
    if page.locator("[name=float]").count():
        page.fill("[name=float]", "100")
        page.keyboard.press("Enter")
        page.wait_for_selector("live-feed")
    for tile in TILES:
        page.keyboard.type(tile, delay=80)
        page.keyboard.press("Enter")
        page.wait_for_timeout(600)
    page.screenshot(path=IMAGES / "till.png")
    for _tile in TILES:
        page.keyboard.press("Control+z")
        page.wait_for_timeout(400)


def take_stock(page: Page, url: str) -> None:
    page.goto(f"{url}/stock/levels/")
    page.wait_for_timeout(800)
    page.screenshot(path=IMAGES / "stock.png")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
