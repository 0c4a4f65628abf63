"""The shelves, for programs."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from inventory.models import Product, StockLevel, StockMove
from inventory.services.stock import adjust_stock
from people.access import Actor, requires
from people.api import actor_of
from people.models import Store
from people.permissions import Permission, Role
from regalpos import lanes
from regalpos.contract import (
    READS,
    SAFE_TO_REPEAT,
    WRITES,
    Listed,
    Paging,
    Search,
    answers,
    example,
    part_of,
    replayed,
)
from regalpos.errors import Invalid, NotHere
from regalpos.shapes import Line, Quantity, Sent, Shape, id_in, plain

router = Router(tags=["Stock"])


class LevelOut(BaseModel):
    """How much of a product a store holds. `version` rises with every movement."""

    product: UUID
    store: UUID
    sku: str
    name: str
    unit: str
    on_hand: str
    version: int


class LevelFilters(Paging):
    """Which levels."""

    store: UUID | None = None
    product: UUID | None = None
    search: Search = ""
    low: Annotated[bool, Field(description="Only what is at or under its reorder point.")] = False
    ordering: Literal["name", "-name", "on_hand", "-on_hand"] = "name"


@router.get(
    "levels",
    operation_id="list_stock_levels",
    summary="What is on the shelves",
    response=answers({200: Listed[LevelOut]}, READS),
)
@requires(Permission.SEE_STOCK)
async def list_levels(request: HttpRequest, filters: Query[LevelFilters]) -> Any:
    """Of one store, or of every store you work at. What never moved has no level."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        order = filters.ordering.replace("name", "product__name")
        rows = _levels(filters, actor).select_related("product").order_by(order, "pk")
        return part_of(rows, filters, _level)

    return await lanes.run(unit, actor, lane="office")


def _levels(filters: LevelFilters, actor: Actor) -> QuerySet[StockLevel]:
    rows = StockLevel.objects.all()
    if filters.store is not None:
        actor.must_work_at(filters.store)
        if not Store.objects.filter(pk=filters.store).exists():
            raise NotHere
        rows = rows.filter(store_id=filters.store)
    elif actor.role != Role.ADMIN:
        rows = rows.filter(store_id__in=actor.store_ids)
    if filters.product is not None:
        rows = rows.filter(product_id=filters.product)
    if filters.search:
        found = Product.objects.matching(filters.search).order_by().values("pk")
        rows = rows.filter(product__in=found)
    return rows.running_low() if filters.low else rows


def _level(level: StockLevel) -> dict[str, Any]:
    product = level.product
    return {
        "product": product.pk,
        "store": level.store_id,
        "sku": product.sku,
        "name": product.name,
        "unit": product.unit,
        "on_hand": plain(level.on_hand),
        "version": level.version,
    }


class AdjustmentSent(Shape):
    """A correction: so much more (or less, if negative) is on the shelf, and why."""

    model_config = example(
        {
            "id": "019a3f0c-5b7e-7c4e-9d1f-2a3b4c5d6e7f",
            "store": "019a3f0c-0000-7000-8000-000000000001",
            "product": "019a3f0c-0000-7000-8000-000000000002",
            "quantity": "-2",
            "reason": "two broke",
        }
    )

    id: UUID
    store: UUID
    product: UUID
    quantity: Quantity
    reason: Annotated[str, Line(200, shortest=1)]


class AdjustmentOut(BaseModel):
    """The movement that was made of it, and what is on hand since."""

    id: UUID
    store: UUID
    product: UUID
    quantity: str
    on_hand: str
    reason: str
    at: datetime


@router.post(
    "adjustments",
    operation_id="adjust_stock",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Correct what is on the shelf",
    response=answers({201: AdjustmentOut, 200: AdjustmentOut}, WRITES | {409}),
)
@requires(Permission.ADJUST_STOCK)
async def post_adjustment(
    request: HttpRequest, response: HttpResponse, payload: Body[Sent[AdjustmentSent]]
) -> Any:
    """Sent again with the same id it changes nothing: 200 and `Idempotent-Replayed: true`."""
    actor = actor_of(request)
    move, again = await lanes.run(
        partial(_adjust, payload, actor), actor, write=True, lane="office"
    )
    return Status(replayed(response, again, else_status=201), move)


def _adjust(payload: Sent[AdjustmentSent], actor: Actor) -> tuple[dict[str, Any], bool]:
    try:
        sent = payload.read()
    except Invalid:
        if store_id := id_in(payload.raw, "store"):
            actor.must_work_at(store_id)  # A foreign store is not here, whatever else is wrong.
        raise
    made = StockMove.objects.filter(source_id=sent.id, source_type="adjustment")
    again = made.exists()
    move = adjust_stock(
        adjustment_id=sent.id,
        store_id=sent.store,
        product_id=sent.product,
        quantity=sent.quantity,
        reason=sent.reason,
        actor=actor,
    )
    figures = {"quantity": plain(move.quantity), "on_hand": plain(move.balance)}
    return {**sent.model_dump(), **figures, "reason": move.reason, "at": move.at}, again
