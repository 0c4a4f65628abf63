"""The one gate: who is asking, and may they?

`@requires(permission)` stamps a view, an API operation or a socket, and lets only those in whose
role grants it. What they then see is bounded by their stores: `actor.works_at(store_id)`, and a
foreign store's thing is NotHere, the same as one that does not exist.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone, translation

from people.models import Store, User
from people.permissions import GRANTS, Permission, Role
from regalpos import lanes, live, sockets
from regalpos.errors import NotAllowed, NotHere, Refusal
from regalpos.known import Known


class NotSignedIn(Refusal):
    """Nobody is signed in, or not any more."""

    code = "not_signed_in"
    status = 401
    message = translation.gettext_lazy("Sign in to go on. What was saved is kept.")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking, as it was read at most some seconds ago. Everything else reads this."""

    user_id: UUID
    username: str
    name: str
    role: Role
    store_ids: frozenset[UUID]
    epoch: int = field(kw_only=True)  # their session_epoch then; a lock may find a newer one
    language: str = ""
    time_zone: str = "UTC"
    strength: str = "password"  # password, passkey or token
    session_key: str = ""
    address: str = field(default="", repr=False)
    request_id: str = ""

    def may(self, permission: Permission) -> bool:
        return permission in GRANTS[self.role]

    def works_at(self, store_id: UUID) -> bool:
        return self.role == Role.ADMIN or store_id in self.store_ids

    def must_work_at(self, store_id: UUID) -> None:
        """Raise NotHere unless this person works at the store."""
        if not self.works_at(store_id):
            raise NotHere


# Whoever asked a moment ago, by sign-in, for both tiers (regalpos/hot.py).
KNOWN: Known[Actor] = Known()
live.heard_everywhere(KNOWN)


class Request(HttpRequest):
    """What a view behind `requires` is given: a request whose actor is known."""

    actor: Actor


def requires[F: Callable[..., Any]](permission: Permission) -> Callable[[F], F]:
    """Only people whose role grants `permission` get through this door.

    Pins `request.actor`, and speaks their language in their store's time zone. A class (a socket
    consumer) is only stamped: it asks `socket_actor()` when somebody connects.
    """

    def stamp(door: F) -> F:
        if isinstance(door, type):
            door.permission = permission  # type: ignore[attr-defined]
            return cast(F, door)
        if not inspect.iscoroutinefunction(door):
            raise TypeError(f"{door.__qualname__} must be async")

        @wraps(door)
        async def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            actor = getattr(request, "actor", None)
            if actor is None:
                actor = await who_asks(request)
            if actor is None:
                return _sign_in(request)
            if not actor.may(permission):
                raise NotAllowed
            request.actor = actor  # type: ignore[attr-defined]
            if actor.language:
                translation.activate(actor.language)
            timezone.activate(actor.time_zone)
            return await door(request, *args, **kwargs)

        gate.permission = permission  # type: ignore[attr-defined]
        return cast(F, gate)

    return stamp


def public[F: Callable[..., Any]](door: F) -> F:
    """Anybody may come in. Stamped, so that the access test knows it is meant."""
    door.permission = None  # type: ignore[attr-defined]
    return door


async def who_asks(request: HttpRequest) -> Actor | None:
    """Who this request's session belongs to, or None; as `actor_of`, or as it said just now."""
    session_key = request.session.session_key
    request.session.accessed = True  # the answer depends on the cookie, whoever looked it up
    if session_key is None:
        return None
    return await known_actor(live.session_topic(session_key), request, partial(actor_of, request))


async def known_actor(
    key: str,
    request: HttpRequest,
    look_up: Callable[[], Actor | None],
    expiry: Callable[[], float] | None = None,
) -> Actor | None:
    """The actor kept under `key`, as of this request; else the one that `look_up` finds in a lane.

    Whoever is found is kept for some seconds, until anything is announced about them or their
    sign-in, and not beyond `expiry`. Nobody is not kept, and neither is Busy.
    """
    actor = KNOWN.find(key)
    if actor is not None:
        request_id = getattr(request, "request_id", "")
        return replace(actor, address=client_address(request), request_id=request_id)
    mark = KNOWN.before_reading()
    actor = await lanes.run(look_up)
    if actor is not None:
        session = live.session_topic(actor.session_key)
        KNOWN.keep(
            key if actor.strength == "token" else session,  # Django may have renewed the session
            actor,
            topics=(session, live.user_topic(actor.user_id)),
            mark=mark,
            until=expiry() if expiry else None,
        )
    return actor


def actor_of(request: HttpRequest) -> Actor | None:
    """Who this request's session belongs to, or None. Reads the database: call it in a lane.

    Django's own `get_user` compares the session with the user's epoch and flushes it when the
    password, the role or the right to be here has changed since.
    """
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    strength = "passkey" if _used_passkey(request.session) else "password"
    return read_actor(
        user,
        strength=strength,
        session_key=request.session.session_key or "",
        address=client_address(request),
        request_id=getattr(request, "request_id", ""),
    )


def socket_actor(session_key: str | None) -> Actor | None:
    """Who the session of a socket belongs to now, or None. Reads the database: call it in a lane.

    Asked when somebody connects, and again while they stay: a socket outlives its session's end.
    """
    session, user = sockets.who(session_key)
    if not isinstance(user, User) or not user.is_active:
        return None
    strength = "passkey" if _used_passkey(session) else "password"
    return read_actor(user, strength=strength, session_key=session.session_key or "")


def read_actor(user: User, **facts: str) -> Actor:
    """The actor for a user: their role, their stores, their language. Two small reads."""
    stores = list(user.stores.filter(active=True).order_by("code").values_list("id", "time_zone"))
    if not stores and user.role == Role.ADMIN:
        stores = list(Store.objects.order_by("code").values_list("id", "time_zone")[:1])
    return Actor(
        user_id=user.pk,
        username=user.username,
        name=user.full_name or user.username,
        role=Role(user.role),
        store_ids=frozenset(store_id for store_id, _zone in stores),
        epoch=user.session_epoch,
        language=user.language,
        time_zone=stores[0][1] if stores else settings.TIME_ZONE,
        **facts,
    )


def own_stores(actor: Actor) -> "list[Store]":
    """The stores an actor works at, by code. Call it in a lane."""
    stores = Store.objects.filter(active=True)
    if actor.role != Role.ADMIN:
        stores = stores.filter(pk__in=actor.store_ids)
    return list(stores)


def client_address(request: HttpRequest) -> str:
    return str(getattr(request, "client_address", "") or request.META.get("REMOTE_ADDR", ""))


def _used_passkey(session: Any) -> bool:
    methods = session.get("account_authentication_methods", [])
    return any(method.get("type") == "webauthn" for method in methods)


def _sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page; inside a page, htmx is told to take the whole window there."""
    if request.path.startswith("/api/"):
        raise NotSignedIn
    login = resolve_url(settings.LOGIN_URL)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": login})
    if request.method != "GET":
        return HttpResponse(status=401)
    return HttpResponseRedirect(f"{login}?{urlencode({'next': request.get_full_path()})}")
