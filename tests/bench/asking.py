"""The reference stack in this process, asked over ASGI on a database of the test's own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.conf import settings

from bench.reference import access, config
from bench.reference.app import make_app
from tests.databases import Database


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    json: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def ask(
    database: Database, requests: Sequence[Asked], monkeypatch: pytest.MonkeyPatch, cache: float = 0
) -> list[httpx.Response]:
    """The answers of a fresh process's worth of the reference, one after another."""
    monkeypatch.setenv("REFERENCE_URL", database.url())
    monkeypatch.setenv("REFERENCE_CACHE", str(cache))
    monkeypatch.setenv("SECRET_KEY", settings.SECRET_KEY)
    config.config.cache_clear()
    config.secret_key.cache_clear()
    access._known.clear()
    return asyncio.run(_ask(requests))


async def _ask(requests: Sequence[Asked]) -> list[httpx.Response]:
    app = make_app()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client,
    ):
        return [
            await client.request(
                one.method, one.path, json=one.json, data=one.data, headers=one.headers
            )
            for one in requests
        ]
