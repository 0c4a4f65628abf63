"""The stores a person works at, for programs."""

from typing import Any, Literal
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel

from people.access import Actor, requires
from people.api.bearer import actor_of
from people.models import Store, StoreRules
from people.permissions import Permission, Role
from regalpos import lanes
from regalpos.contract import READS, Listed, Paging, Search, answers, part_of
from regalpos.errors import NotHere

router = Router(tags=["Stores"])


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


@router.get(
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

    return await lanes.run(unit, actor, lane="office")


@router.get(
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

    return await lanes.run(unit, actor, lane="office")


def _stores_of(actor: Actor) -> QuerySet[Store]:
    rules = StoreRules.objects.filter(store=OuterRef("pk"), valid_from__lte=timezone.now())
    newest = rules.order_by("-version").values("prices_include_tax")[:1]
    rows = Store.objects.annotate(prices_include_tax=Coalesce(Subquery(newest), True))
    return rows if actor.role == Role.ADMIN else rows.filter(pk__in=actor.store_ids)


def _store(store: Store) -> dict[str, Any]:
    return {name: getattr(store, name) for name in StoreOut.model_fields}
