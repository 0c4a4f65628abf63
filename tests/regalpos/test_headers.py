"""What a browser is told with every page."""

import re
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.test import AsyncClient, Client
from pytest_django import Settings

pytestmark = pytest.mark.urls("tests.regalpos.doors")

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    "path", ["/page", "/refused/busy", "/nowhere", "/api/v1/products", "/docs"]
)
def test_nothing_runs_that_is_not_ours(client: Client, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]

    assert {re.sub(r" 'nonce-[^']+'", "", part) for part in policy.split("; ")} == POLICY
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/page", "/nowhere", "/broken", "/api/v1/products"])
def test_a_page_stays_ours_whatever_it_says(client: Client, path: str) -> None:
    client.raise_request_exception = False
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_a_view_may_say_how_long_its_answer_holds(client: Client) -> None:
    assert client.get("/picture").headers["Cache-Control"] == "max-age=60, private"


def test_https_is_remembered_and_only_over_https(client: Client, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000

    assert (
        client.get("/page", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"
    )
    assert "Strict-Transport-Security" not in client.get("/page").headers


@pytest.mark.parametrize(("asked", "given"), [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd")])
def test_pages_travel_compressed_with_noise_against_guessing(
    client: Client, asked: str, given: str
) -> None:
    response = client.get("/page", headers={"Accept-Encoding": asked})

    assert response.headers["Content-Encoding"] == given
    assert len(response.content) < 200
    assert "x-noise" in response.headers


async def _stream(client: AsyncClient) -> tuple[str, bytes]:
    response: Any = await client.get("/rows", headers={"Accept-Encoding": "gzip"})
    return response.headers["Content-Encoding"], b"".join([part async for part in response])


def test_streams_travel_compressed_too(async_client: AsyncClient) -> None:
    encoding, body = async_to_sync(_stream)(async_client)

    assert encoding == "gzip"
    assert body.startswith(b"\x1f\x8b")


def hops_of_a_page(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> int:
    hops = []
    ordinary = SyncToAsync.__call__

    async def counted(self: SyncToAsync[..., object], *args: object, **kwargs: object) -> object:
        hops.append(self)
        return await ordinary(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(SyncToAsync, "__call__", counted)
        response = async_to_sync(client.get)("/page")
    assert response.status_code == 200
    return len(hops)


def test_one_request_stays_in_one_thread(
    settings: Settings, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = hops_of_a_page(async_client, monkeypatch)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "pin" not in name]
    control = hops_of_a_page(AsyncClient(), monkeypatch)

    assert pinned <= 4
    assert control > pinned
