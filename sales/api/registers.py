"""The tills of a store, for programs."""

from typing import Any, Literal
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel

from people.access import requires
from people.api import actor_of
from people.permissions import Permission
from regalpos import lanes
from regalpos.contract import (
    READS,
    Listed,
    Paging,
    answers,
    part_of,
)
from sales.api.scope import at_own
from sales.models import Register, Shift

router = Router(tags=["Registers and shifts"])


class RegisterOut(BaseModel):
    """A till of a store, and the shift that is open there."""

    id: UUID
    number: int
    store: UUID
    name: str
    open_shift: UUID | None


class RegisterFilters(Paging):
    """Which tills."""

    store: UUID | None = None
    ordering: Literal["number", "-number", "name", "-name"] = "number"


@router.get(
    "",
    operation_id="list_registers",
    summary="The tills of your stores",
    response=answers({200: Listed[RegisterOut]}, READS),
)
@requires(Permission.SELL)
async def list_registers(request: HttpRequest, filters: Query[RegisterFilters]) -> Any:
    """Tills in use only; an office desk sells by invoice."""
    actor = actor_of(request)

    def unit() -> dict[str, Any]:
        standing = Shift.objects.standing().filter(register=OuterRef("pk")).values("pk")[:1]
        rows = at_own(Register.objects.all(), "store", filters.store, actor)
        rows = rows.filter(kind=Register.Kind.TILL, active=True, store__active=True)
        rows = rows.annotate(open_shift=Subquery(standing))
        return part_of(rows.order_by("store__code", filters.ordering, "pk"), filters, _register)

    return await lanes.run(unit, actor)


def _register(register: Register) -> dict[str, Any]:
    return {
        "id": register.pk,
        "number": register.number,
        "store": register.store_id,
        "name": register.name,
        "open_shift": register.open_shift,  # type: ignore[attr-defined]  # annotated above
    }
