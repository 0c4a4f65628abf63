"""The API says no in one shape, and asks its questions in one order."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.regalpos.doors")

SESAME = {"Authorization": "Bearer sesame"}
GOOD = {"lines": [{"product": "milk", "quantity": 2}]}


def error_of(response: Any) -> dict[str, Any]:
    assert set(response.json()) == {"error"}
    error: dict[str, Any] = response.json()["error"]
    assert error.pop("request_id") == response.headers["X-Request-ID"]
    assert error.pop("message")
    return error


def test_a_good_request_passes(client: Client) -> None:
    response = client.post("/api/v1/sales", GOOD, content_type="application/json", headers=SESAME)

    assert (response.status_code, response.json()) == (200, {"lines": 1})


def test_a_refusal_brings_its_facts(client: Client) -> None:
    response = client.get("/api/v1/refused/out-of-stock")

    assert response.status_code == 409
    assert error_of(response) == {"code": "out_of_stock", "on_hand": 2}


def test_an_invalid_form_names_its_fields(client: Client) -> None:
    response = client.get("/api/v1/refused/invalid")

    assert response.status_code == 422
    assert error_of(response) == {"code": "invalid", "fields": {"name": ["Needed."]}}


def test_a_wrong_body_names_each_field_as_it_was_sent(client: Client) -> None:
    body = {"lines": [{"product": "milk", "quantity": "two"}, {}]}

    response = client.post("/api/v1/sales", body, content_type="application/json", headers=SESAME)

    assert response.status_code == 422
    error = error_of(response)
    assert error["code"] == "invalid"
    assert set(error["fields"]) == {"lines.0.quantity", "lines.1.product", "lines.1.quantity"}


def test_a_wrong_parameter_is_named_too(client: Client) -> None:
    response = client.get("/api/v1/products?limit=many")

    assert response.status_code == 422
    assert set(error_of(response)["fields"]) == {"limit"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_a_good_token_nothing_is_read_further(
    client: Client, headers: dict[str, str]
) -> None:
    response = client.post("/api/v1/sales", {}, content_type="application/json", headers=headers)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert error_of(response) == {"code": "not_signed_in"}


@pytest.mark.parametrize("headers", [{}, SESAME])
def test_a_garbled_body_is_400_before_who_is_asked(client: Client, headers: dict[str, str]) -> None:
    response = client.post("/api/v1/sales", "{", content_type="application/json", headers=headers)

    assert response.status_code == 400
    assert error_of(response) == {"code": "not_json"}


def test_another_kind_of_body_is_415(client: Client) -> None:
    response = client.post("/api/v1/sales", "a=1", content_type="text/plain", headers=SESAME)

    assert response.status_code == 415
    assert error_of(response) == {"code": "wrong_type"}
    form = client.post("/api/v1/sales", {"a": "1"}, headers=SESAME)
    assert form.status_code == 415


def test_a_body_over_one_mebibyte_is_413(client: Client) -> None:
    body = '"' + "x" * 1024 * 1024 + '"'

    response = client.post("/api/v1/sales", body, content_type="application/json", headers=SESAME)

    assert response.status_code == 413
    assert error_of(response) == {"code": "too_large"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nowhere", 404, "not_found"),
        ("/api/v1/broken/404", 404, "not_found"),
        ("/api/v1/broken/401", 401, "not_signed_in"),
        ("/api/v1/broken/data", 422, "invalid"),
        ("/api/v1/refused/not-here", 404, "not_found"),
        ("/api/v1/refused/busy", 503, "busy"),
    ],
)
def test_every_failure_has_the_same_shape(
    client: Client, path: str, status: int, code: str
) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert error_of(response) == {"code": code}


def test_a_verb_that_is_not_there_says_which_are(client: Client) -> None:
    response = client.delete("/api/v1/products")

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"
    assert error_of(response) == {"code": "method_not_allowed"}


def test_our_own_mistake_tells_nothing_but_its_number(client: Client) -> None:
    response = client.get("/api/v1/broken/any")

    assert response.status_code == 500
    assert "4111" not in response.text
    assert error_of(response) == {"code": "fault"}


def test_a_cookie_is_no_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["regal"] = "some-session"

    response = client.post("/api/v1/sales", GOOD, content_type="application/json")

    assert response.status_code == 401
