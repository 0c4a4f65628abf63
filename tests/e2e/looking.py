"""Looking at a page as everybody does: at every size, in light and dark, with eyes and without."""

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

DESK, TABLET, PHONE, SMALLEST = (1366, 768), (1024, 768), (390, 844), (320, 640)
# Targets of 24 px, or as far apart as if they were, are WCAG 2.2's; axe asks only if it is told to.
EVERYTHING: dict[str, Any] = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
}
COLOURS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
}
# Between the desk and the phone nothing has other words or colours, only other sizes.
SIZES_ONLY: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]},
}
THUMB = 48  # px: the least side of whatever is pressed at a till

# What can be pressed and is smaller than that, with the label or the row that is pressed with it.
# A link within a note is as tall as its line.
TOO_SMALL = """
least => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter(thing => thing.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter(thing => thing.type !== "hidden" && !thing.closest(".unseen, .note"))
  .map(thing => {
    const stretched = getComputedStyle(thing, "::after").position === "absolute";
    const line = thing.matches(".line-name") ? thing.closest("[data-line]") : null;
    const row = stretched ? thing.offsetParent : line;
    const whole = [thing, ...(thing.labels ?? []), ...(row ? [row] : [])];
    const boxes = whole.map(one => one.getBoundingClientRect());
    const side = box => Math.min(box.width, box.height);
    const name = thing.getAttribute("aria-label") || thing.textContent.trim() || thing.outerHTML;
    return [Math.max(...boxes.map(side)), name.replace(/\\s+/g, " ").slice(0, 90)];
  })
  .filter(([side]) => side > 0 && side < least - 0.5)
  .map(([side, name]) => `${Math.round(side * 10) / 10} px: ${name}`)
"""

# Colours on their way from light to dark are neither.
SETTLED = """
() => Promise.all(document.getAnimations().filter(one => one instanceof CSSTransition)
  .map(one => one.finished.catch(() => null)))
"""
# What reaches past the end of the page, by name, to say where to look.
BESIDE = """
() => [...document.body.querySelectorAll("*")]
  .filter(thing => thing.getBoundingClientRect().right > innerWidth + 0.5)
  .map(thing => thing.cloneNode().outerHTML.slice(0, 90)).slice(0, 4).join(" ")
"""


def look(
    page: Page, *, by_thumb: bool = False, briefly: bool = False, besides: Iterable[str] = ()
) -> None:
    """The page can be used by everybody: no axe violation, nothing beside it, nothing too small.

    `briefly` is for a page that was looked at in full with other rights; `besides` names rules of
    axe that a page made elsewhere breaks.
    """
    feed = page.locator("live-feed")
    if feed.count():
        expect(feed).to_have_attribute("data-state", "live")
    trouble: dict[str, list[str]] = {}

    def note(where: str, found: list[str]) -> None:
        for what in found:
            if what.split(":")[0] not in besides:
                trouble.setdefault(what, []).append(where)

    page.evaluate(Axe().axe_script)
    for size in (DESK,) if briefly else (DESK, TABLET, PHONE):
        _resize(page, size)
        note(f"{size[0]}", _violations(page, SIZES_ONLY if size == TABLET else EVERYTHING))
        if by_thumb:
            note(f"{size[0]}", page.evaluate(TOO_SMALL, THUMB))
    for size in (PHONE, SMALLEST):
        _resize(page, size)
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > size[0]:
            note(f"{size[0]}", [f"the page is {wide} px wide: {page.evaluate(BESIDE)}"])
    page.emulate_media(color_scheme="dark")
    for size in () if briefly else (DESK, PHONE):
        _resize(page, size)
        note(f"{size[0]} dark", _violations(page, COLOURS))
    page.emulate_media(color_scheme="light")
    assert not trouble, "\n".join(f"{what} [{', '.join(at)}]" for what, at in trouble.items())


def _resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe has against the page as it stands, a line for each thing."""
    page.evaluate(SETTLED)
    found = AxeResults(page.evaluate("options => axe.run(document, options)", options))
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
