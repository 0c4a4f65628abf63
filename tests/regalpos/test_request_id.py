"""Each request has one name, from the proxy to the last line of the log."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.test import Client
from pytest_django import Settings
from structlog.testing import LogCapture

from regalpos import observe

pytestmark = pytest.mark.urls("tests.regalpos.doors")


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """What is logged meanwhile, with its bindings."""
    capture = LogCapture()
    config = structlog.get_config()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, observe.without_secrets, capture],
        cache_logger_on_first_use=False,
    )
    before = observe.log
    observe.log = structlog.get_logger("regalpos.observe")
    yield capture.entries
    observe.log = before
    structlog.configure(**config)


def test_every_answer_carries_its_id(client: Client) -> None:
    one, two = client.get("/page"), client.get("/nowhere")

    assert observe.WELL_FORMED.fullmatch(one.headers["X-Request-ID"])
    assert one.headers["X-Request-ID"] != two.headers["X-Request-ID"]


def test_a_strangers_id_is_not_taken_over(client: Client) -> None:
    response = client.get("/page", headers={"X-Request-ID": "chosen-by-me"})

    assert response.headers["X-Request-ID"] != "chosen-by-me"


def test_our_proxys_id_is_kept(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1

    response = client.get("/page", headers={"X-Request-ID": "edge-7f3a.001"})

    assert response.headers["X-Request-ID"] == "edge-7f3a.001"


@pytest.mark.parametrize(
    "sent", ["short", "x" * 65, "two words here", "line\nbreak-1234", "-lead-1234"]
)
def test_a_malformed_id_is_replaced_even_from_our_proxy(settings: Settings, sent: str) -> None:
    settings.TRUSTED_PROXIES = 1

    assert observe.request_id_of(sent) != sent


def test_an_api_refusal_names_the_request(client: Client) -> None:
    response = client.get("/api/v1/refused/out-of-stock")

    assert response.json()["error"]["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.1", "9.9.9.9"),
        (2, "9.9.9.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_real_client_is_counted_from_our_end(
    rf: Any, settings: Settings, proxies: int, said: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies

    request = rf.get("/page", headers={"X-Forwarded-For": said})

    assert observe.client_address(request) == address


def test_a_request_leaves_one_line(client: Client, lines: list[Any]) -> None:
    response = client.get("/refused/busy?search=Maeve+O'Brien")

    (line,) = [line for line in lines if line["event"] == "answered"]
    assert line.pop("ms") >= 0
    assert line == {
        "event": "answered",
        "log_level": "info",
        "method": "GET",
        "route": "/refused/<name>",
        "status": 503,
        "request_id": response.headers["X-Request-ID"],
    }


def test_nothing_of_one_request_clings_to_the_next(client: Client, lines: list[Any]) -> None:
    client.get("/page")

    assert structlog.contextvars.get_contextvars() == {}


def test_secrets_are_not_logged_by_any_name() -> None:
    event = {
        "event": "pin_refused",
        "pin": "246810",
        "new_password": "x",
        "Authorization": "Bearer y",
    }

    assert observe.without_secrets(None, "info", event) == {
        "event": "pin_refused",
        "pin": "***",
        "new_password": "***",
        "Authorization": "***",
    }


def test_a_line_break_cannot_forge_a_line() -> None:
    formatter = observe.configure_logging("INFO")["formatters"]["json"]
    render = formatter["processors"][-1]

    line = render(None, "info", {"event": "x", "route": '/a\r\n{"event": "sold"}'})

    assert "\n" not in line
    assert "\r" not in line


def test_of_a_database_error_only_its_first_line_is_kept() -> None:
    try:
        try:
            raise ValueError("duplicate key\nDETAIL: Key (email)=(maeve@example.org) exists.")
        except ValueError as inner:
            raise RuntimeError("not saved") from inner
    except RuntimeError as error:
        event = observe.with_trace(None, "error", {"event": "x", "exc_info": error})

    assert event["error"] == ["RuntimeError: not saved", "ValueError: duplicate key"]
    assert "maeve" not in str(event)
    assert event["trace"][0].endswith("test_of_a_database_error_only_its_first_line_is_kept")
