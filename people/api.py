"""Signing in for programs, and the stores a person works at."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Query, Router
from ninja.responses import Status
from ninja.security import HttpBearer
from pydantic import BaseModel, Field

from people.access import Actor, client_address, public, requires
from people.models import Store, StoreRules
from people.permissions import GRANTS, Permission, Role
from people.services import tokens
from regalpos import lanes
from regalpos.contract import READS, Listed, Paging, Search, answers, example, part_of
from regalpos.errors import NotHere
from regalpos.shapes import Sent, Shape

auth = Router(tags=["Signing in"])
stores = Router(tags=["Stores"])


class Bearer(HttpBearer):
    """An access token from `auth/login`, sent as `Authorization: Bearer ...`."""

    openapi_bearerFormat = "JWT"

    async def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Who this token stands for; looked up once a request."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            actor = await lanes.run(
                partial(tokens.actor_of_token, token, **_circumstances(request))
            )
        return actor


# ---- signing in ---------------------------------------------------------------------------------


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


@auth.post(
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
        **_circumstances(request),
    )
    return _pair(await lanes.run(unit, write=True, lane="office"))


@auth.post(
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
        tokens.rotate, secret=secret, successor=tokens.NewToken(), **_circumstances(request)
    )
    return _pair(await lanes.run(unit, write=True))


@auth.post(
    "logout",
    operation_id="sign_out",
    summary="Sign out",
    response=answers({204: None}, {401, 403, 503}),
)
@requires(Permission.SIGN_IN)
async def sign_out(request: HttpRequest) -> Any:
    """The access token and every refresh token of its family are out at once."""
    actor = actor_of(request)
    await lanes.run(partial(tokens.end_family, actor=actor), actor, write=True)
    return Status(204, None)


@auth.get(
    "me",
    operation_id="who_am_i",
    summary="Who is signed in",
    response=answers({200: PersonOut}, {401, 403, 503}),
)
@requires(Permission.SIGN_IN)
async def me(request: HttpRequest) -> Any:
    """The person that the token stands for, with their stores and permissions."""
    return _person(actor_of(request))


# ---- stores -------------------------------------------------------------------------------------


class StoreOut(BaseModel):
    """A shop: its currency stands on every price and document, its zone says when a day ends."""

    id: UUID
    code: str
    name: str
    currency: str
    time_zone: str
    language: str
    prices_include_tax: bool
    active: bool


class StoreFilters(Paging):
    """Which stores."""

    search: Search = ""
    active: bool | None = None
    ordering: Literal["code", "-code", "name", "-name"] = "code"


@stores.get(
    "",
    operation_id="list_stores",
    summary="The stores you work at",
    response=answers({200: Listed[StoreOut]}, READS),
)
@requires(Permission.SIGN_IN)
async def list_stores(request: HttpRequest, filters: Query[StoreFilters]) -> Any:
    """An admin works at every store. `search` looks into codes and names."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        rows = _stores_of(actor)
        if filters.search:
            named = Q(name__icontains=filters.search) | Q(code__iexact=filters.search)
            rows = rows.filter(named)
        if filters.active is not None:
            rows = rows.filter(active=filters.active)
        return part_of(rows.order_by(filters.ordering, "pk"), filters, _store)

    return await lanes.run(unit, actor)


@stores.get(
    "{id}",
    operation_id="get_store",
    summary="One store",
    response=answers({200: StoreOut}, READS),
)
@requires(Permission.SIGN_IN)
async def get_store(request: HttpRequest, id: UUID) -> Any:
    """404 for a store that you do not work at, as for one that does not exist."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        store = _stores_of(actor).filter(pk=id).first()
        if store is None:
            raise NotHere
        return _store(store)

    return await lanes.run(unit, actor)


# ---- parts --------------------------------------------------------------------------------------


def actor_of(request: HttpRequest) -> Actor:
    """Whoever the gate let in."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _circumstances(request: HttpRequest) -> dict[str, str]:
    return {
        "address": client_address(request),
        "request_id": getattr(request, "request_id", ""),
    }


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


def _stores_of(actor: Actor) -> QuerySet[Store]:
    rules = StoreRules.objects.filter(store=OuterRef("pk"), valid_from__lte=timezone.now())
    newest = rules.order_by("-version").values("prices_include_tax")[:1]
    rows = Store.objects.annotate(prices_include_tax=Coalesce(Subquery(newest), True))
    return rows if actor.role == Role.ADMIN else rows.filter(pk__in=actor.store_ids)


def _store(store: Store) -> dict[str, Any]:
    return {name: getattr(store, name) for name in StoreOut.model_fields}
