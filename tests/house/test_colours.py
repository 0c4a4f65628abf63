"""Everything that is read stands out from its ground, by day and by night (WCAG 2.2 AA)."""

import re

import pytest

from regalpos.environment import BASE_DIR

TOKENS = (BASE_DIR / "static" / "css" / "tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
COLOURS = {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS)}

GROUNDS = ("paper", "sheet", "well")
READ = [
    *[(ink, ground, 4.5) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS],
    *[("edge", ground, 3.0) for ground in GROUNDS],
    *[("accent", ground, 3.0) for ground in GROUNDS],
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-press", 4.5),
    ("on-bad", "bad", 4.5),
    ("accent-text", "accent-soft", 4.5),
    ("ink", "accent-soft", 4.5),
    ("ink-2", "accent-soft", 4.5),
    ("ink", "bad-soft", 4.5),
    *[(mood, f"{mood}-soft", 4.5) for mood in ("good", "warn", "bad")],
    *[(mood, ground, 4.5) for mood in ("good", "warn", "bad") for ground in ("paper", "sheet")],
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize(("text", "ground", "least"), READ)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(text: str, ground: str, least: float, theme: int) -> None:
    assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= least
