"""Sockets: only from our own pages, with who opened them, and never into a traceback."""

import asyncio
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from pytest_django import Settings

from people.models import User
from regalpos import lanes
from regalpos.bodies import Message, Receive, Send
from regalpos.errors import Busy
from regalpos.sockets import OwnOrigin, WithSession, nowhere, who

ALLAUTH = "allauth.account.auth_backends.AuthenticationBackend"


async def greet(scope: Message, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    if "session" in scope:
        _session, user = await lanes.run(partial(who, scope["session"].session_key))
        await send({"type": "websocket.send", "text": user.username or "nobody"})


def opened(origin: str | None, host: str, **scope: Any) -> bool:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    headers += scope.pop("headers", [])

    async def knock() -> bool:
        socket = WebsocketCommunicator(OwnOrigin(greet), "/ws/stock/main/", headers=headers)
        socket.scope.update(scope)
        accepted, _ = await socket.connect()
        await socket.wait()
        return bool(accepted)

    return asyncio.run(knock())


@pytest.fixture(autouse=True)
def shop(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["till.example", "localhost", "[::1]"]
    settings.PUBLIC_URL = "https://till.example"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("http://localhost", "localhost"),
        ("http://LOCALHOST:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://till.example", "till.example"),  # behind a proxy that ends TLS
        ("https://till.example:443", "till.example"),
    ],
)
def test_our_own_pages_are_let_in(origin: str, host: str) -> None:
    assert opened(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:8000"),
        ("", "localhost:8000"),
        ("null", "localhost:8000"),
        ("https://evil.example", "localhost:8000"),
        ("http://localhost:9999", "localhost:8000"),
        ("https://localhost:8000", "localhost:8000"),
        ("http://till.example", "localhost:8000"),
        ("https://till.example:8443", "till.example"),
        ("https://till.example.evil.example", "till.example"),
        ("https://evil.example", "evil.example"),
        ("http://localhost:port", "localhost:8000"),
        ("http://localhost:8000@evil.example", "localhost:8000"),
    ],
)
def test_strangers_are_not(origin: str | None, host: str) -> None:
    assert not opened(origin, host)


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
def test_an_open_host_list_does_not_open_the_sockets(
    settings: Settings, origin: str | None
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert not opened(origin, "localhost:8000")


def test_a_trusted_proxy_says_which_scheme_it_was(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["other.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    secure = [(b"x-forwarded-proto", b"https")]

    assert opened("https://other.example", "other.example", headers=secure)
    assert not opened("https://other.example", "other.example")


# ---- who opens it -----------------------------------------------------------------------------


def greeted(cookie: str = "") -> str:
    async def knock() -> str:
        headers = [(b"cookie", cookie.encode())] if cookie else []
        socket = WebsocketCommunicator(WithSession(greet), "/ws/stock/main/", headers=headers)
        await socket.connect()
        return str(await socket.receive_from())

    return async_to_sync(knock)()


@pytest.fixture
def maeve(db: None) -> User:
    return User.objects.create(username="maeve", full_name="Maeve Byrne", password="x")


def cookie_of(user: User, backend: str = ALLAUTH) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"regal={session.session_key}"


def test_a_socket_knows_who_opened_it(maeve: User) -> None:
    assert greeted(cookie_of(maeve)) == "maeve"


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "regal=", "regal=unknown-key", "regal=\0", "other=1"])
def test_without_a_sign_in_it_is_nobody(cookie: str) -> None:
    assert greeted(cookie) == "nobody"


def test_a_sign_in_ends_with_its_password(maeve: User) -> None:
    cookie = cookie_of(maeve)
    maeve.set_password("another")
    maeve.save(update_fields=["password"])

    assert greeted(cookie) == "nobody"
    assert SessionStore(cookie.removeprefix("regal=")).load()  # looked at, not changed


def test_a_sign_in_ends_with_the_right_to_be_here(maeve: User) -> None:
    cookie = cookie_of(maeve)
    maeve.is_active = False
    maeve.save(update_fields=["is_active"])

    assert greeted(cookie) == "nobody"


def test_a_sign_in_of_another_kind_is_none(maeve: User) -> None:
    assert greeted(cookie_of(maeve, "django.contrib.auth.backends.RemoteUserBackend")) == "nobody"


def closing_code(app: Any) -> int:
    async def knock() -> int:
        socket = WebsocketCommunicator(app, "/ws/nowhere/")
        accepted, _ = await socket.connect()
        assert accepted
        return int((await socket.receive_output())["code"])

    return asyncio.run(knock())


def test_before_its_consumer_asks_a_socket_costs_no_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*args: object, **kwargs: object) -> None:
        raise Busy

    monkeypatch.setattr(lanes, "run", full)

    assert closing_code(WithSession(nowhere)) == 4404


def test_a_socket_that_leads_nowhere_says_so() -> None:
    assert closing_code(nowhere) == 4404
