"""The shop's words in its languages: gathered from the sources, and made ready for serving.

`locale/<language>/LC_MESSAGES/django.po` is written by people. `django.mo` beside it is compiled
from it and is not kept in git. Babel does both, so no machine needs gettext's tools.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from regalpos.environment import BASE_DIR

HOME = BASE_DIR / "locale"
ROOMS = ("regalpos", "people", "inventory", "sales", "templates")
SOURCES = (".py", ".html", ".txt", ".svg")
# Which arguments of a call are words; "c" marks the context they are meant in.
CALLS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

# Without dates and names: a header that changed by itself would be in every change.
HEADER = """\
# RegalPOS in the language {language}. `make messages` puts new words here, untranslated.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

type Words = str | tuple[str, ...]


def compile_all() -> None:
    """Every `.mo` says what its `.po` says. Where their times agree there is nothing to do."""
    for source in po_files():
        target, written = source.with_suffix(".mo"), source.stat().st_mtime_ns
        if target.exists() and target.stat().st_mtime_ns == written:
            continue
        compiled = BytesIO()
        write_mo(compiled, read(source))
        # Whole or not at all: several processes may do this at once.
        draft = target.with_suffix(f".{os.getpid()}")
        draft.write_bytes(compiled.getvalue())
        os.utime(draft, ns=(written, written))
        draft.replace(target)


def update_all() -> dict[str, int]:
    """Every `.po` holds exactly the words of the sources; how many lack a translation, by language.

    New words are left untranslated: a guess from similar ones would pass for a translation.
    """
    words, missing = collect(), {}
    for path in po_files():
        catalog = read(path)
        catalog.update(words, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(path, catalog)
        missing[language_of(path)] = sum(not is_told(message.string) for message in catalog)
    return missing


def collect() -> Catalog:
    """All words of ours that a person may see, each with the files it stands in."""
    catalog = Catalog()
    for path in _source_files():
        place = str(path.relative_to(BASE_DIR))
        for line, words, notes, context in _words_of(path):
            catalog.add(words, locations=[(place, line)], auto_comments=notes, context=context)
    return catalog


def po_files() -> list[Path]:
    """One for each language but English."""
    return sorted(HOME.glob("*/LC_MESSAGES/django.po"))


def language_of(path: Path) -> str:
    """The language that a file of `po_files` is in."""
    return path.parents[1].name


def read(path: Path) -> Catalog:
    """What a `.po` says; an error if it is broken."""
    with path.open("rb") as file:
        return read_po(file, locale=language_of(path), abort_invalid=True)


def write(path: Path, catalog: Catalog) -> None:
    """`path` says what `catalog` says, in an order that does not depend on the sources'."""
    body = BytesIO()
    write_po(body, catalog, width=100, omit_header=True, sort_output=True, include_lineno=False)
    header = HEADER.format(language=language_of(path), plurals=catalog.plural_forms)
    path.write_bytes(header.encode() + body.getvalue())


def is_told(string: Words | list[str] | None) -> bool:
    """A translation is there, for one and for many."""
    return bool(string) if isinstance(string, str) else all(string or [""])


def _source_files() -> list[Path]:
    found = (path for room in ROOMS for path in (BASE_DIR / room).rglob("*"))
    return sorted(p for p in found if p.suffix in SOURCES and "migrations" not in p.parts)


def _words_of(path: Path) -> Iterator[tuple[int, Words, list[str], str | None]]:
    """Line, words (for one, or for one and many), notes to translators, context."""
    text = path.read_text()
    if path.suffix != ".py":
        # Django's view of a template: a text in which only the words look like Python. Its lines
        # begin anywhere, which Python would take for blocks.
        text = "\n".join(line.strip() for line in templatize(text).splitlines())
    yield from extract("python", BytesIO(text.encode()), CALLS, ["Translators:"])
