"""What stands before every socket: where it comes from, who opens it, where it may lead.

Cookies travel with a socket from any page in the world, and no CSRF token does. The origin
is the only guard there is, so it is compared whole: scheme, host and port.
"""

import importlib
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.contrib.auth.models import AnonymousUser
from django.http import parse_cookie
from django.http.request import validate_host
from django.utils.crypto import constant_time_compare

from regalpos.bodies import Application, Message, Receive, Send
from regalpos.observe import REQUEST_ID, request_id_of

log = structlog.get_logger(__name__)

NOWHERE = 4404  # close code: there is no such socket

PORTS = {"http": 80, "https": 443}


class OwnOrigin:
    """ASGI: only pages of this very shop may open a socket. A missing origin is a stranger's."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        request_id = request_id_of(headers.get(REQUEST_ID.lower()))
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if _origin(headers.get("origin", "")) in _ours(scope, headers):
                await self.app({**scope, "request_id": request_id}, receive, send)
            else:
                log.warning("socket_of_a_stranger", origin=headers.get("origin", "")[:200])
                await _refuse(receive, send)


class WithSession:
    """ASGI: `scope["session"]` has the key that the cookie says, and is not read.

    Whose it is the consumer asks, in the one trip that also says what they may hear: after a
    restart every screen of the shop comes back at once. A socket cannot hand out a cookie, so it
    must not change a session.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        cookies = parse_cookie(_headers(scope).get("cookie", ""))
        session = _store().SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
        await self.app({**scope, "session": session}, receive, send)


async def nowhere(scope: Message, receive: Receive, send: Send) -> None:
    """ASGI: the end of the socket routes. The page hears 4404 and does not come back."""
    await _accept_and_close(receive, send, NOWHERE)


def _ours(scope: Message, headers: dict[str, str]) -> set[tuple[str, str, int]]:
    """The origins that pages of this shop have: the public one, and the one asked under."""
    ours = {_origin(settings.PUBLIC_URL)}
    host = headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    if validate_host(name if ":" not in name else f"[{name}]", settings.ALLOWED_HOSTS):
        ours.add(_origin(f"{_scheme(scope, headers)}://{host}"))
    return {origin for origin in ours if origin}


def _scheme(scope: Message, headers: dict[str, str]) -> str:
    """How the page that opens this socket was fetched, as far as can be known."""
    proxy: tuple[str, str] | None = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    if proxy:
        name, secure = proxy
        said = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower(), "")
        return "https" if said.split(",")[0].strip() == secure else "http"
    return "https" if scope.get("scheme") in {"wss", "https"} else "http"


def _origin(address: str) -> Any:
    """(scheme, host, port) of an address, or None if it is not one."""
    try:
        parts = urlsplit(address.lower())
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def who(key: str | None) -> tuple[Any, Any]:
    """The session and its user; an anonymous one if it has ended or its password has changed.

    Reads the database: call it in a lane.
    """
    session = _store().SessionStore(key)
    backend = session.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return session, AnonymousUser()
    user_id = get_user_model()._meta.pk.to_python(session[SESSION_KEY])
    user = load_backend(backend).get_user(user_id)
    if user is None or not _still_holds(session.get(HASH_SESSION_KEY) or "", user):
        return session, AnonymousUser()
    return session, user


def _store() -> Any:
    return importlib.import_module(settings.SESSION_ENGINE)


def _still_holds(mark: str, user: Any) -> bool:
    good = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(mark, one) for one in good)


def _headers(scope: Message) -> dict[str, str]:
    return {
        name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]
    }


async def _refuse(receive: Receive, send: Send) -> None:
    """Closing before accepting makes it HTTP 403."""
    await receive()
    await send({"type": "websocket.close", "code": 4403})


async def _accept_and_close(receive: Receive, send: Send, code: int) -> None:
    """A browser learns a close code only from a socket that was open."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})
