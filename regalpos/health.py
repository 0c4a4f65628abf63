"""Is the shop open? Asked by whoever starts, balances and watches our processes.

`/health` says that the process answers, and touches nothing. `/health/db` says that the
database does. `/health/ready` says whether to send people here, and warns if
screens are late for want of the live layer. None says more than that.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from regalpos import lanes
from regalpos.errors import Busy

log = structlog.get_logger(__name__)

PATIENCE = 1.0  # seconds for each look; whoever asks has little

# Set by the server when it is told to stop: what runs is finished, nothing new is sent here.
draining = False

_migrated = False  # once true it stays so for this process: a newer schema needs newer code


@require_safe
async def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process can answer at all."""
    return JsonResponse({"status": "ok"})


@require_safe
async def database(request: HttpRequest) -> HttpResponse:
    """200 if the database answers a question within a second; else 503."""
    return _answer({"database": await _database_answers()})


@require_safe
async def ready(request: HttpRequest) -> HttpResponse:
    """200 if people may be sent here; else 503, and which check says no."""
    checks = {"open": not draining, "database": await _database_answers()}
    checks["migrations"] = checks["database"] and await _in_time(_all_migrated())
    # Without its layer a shop sells; only its screens are late.
    return _answer(checks, warnings={"live": await _in_time(_layer_answers())})


def _answer(checks: dict[str, bool], warnings: dict[str, bool] | None = None) -> HttpResponse:
    good, warnings = all(checks.values()), warnings or {}
    body: dict[str, Any] = {"status": "ok" if good else "unavailable", "checks": checks | warnings}
    if troubled := [name for name, well in warnings.items() if not well]:
        body["warnings"] = troubled
    return JsonResponse(body, status=200 if good else 503)


async def _database_answers() -> bool:
    return await _in_time(lanes.run(_select_one, lane="office"))


async def _in_time(look: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            return await look
    except (TimeoutError, Busy, Error, OSError) as error:
        log.warning("health_check_failed", error=type(error).__name__)
        return False


def _select_one() -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


async def _all_migrated() -> bool:
    global _migrated
    if not _migrated:
        _migrated = await lanes.run(_nothing_to_migrate, lane="office")
    return _migrated


def _nothing_to_migrate() -> bool:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


async def _layer_answers() -> bool:
    """A layer in memory always does; Redis has to take a message that nobody waits for."""
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        await layer.group_send("health", {"type": "health.ping"})
    except Exception as error:  # each layer has its own
        log.warning("health_check_failed", error=type(error).__name__)
        return False
    return True
