"""Who is asking: by the shop's session cookie or its access token, looked up in one join."""

import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from django.core import signing  # the format of Django's own sessions; needs no settings
from django.utils.crypto import salted_hmac
from fastapi import Depends, Request
from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload

from bench.reference.config import config, secret_key
from bench.reference.database import Session
from bench.reference.refusals import Refused, not_here
from bench.reference.tables import RefreshToken, SignIn, User, UserSession

COOKIE = "regal"
SELLERS = frozenset({"admin", "manager", "cashier"})
MOST = 4096


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking, as it was read at most some seconds ago."""

    id: UUID
    role: str
    stores: frozenset[UUID]

    def must_work_at(self, store_id: UUID) -> None:
        """Or it is not here."""
        if self.role != "admin" and store_id not in self.stores:
            raise not_here()


_known: dict[str, tuple[float, Person]] = {}


async def who_asks(request: Request, session: Session) -> Person:
    """Somebody who may sell; else refused."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    key = token or request.cookies.get(COOKIE, "")
    until, person = _known.get(key, (0.0, None))
    if person is None or time.time() >= until:
        look_up = by_token if token else by_session
        person, ends = await look_up(session, key)
        _keep(key, person, ends)
    if person.role not in SELLERS:
        raise Refused("forbidden", 403)
    return person


Asker = Annotated[Person, Depends(who_asks)]


def same_origin(request: Request) -> None:
    """A form of ours: what the cookie says, the header says, too."""
    cookie = request.cookies.get("csrftoken", "")
    if not cookie or not hmac.compare_digest(cookie, request.headers.get("x-csrftoken", "")):
        raise Refused("csrf", 403)


async def by_session(session: AsyncSession, key: str) -> tuple[Person, float]:
    """Whose browser this is. Raises Refused."""
    found = await session.execute(
        select(UserSession, User)
        .join(SignIn, SignIn.session_key == UserSession.session_key)
        .join(User, User.id == SignIn.user_id)
        .outerjoin(User.stores)
        .options(contains_eager(User.stores))
        .where(UserSession.session_key == key, UserSession.expire_date > datetime.now(UTC))
    )
    row = found.unique().one_or_none()
    if row is None:
        raise Refused("not_signed_in", 401)
    kept, user = row
    said = _opened(kept.session_data)
    if said.get("_auth_user_id") != str(user.id) or not user.is_active:
        raise Refused("not_signed_in", 401)
    if not hmac.compare_digest(said.get("_auth_user_hash", ""), _hash_of(user)):
        raise Refused("not_signed_in", 401)
    return _person(user), kept.expire_date.timestamp()


async def by_token(session: AsyncSession, token: str) -> tuple[Person, float]:
    """Whose program this is. Raises Refused."""
    key = hmac.digest(secret_key().encode(), b"regalpos access token", "sha256")
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"], issuer="regalpos")
    except jwt.InvalidTokenError:
        raise Refused("not_signed_in", 401) from None
    family = and_(
        RefreshToken.family == UUID(claims["family"]),
        RefreshToken.user_id == User.id,
        RefreshToken.revoked_at.is_(None),
    )
    found = await session.scalars(
        select(User)
        .options(joinedload(User.stores))
        .where(
            User.id == UUID(claims["sub"]),
            User.session_epoch == claims["epoch"],
            User.is_active,
            exists().where(family),
        )
    )
    user = found.unique().one_or_none()
    if user is None:
        raise Refused("not_signed_in", 401)
    return _person(user), float(claims["exp"])


def _keep(key: str, person: Person, ends: float) -> None:
    if config().cache > 0:
        if len(_known) >= MOST:
            del _known[next(iter(_known))]
        _known[key] = (min(time.time() + config().cache, ends), person)


def _person(user: User) -> Person:
    return Person(user.id, user.role, frozenset(store.id for store in user.stores if store.active))


def _opened(session_data: str) -> dict[str, Any]:
    salt = "django.contrib.sessions.SessionStore"
    try:
        said: dict[str, Any] = signing.loads(
            session_data, key=secret_key(), salt=salt, fallback_keys=[]
        )
    except signing.BadSignature:
        return {}
    return said


def _hash_of(user: User) -> str:
    """Of the password and the epoch: a new one of either ends every older session."""
    said = f"{user.password}{user.session_epoch}"
    return salted_hmac("people.User.session", said, secret_key(), algorithm="sha256").hexdigest()
