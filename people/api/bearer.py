"""Who is asking, by the token they bring."""

from functools import partial

from django.http import HttpRequest
from ninja.security import HttpBearer

from people.access import Actor, client_address
from people.services import tokens
from regalpos import lanes


class Bearer(HttpBearer):
    """An access token from `auth/login`, sent as `Authorization: Bearer ...`."""

    openapi_bearerFormat = "JWT"

    async def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Who this token stands for; looked up once a request."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            actor = await lanes.run(partial(tokens.actor_of_token, token, **circumstances(request)))
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
