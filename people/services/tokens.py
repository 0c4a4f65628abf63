"""Tokens for programs: a short one that is believed, a long one that is used once.

An access token is a signed note that names a person, their epoch and a family; it is believed for
minutes, and each time its person and its family are looked up as well. A refresh token is 256
random bits of which only the hash is kept; each use ends it and makes the next of its family. One
that comes a second time has been copied: the whole family is out, whoever holds it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor, read_actor
from people.models import RefreshToken, User
from people.services import trail
from people.services.sign_in import check_password, closed_to
from regalpos import ids, live
from regalpos.errors import Refusal

log = structlog.get_logger(__name__)

ALGORITHM = "HS256"
ISSUER = "regalpos"
CLAIMS = ["sub", "epoch", "family", "iat", "exp", "iss"]


class TokenRefused(Refusal):
    """This refresh token is unknown, used, revoked or too old. Sign in again."""

    code = "token_refused"
    status = 401
    message = _("This refresh token is no longer good. Sign in again.")


@dataclass(frozen=True)
class NewToken:
    """A refresh token to be: made by the caller, so that a repeated unit makes no second one."""

    id: UUID = field(default_factory=ids.new)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


@dataclass(frozen=True)
class Pair:
    """What a program signs in with from now on."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int  # seconds that the access token is good for
    actor: Actor


def sign_in_program(
    *, username: str, password: str, token: NewToken, address: str, request_id: str
) -> Pair:
    """A new family of tokens for the person with this name and password.

    Tries are counted, and refusals recorded, even though the sign-in fails: see `check_password`,
    whose refusals pass through.
    """
    user = check_password(username=username, password=password, address=address)
    return start_family(user=user, token=token, address=address, request_id=request_id)


@transaction.atomic(durable=True)
def start_family(*, user: User, token: NewToken, address: str, request_id: str) -> Pair:
    """The first refresh token of a family is kept, and the sign-in is on record."""
    actor = _actor(user, family=token.id, address=address, request_id=request_id)
    if not RefreshToken.objects.filter(pk=token.id).exists():
        _keep(token, family=token.id, user=user)
        trail.record("session.started", actor=actor, subject=user, after={"by": "token"})
    return _pair(actor, user.session_epoch, family=token.id, secret=token.secret)


def rotate(*, secret: str, successor: NewToken, address: str, request_id: str) -> Pair:
    """The token is used up and its successor is good. Raises TokenRefused.

    Of two that come at once one is first; the other is a replay. A replay ends the family.
    """
    pair = _rotate(secret=secret, successor=successor, address=address, request_id=request_id)
    if pair is None:
        raise TokenRefused
    return pair


@transaction.atomic(durable=True)
def end_family(*, actor: Actor) -> None:
    """The family that this person is signed in by is out, its access tokens too."""
    family = UUID(actor.session_key)
    if _revoke(family):
        trail.record("session.ended", actor=actor, subject=("people.User", str(actor.user_id)))


def actor_of_token(access_token: str, *, address: str, request_id: str) -> Actor | None:
    """Who this access token stands for now, or None. Two reads: call it in a lane.

    None for a forged or expired one, and for a person who has left, changed password or role, or
    whose family was ended since.
    """
    claims = _claims(access_token)
    if claims is None:
        return None
    family = RefreshToken.objects.filter(
        family=claims["family"], user=OuterRef("pk"), revoked_at=None
    )
    people = User.objects.filter(
        Exists(family), pk=claims["sub"], is_active=True, session_epoch=claims["epoch"]
    )
    user = people.first()
    if user is None or closed_to(user, address):
        return None
    return _actor(user, family=claims["family"], address=address, request_id=request_id)


def expiry(access_token: str) -> float:
    """When an access token that was found good ends by itself, in seconds since 1970."""
    claims: dict[str, Any] = jwt.decode(access_token, options={"verify_signature": False})
    return float(claims["exp"])


def drop_old_tokens(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Tokens that ended long ago are gone; returns how many."""
    ended = timezone.now() - older_than
    return RefreshToken.objects.filter(expires_at__lt=ended).delete()[0]


# ---- refresh tokens -----------------------------------------------------------------------------

# One statement decides between two that come at once: the second finds no row to use.
USE = """
UPDATE people_refreshtoken SET used_at = clock_timestamp(), replaced_by = %(successor)s
WHERE token_hash = %(hash)s AND used_at IS NULL AND revoked_at IS NULL
  AND expires_at > clock_timestamp()
RETURNING id
"""


@transaction.atomic(durable=True)
def _rotate(*, secret: str, successor: NewToken, address: str, request_id: str) -> Pair | None:
    """A new pair, or None; then what has to be revoked is, because None does not roll back."""
    first = _use(secret, successor)
    kept = RefreshToken.objects.select_related("user").filter(token_hash=_hash(secret)).first()
    if kept is None:
        return None
    user = kept.user
    actor = _actor(user, family=kept.family, address=address, request_id=request_id)
    if not first and kept.replaced_by != successor.id:
        _end_copied(kept, actor)
        return None
    if kept.revoked_at or kept.epoch != user.session_epoch or closed_to(user, address):
        _revoke(kept.family)
        return None
    if first:
        _keep(successor, family=kept.family, user=user)
    return _pair(actor, user.session_epoch, family=kept.family, secret=successor.secret)


def _use(secret: str, successor: NewToken) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(USE, {"hash": _hash(secret), "successor": successor.id})
        return cursor.fetchone() is not None


def _keep(token: NewToken, *, family: UUID, user: User) -> None:
    RefreshToken.objects.create(
        pk=token.id,
        family=family,
        user=user,
        token_hash=_hash(token.secret),
        epoch=user.session_epoch,
        expires_at=timezone.now() + timedelta(days=settings.REFRESH_TOKEN_DAYS),
    )


def _end_copied(kept: RefreshToken, actor: Actor) -> None:
    """A used token came again. Of an expired or revoked one there is nothing left to end."""
    if kept.used_at and _revoke(kept.family):
        log.warning("refresh_token_replayed", user_id=str(kept.user_id))
        trail.record("session.token_replayed", actor=actor, subject=kept.user)


def _revoke(family: UUID) -> int:
    """Every token of the family is out; returns how many refresh tokens that ended."""
    live.announce(live.session_topic(family.hex), "force.close")
    standing = RefreshToken.objects.filter(family=family, revoked_at=None)
    return standing.update(revoked_at=timezone.now())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# ---- access tokens ------------------------------------------------------------------------------


def _actor(user: User, *, family: UUID, address: str, request_id: str) -> Actor:
    facts = {"address": address, "request_id": request_id}
    return read_actor(user, strength="token", session_key=family.hex, **facts)


def _pair(actor: Actor, epoch: int, *, family: UUID, secret: str) -> Pair:
    now = datetime.now(UTC)
    life = timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
    claims = {
        "iss": ISSUER,
        "sub": str(actor.user_id),
        "epoch": epoch,
        "family": family.hex,
        "iat": now,
        "exp": now + life,
    }
    token = jwt.encode(claims, _key(settings.SECRET_KEY), algorithm=ALGORITHM)
    return Pair(token, secret, int(life.total_seconds()), actor)


def _claims(access_token: str) -> dict[str, Any] | None:
    """What the token says, if we have said so ourselves and not too long ago."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            claims: dict[str, Any] = jwt.decode(
                access_token,
                _key(secret),
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": CLAIMS},
            )
        except jwt.InvalidTokenError:
            continue
        return {**claims, "sub": UUID(claims["sub"]), "family": UUID(claims["family"])}
    return None


def _key(secret: str) -> bytes:
    """A key of its own: what Django signs with SECRET_KEY elsewhere never passes for a token."""
    return hmac.digest(secret.encode(), b"regalpos access token", "sha256")
