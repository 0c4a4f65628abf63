"""A refusal reaches whoever asked, in a form they can use."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.regalpos.doors")

HTMX = {"HX-Request": "true"}


def test_a_person_gets_a_page_that_says_why(client: Client) -> None:
    response = client.get("/refused/out-of-stock")

    assert response.status_code == 409
    assert "Only 2 left here." in response.text
    assert response.text.lstrip().startswith("<!doctype html>")


def test_a_busy_shop_says_when_to_come_again(client: Client) -> None:
    response = client.get("/refused/busy")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "7"


def test_a_part_of_a_page_is_left_as_it_stands(client: Client) -> None:
    response = client.get("/refused/out-of-stock", headers=HTMX)

    assert response.status_code == 409
    assert response.headers["HX-Reswap"] == "none"
    assert json.loads(response.headers["HX-Trigger"]) == {
        "refused": {"code": "out_of_stock", "message": "Only 2 left here."}
    }
    assert "<html" not in response.text


def test_what_is_not_here_is_a_page_with_a_way_on(client: Client) -> None:
    response = client.get("/nowhere")

    assert response.status_code == 404
    assert 'href="/"' in response.text


def test_our_own_mistake_shows_nothing_of_itself(client: Client) -> None:
    client.raise_request_exception = False

    response = client.get("/broken")

    assert response.status_code == 500
    assert "drawer" not in response.text
    assert "Traceback" not in response.text


def test_even_a_broken_page_says_what_happened(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_template(names: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr("regalpos.answers.select_template", no_template)

    response = client.get("/refused/out-of-stock")

    assert response.status_code == 409
    assert "Only 2 left here." in response.text


def test_a_form_without_its_mark_changes_nothing() -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/form")

    assert response.status_code == 403
    assert "csrf-failure" in response.text
    assert "csrf-failure" in client.post("/form", headers=HTMX).text


def test_an_ended_sign_in_takes_the_whole_window_there(client: Client) -> None:
    here = {**HTMX, "HX-Current-URL": "http://testserver/till/?cart=7"}

    response = client.get("/mine", headers=here)

    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=%2Ftill%2F%3Fcart%3D7"


def test_a_visit_without_sign_in_is_led_there(client: Client) -> None:
    response = client.get("/mine")

    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/mine"
