"""The shop speaks each of its languages wholly: what English says and keeps, so do they."""

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from regalpos import languages

FILES = {languages.language_of(path): path for path in languages.po_files()}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]")
BRACES = re.compile(r"\{\w*\}")
MARKUP = re.compile(r"</?\w[^<>]*>|&\w+;")
# The shop neither begs nor shouts (docs: what happened, what was kept, what to do).
BEGGING = re.compile(r"!|\b(?:bitte|leider)\b|براہ ?کرم|مہربانی|معذرت", re.I)

each_language = pytest.mark.parametrize("language", sorted(FILES))


@cache
def catalog(language: str) -> Catalog:
    return languages.read(FILES[language])


def messages(language: str) -> list[Message]:
    return [message for message in catalog(language) if message.id]


def both(message: Message) -> list[tuple[str, str]]:
    """Pairs of English and its translation. What is said of many is the measure of each form."""
    english = message.id if isinstance(message.id, str) else message.id[1]
    told = message.string or ""
    return [(english, form) for form in ((told,) if isinstance(told, str) else told)]


@cache
def collected() -> set[tuple[str | None, str]]:
    return {named(message) for message in languages.collect() if message.id}


def named(message: Message) -> tuple[str | None, str]:
    one = message.id if isinstance(message.id, str) else message.id[0]
    return message.context, one


def test_every_language_that_can_be_chosen_has_its_words() -> None:
    assert set(FILES) == {code for code, _name in settings.LANGUAGES} - {"en"}


@each_language
def test_every_word_of_the_shop_waits_in_the_file(language: str) -> None:
    known = {named(message) for message in messages(language)}
    assert collected() - known == set(), "`make messages` collects them"


@each_language
def test_no_word_is_kept_that_the_shop_no_longer_says(language: str) -> None:
    known = {named(message) for message in messages(language)}
    assert known - collected() == set(), "`make messages` removes them"


@each_language
def test_every_word_is_translated(language: str) -> None:
    silent = [m.id for m in messages(language) if not languages.is_told(m.string)]
    assert silent == []


@each_language
def test_no_translation_is_a_guess(language: str) -> None:
    assert [m.id for m in messages(language) if m.fuzzy] == []


@each_language
def test_a_translation_fills_the_same_gaps(language: str) -> None:
    wrong = [
        (english, told)
        for message in messages(language)
        for english, told in both(message)
        if set(PLACEHOLDER.findall(english)) != set(PLACEHOLDER.findall(told))
        or set(BRACES.findall(english)) != set(BRACES.findall(told))
    ]
    assert wrong == []


@each_language
def test_a_translation_can_be_filled_in(language: str) -> None:
    for message in messages(language):
        if not message.python_format:
            continue
        for english, told in both(message):
            gaps = PLACEHOLDER.findall(english)
            facts = dict.fromkeys(gaps, "x") if all(gaps) else (7,) * len(gaps)
            assert "%(" not in told % facts, told


@each_language
def test_a_translation_keeps_the_markup(language: str) -> None:
    wrong = [
        (english, told)
        for message in messages(language)
        for english, told in both(message)
        if sorted(MARKUP.findall(english)) != sorted(MARKUP.findall(told))
        or told.count("<") != english.count("<")
    ]
    assert wrong == []


@each_language
def test_a_translation_begins_and_ends_as_the_english_does(language: str) -> None:
    def edges(text: str) -> tuple[str, str]:
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    wrong = [
        (english, told)
        for message in messages(language)
        for english, told in both(message)
        if edges(english) != edges(told)
    ]
    assert wrong == []


@each_language
def test_the_shop_neither_begs_nor_shouts(language: str) -> None:
    loud = [
        told
        for message in messages(language)
        for _english, told in both(message)
        if BEGGING.search(told)
    ]
    assert loud == []


@each_language
def test_the_keys_that_choose_a_tender_differ(language: str) -> None:
    keys = [m.string for m in messages(language) if str(m.context).startswith("key that chooses")]
    assert len(keys) >= 6
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch("[A-Z]", str(key)) for key in keys)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "direction", "sign_in"),
    [("en", "ltr", "Sign in"), ("de", "ltr", "Anmelden"), ("ur", "rtl", "سائن اِن")],
)
def test_a_page_is_said_and_laid_out_in_its_language(
    client: Client, language: str, direction: str, sign_in: str
) -> None:
    page = client.get("/accounts/login/", headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}" dir="{direction}"' in page
    assert sign_in in page


def test_a_translated_word_is_said_at_run_time() -> None:
    from regalpos.errors import NotHere

    with override("ur"):
        assert str(NotHere().message) == "یہاں اس نام کی کوئی چیز نہیں۔"
    with override("de"):
        assert str(NotHere().message) == "Unter diesem Namen ist hier nichts."
