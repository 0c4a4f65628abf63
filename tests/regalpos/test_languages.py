"""Words are collected whole and compiled once."""

import gettext
import os
from pathlib import Path

import pytest

from regalpos import languages

GREETING = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Sold"
msgstr "Verkauft"

msgid "No longer said"
msgstr "Nicht mehr gesagt"
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(languages, "HOME", tmp_path)
    path = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(GREETING)
    return path


def spoken(path: Path) -> gettext.GNUTranslations:
    with path.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_what_is_translated_is_spoken(german: Path) -> None:
    languages.compile_all()
    assert spoken(german).gettext("Sold") == "Verkauft"
    assert [
        path.name for path in german.parent.iterdir() if path.suffix not in {".po", ".mo"}
    ] == []


def test_a_second_start_compiles_nothing(german: Path) -> None:
    languages.compile_all()
    compiled = german.with_suffix(".mo").stat()
    languages.compile_all()
    assert german.with_suffix(".mo").stat().st_ino == compiled.st_ino


def test_a_changed_translation_is_compiled_again(german: Path) -> None:
    languages.compile_all()
    german.write_text(GREETING.replace("Verkauft", "Weg"))
    os.utime(german, (1, 1))  # as an older version of the shop brings it
    languages.compile_all()
    assert spoken(german).gettext("Sold") == "Weg"


def test_new_words_wait_untranslated_and_old_ones_go(german: Path) -> None:
    missing = languages.update_all()
    catalog = languages.read(german)
    assert catalog["Sold"].string == "Verkauft"
    assert "No longer said" not in catalog
    assert catalog["Undo"].string == ""
    assert missing == {"de": len([m for m in catalog if m.id]) - 1}


def test_collecting_twice_changes_nothing(german: Path) -> None:
    languages.update_all()
    once = german.read_bytes()
    languages.update_all()
    assert german.read_bytes() == once


def test_words_of_templates_programs_and_plurals_are_found() -> None:
    catalog = languages.collect()
    assert "Undo" in catalog  # a template's
    assert "This is not a currency." in catalog  # a program's
    assert catalog["%(number)s product"].id == ("%(number)s product", "%(number)s products")
    assert catalog.get("C", "key that chooses cash") is not None
