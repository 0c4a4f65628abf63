"""What every template and style sheet keeps to, so that pages are safe, movable and readable."""

import re
from pathlib import Path

import pytest

from regalpos.environment import BASE_DIR
from regalpos.icons import ICONS

TEMPLATES = sorted((BASE_DIR / "templates").rglob("*.html"))
SHEETS = sorted((BASE_DIR / "static" / "css").glob("*.css"))
SCRIPTS = sorted((BASE_DIR / "static" / "js").glob("*.js"))

COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", re.S)
TRANSLATED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}|\{%.*?%\}|\{\{.*?\}\}", re.S
)
# Blocks that fill an attribute of the body, and so hold a name and no words.
PLACE = re.compile(
    r"\{% block (?:view|place|place_data) %\}(?:(?!\{% (?:end)?block).)*\{% endblock %\}", re.S
)
# What is not read out or shown, or is the same in every language: keys, codes, data for scripts.
WORDLESS = re.compile(r"<(script|style|kbd|code|svg|head)\b.*?</\1\s*>", re.S)
TAG = re.compile(r"<[^>]*>", re.S)
SAID_BY_ATTRIBUTE = re.compile(r'\s(?:aria-label|title|placeholder|alt)="([^"]*)"')
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {"RegalPOS"}

FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=|<style\b", re.I),
    "an inline handler": re.compile(r"\son[a-z]+\s*=", re.I),
    "hx-on": re.compile(r"\shx-on\b", re.I),
    "an expression for htmx": re.compile(r'hx-(?:vals|headers|vars)\s*=\s*["\']\s*js:', re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "a foreign address": re.compile(r'(?:src|href|action)\s*=\s*"(?:https?:)?//', re.I),
    "a raw value": re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off"),
}
INLINE_SCRIPT = re.compile(r"<script\b(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", re.I)

PHYSICAL = re.compile(
    r"(?:^|[\s;{])(?:"
    r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)(?:-\w+)?"
    r"|left|right|top|bottom|(?:min-|max-)?(?:width|height)"
    r")\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)",
    re.M,
)
# A figure keeps its own direction, so the side it stands on is said for each way of reading.
BOTH_WAYS = re.compile(r"[^{}]*:dir\((?:rtl|ltr)\)[^{}]*\{[^}]*\}")


def named(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def written(path: Path) -> str:
    text = COMMENT.sub("", path.read_text())
    return PLACE.sub("", PLACE.sub("", text))


def untranslated(template: str) -> set[str]:
    """Words a reader would meet in English whatever the language."""
    bare = WORDLESS.sub(" ", TRANSLATED.sub(" ", template))
    said = " ".join([TAG.sub(" ", bare), *SAID_BY_ATTRIBUTE.findall(bare)])
    entity_free = re.sub(r"&\w+;", " ", said)
    return set(WORD.findall(entity_free)) - NAMES


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_carries_no_style_and_no_script(path: Path) -> None:
    text = written(path)
    assert [what for what, sign in FORBIDDEN.items() if sign.search(text)] == []
    assert INLINE_SCRIPT.findall(text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    assert untranslated(written(path)) == set()


def test_a_word_left_in_english_is_found() -> None:
    assert untranslated('<p aria-label="Close">{% translate "Sold" %} now</p>') == {"Close", "now"}


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_partial_is_named_as_the_element_it_replaces(path: Path) -> None:
    text = written(path)
    for name in re.findall(r"\{%\s*partialdef\s+([\w-]+)", text):
        assert f'id="{name}"' in text


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_picture_and_file_a_template_names_exists(path: Path) -> None:
    text = written(path)
    drawn = set(re.findall(r'\{%\s*icon\s+"([^"]+)"', text))
    ours = {
        name
        for name in re.findall(r"\{%\s*static\s+['\"]([^'\"]+)['\"]", text)
        if not name.startswith(("account/", "mfa/", "admin/", "ninja/"))
    }
    assert drawn - ICONS.keys() == set()
    assert [name for name in ours if not (BASE_DIR / "static" / name).is_file()] == []


@pytest.mark.parametrize("path", SHEETS, ids=named)
def test_a_style_sheet_serves_both_ways_of_reading(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    assert PHYSICAL.findall(BOTH_WAYS.sub("", text)) == []


@pytest.mark.parametrize("path", SHEETS, ids=named)
def test_a_style_sheet_fetches_nothing_and_stays_in_its_layer(path: Path) -> None:
    text = path.read_text()
    assert "@import" not in text
    assert "url(" not in text
    assert text.count("{") == text.count("}")
    # Django's admin has sheets of its own, in no layer: what dresses it lies in none either.
    assert "@layer" in text or path.stem == "admin"


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_a_script_runs_no_text_and_is_small(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"\beval\(|new Function\(|document\.write|\.style\.", text) == []
    assert len(text.splitlines()) <= 300


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_whatever_a_script_says_is_written_in_the_page(path: Path) -> None:
    words = (BASE_DIR / "templates" / "_shell_words.html").read_text()
    said = set(re.findall(r'\bsay\(\s*"([\w-]+)"', path.read_text()))
    assert [name for name in said if f'value="{name}"' not in words] == []
