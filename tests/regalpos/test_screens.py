"""One screen: a page for a visit, its part for a swap."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.urls("tests.regalpos.doors")

PAGE = '<html><main><p id="row">milk</p></main></html>'
PART = '<p id="row">milk</p>'


@pytest.fixture(autouse=True)
def shelf(settings: Settings) -> None:
    (engine,) = settings.TEMPLATES
    mine = Path(__file__).parent / "templates"
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], mine]}]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, PAGE),
        ({"HX-Request": "true"}, PART),
        ({"HX-Request": "true", "HX-Boosted": "true"}, PAGE),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, PAGE),
    ],
)
def test_a_visit_gets_the_page_and_a_swap_its_part(
    client: Client, headers: dict[str, str], body: str
) -> None:
    response = client.get("/screen", headers=headers)

    assert response.text.strip() == body
    assert "HX-Request" in response.headers["Vary"]
