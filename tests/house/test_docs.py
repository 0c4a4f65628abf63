"""What the pages promise is there: settings, files, commands."""

import re

import pytest
from django.core.management import get_commands

from regalpos.environment import BASE_DIR, Env

PAGES = [BASE_DIR / "README.md", *sorted((BASE_DIR / "docs").rglob("*.md"))]


def test_every_setting_is_in_the_table():
    table = (BASE_DIR / "docs/operations.md").read_text()

    assert [name for name in Env.model_fields if f"`{name}`" not in table] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text())

    assert [name for name in targets if not (page.parent / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_named_exist(page):
    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))

    assert named - set(get_commands()) == set()
