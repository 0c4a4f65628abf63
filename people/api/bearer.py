"""Who is asking, by the token they bring."""

import hashlib
from functools import partial

from django.http import HttpRequest
from ninja.security import HttpBearer

from people.access import Actor, client_address, known_actor
from people.services import tokens


class Bearer(HttpBearer):
    """An access token from `auth/login`, sent as `Authorization: Bearer ...`."""

    openapi_bearerFormat = "JWT"

    async def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Who this token stands for; looked up once a request."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            told = circumstances(request)
            # By the whole token and by where it comes from: a demo person's is good in one place.
            key = hashlib.sha256(f"{told['address']} {token}".encode()).hexdigest()
            look_up = partial(tokens.actor_of_token, token, **told)
            actor = await known_actor(key, request, look_up, partial(tokens.expiry, token))
        return actor


def actor_of(request: HttpRequest) -> Actor:
    """Whoever the gate let in."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def circumstances(request: HttpRequest) -> dict[str, str]:
    """From where, and by which request: what a record keeps of it."""
    return {
        "address": client_address(request),
        "request_id": getattr(request, "request_id", ""),
    }
