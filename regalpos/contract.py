"""What every operation of the API shares: how a list is asked for and answered, how it says no."""

from collections.abc import Callable
from typing import Annotated, Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from pydantic import BaseModel, ConfigDict, Field

from regalpos.shapes import Line, Shape

REPLAYED = "Idempotent-Replayed"
FARTHEST = 1_000_000  # rows into a list; who needs more narrows the list

# What may be searched for: anything that a person types, on one line.
Search = Annotated[str, Line(100, free=False)]


class Paging(Shape):
    """Which part of a list: `limit` rows after the first `offset`."""

    limit: Annotated[int, Field(ge=1, le=settings.PAGE_SIZE_MAX)] = settings.PAGE_SIZE
    offset: Annotated[int, Field(ge=0, le=FARTHEST)] = 0


class Listed[T](BaseModel):
    """Part of a list, and how long the whole list is."""

    items: list[T]
    total: int
    limit: int
    offset: int


class ErrorFacts(BaseModel):
    """Why not. Beside the code stand the facts that a client needs to go on, by their names."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "code": "invalid",
                    "message": "Some of this cannot be right. Nothing has been saved.",
                    "fields": {"lines.0.quantity": ["The quantity cannot be 0."]},
                    "request_id": "019a3f0c5b7e7c4e9d1f2a3b4c5d6e7f",
                }
            ]
        },
    )

    code: Annotated[str, Field(description="To decide by. It never changes its meaning.")]
    message: Annotated[str, Field(description="To read out, in the language asked for.")]
    fields: Annotated[
        dict[str, list[str]] | None, Field(description="What is wrong, by the path of each field.")
    ] = None
    request_id: Annotated[str, Field(description="To name this request by, in the logs.")] = ""


class Error(BaseModel):
    """Every refusal of the API."""

    error: ErrorFacts


READS = frozenset({401, 403, 404, 422, 503})
WRITES = READS | {400, 413, 415}


def answers(good: dict[int, Any], errors: frozenset[int] | set[int]) -> dict[Any, Any]:
    """The `response=` of an operation: what it answers, and the refusals it may answer instead."""
    return {**good, frozenset(errors): Error}


# What `openapi_extra=` adds where a write can be sent again.
SAFE_TO_REPEAT: dict[str, Any] = {
    "responses": {
        200: {
            "headers": {
                REPLAYED: {
                    "description": "true: this was done before, and nothing has changed now.",
                    "schema": {"type": "string", "enum": ["true"]},
                }
            }
        }
    }
}


def example(body: dict[str, Any]) -> ConfigDict:
    """The `model_config` of a shape, with a body to start from."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def part_of[M: Model](
    rows: QuerySet[M], paging: Paging, row: Callable[[M], dict[str, Any]]
) -> dict[str, Any]:
    """The part of a list that was asked for, as plain values. Two reads: call it in a lane."""
    end = paging.offset + paging.limit
    return {
        "items": [row(one) for one in rows[paging.offset : end]],
        "total": rows.count(),
        "limit": paging.limit,
        "offset": paging.offset,
    }


def replayed(response: HttpResponse, again: bool, *, else_status: int) -> int:
    """The status of a write: 200, and a header that says so, if it was done before."""
    if not again:
        return else_status
    response.headers[REPLAYED] = "true"
    return 200
