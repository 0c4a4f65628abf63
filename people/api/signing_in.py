"""Signing in for programs: tokens for a name and a password."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Body, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from people.access import Actor, public, requires
from people.api.bearer import actor_of, circumstances
from people.permissions import GRANTS, Permission, Role
from people.services import tokens
from regalpos import lanes
from regalpos.contract import answers, example
from regalpos.shapes import Sent, Shape

router = Router(tags=["Signing in"])


class SignInSent(Shape):
    """A name and its password."""

    model_config = example({"username": "cashier", "password": "the one you chose"})

    username: Annotated[str, Field(min_length=1, max_length=150)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class RefreshSent(Shape):
    """A refresh token that was not used yet."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class PersonOut(BaseModel):
    """Who is signed in, and what they may do where."""

    id: UUID
    username: str
    name: str
    role: Role
    language: str
    stores: list[UUID]
    permissions: list[Permission]


class PairOut(BaseModel):
    """An access token for minutes, a refresh token to get the next with: once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Seconds that the access token is good for.")]
    user: PersonOut


@router.post(
    "login",
    auth=None,
    operation_id="sign_in",
    summary="Sign in with a name and a password",
    response=answers({200: PairOut}, {400, 401, 413, 415, 422, 429, 503}),
)
@public
async def sign_in(request: HttpRequest, payload: Body[Sent[SignInSent]]) -> Any:
    """Wrong tries are counted by person and by address; 429 says in Retry-After when to go on."""
    sent = payload.read()
    unit = partial(
        tokens.sign_in_program,
        username=sent.username,
        password=sent.password,
        token=tokens.NewToken(),
        **circumstances(request),
    )
    return _pair(await lanes.run(unit, write=True, lane="office"))


@router.post(
    "refresh",
    auth=None,
    operation_id="refresh_tokens",
    summary="Exchange a refresh token for new tokens",
    response=answers({200: PairOut}, {400, 401, 413, 415, 422, 503}),
)
@public
async def refresh(request: HttpRequest, payload: Body[Sent[RefreshSent]]) -> Any:
    """The token sent is used up. One that is sent again ends every token of its family."""
    secret = payload.read().refresh_token
    unit = partial(
        tokens.rotate, secret=secret, successor=tokens.NewToken(), **circumstances(request)
    )
    return _pair(await lanes.run(unit, write=True, lane="office"))


@router.post(
    "logout",
    operation_id="sign_out",
    summary="Sign out",
    response=answers({204: None}, {401, 403, 503}),
)
@requires(Permission.SIGN_IN)
async def sign_out(request: HttpRequest) -> Any:
    """The access token and every refresh token of its family are out at once."""
    actor = actor_of(request)
    await lanes.run(partial(tokens.end_family, actor=actor), actor, write=True, lane="office")
    return Status(204, None)


@router.get(
    "me",
    operation_id="who_am_i",
    summary="Who is signed in",
    response=answers({200: PersonOut}, {401, 403, 503}),
)
@requires(Permission.SIGN_IN)
async def me(request: HttpRequest) -> Any:
    """The person that the token stands for, with their stores and permissions."""
    return _person(actor_of(request))


def _pair(pair: tokens.Pair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "bearer",
        "expires_in": pair.expires_in,
        "user": _person(pair.actor),
    }


def _person(actor: Actor) -> dict[str, Any]:
    return {
        "id": actor.user_id,
        "username": actor.username,
        "name": actor.name,
        "role": actor.role,
        "language": actor.language,
        "stores": sorted(actor.store_ids),
        "permissions": sorted(GRANTS[actor.role]),
    }
