"""The whole house, as one server process serves it."""

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.servers import Server


@pytest.fixture
def server(standing_server: Server) -> Server:
    """Nothing here writes, so one server does for all."""
    return standing_server


def opened(server: Server, path: str, origin: str | None) -> ClientConnection:
    address = f"{server.url.replace('http', 'ws', 1)}{path}"
    return connect(address, origin=Origin(origin) if origin else None)


def test_the_front_door_files_health_and_docs_are_open(server: Server) -> None:
    with httpx.Client(base_url=server.url) as visitor:
        for path in ("/health", "/health/db", "/health/ready", "/openapi.json", "/accounts/login/"):
            assert visitor.get(path).status_code == 200, path
        docs = visitor.get("/docs")
        assert docs.status_code == 200
        sheets = [part.split('"')[0] for part in docs.text.split('href="')[1:]]
        for address in sheets:
            assert visitor.get(address).headers["cache-control"].endswith("immutable")
        assert visitor.get("/nowhere").status_code == 404
        assert visitor.get("/api/v1/nowhere").json()["error"]["code"] == "not_found"


def test_a_flood_in_one_body_is_stopped_at_the_door(server: Server) -> None:
    pieces = iter([b"x" * 65_536] * 32)  # sent without saying how many

    answer = httpx.put(f"{server.url}/api/v1/sales/1", content=pieces)

    assert answer.status_code == 413


def test_a_socket_from_elsewhere_is_refused(server: Server) -> None:
    for origin in ("https://evil.example", "http://localhost:1", None):
        with pytest.raises(InvalidStatus) as refusal:
            opened(server, "/ws/stock/main/", origin)
        assert refusal.value.response.status_code == 403


def test_a_socket_that_leads_nowhere_closes_and_says_so(server: Server) -> None:
    socket = opened(server, "/ws/kitchen/", server.url)

    with socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4404
    assert "Traceback" not in server.log.read_text()


def test_a_socket_without_a_sign_in_is_turned_away(server: Server) -> None:
    with (
        pytest.raises((InvalidStatus, ConnectionClosed)),
        opened(server, "/ws/stock/main/", server.url) as socket,
    ):
        socket.recv(5)
