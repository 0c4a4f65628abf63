"""What a signed-in request costs before it does anything: the hot tier beside Django's own handler.

In one process, without a network: CPU of the whole process, threads included and PostgreSQL left
out, by turns, so that a busy machine disturbs all alike. `stock` is Django as `startproject` makes
it, asking `await request.auser()` of a session in the database. `ours, stock tier` is this shop's
middleware under Django's handler; `hot` is the same under `regalpos.hot`.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path, resolve

from bench.measures import Measure, Size
from people.access import KNOWN, requires
from people.permissions import Permission, Role
from regalpos import lanes
from regalpos.hot import HotHandler
from tests import databases
from tests.factories import a_store, a_user

ROUNDS, REQUESTS = 7, 400
USUAL = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@requires(Permission.SIGN_IN)
async def empty(request: Any) -> HttpResponse:
    return HttpResponse("ok")


async def usual(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return HttpResponse("ok" if user.is_authenticated else "nobody")


urlpatterns = [
    path("empty", empty),
    path("usual", usual),
    path("accounts/", include("allauth.urls")),
]

type App = Callable[[Any, Any, Any], Awaitable[None]]


async def ask(app: App, scope: dict[str, Any]) -> int:
    """The status of one request, in a task of its own, as a server runs it."""
    said: list[dict[str, Any]] = []
    waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    waiting.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await asyncio.get_running_loop().create_task(app(scope, waiting.get, send))  # type: ignore[arg-type]
    return int(said[0]["status"])


async def by_turns(
    apps: dict[str, tuple[App, dict[str, Any]]], rounds: int, requests: int
) -> dict[str, float]:
    """CPU milliseconds of one request to each; medians over the rounds."""
    spent: dict[str, list[float]] = {name: [] for name in apps}
    for turn in range(rounds + 1):
        for name, (app, scope) in apps.items():
            gc.collect()
            before = time.process_time()
            for _one in range(requests):
                status = await ask(app, scope)
                if status != 200:
                    raise RuntimeError(f"{name}: {status}")
            if turn:  # the first only warms up
                spent[name].append((time.process_time() - before) / requests * 1000)
    return {name: statistics.median(times) for name, times in spent.items()}


def scope_of(where: str, key: str, **more: Any) -> dict[str, Any]:
    cookie = f"{settings.SESSION_COOKIE_NAME}={key}"
    headers = {
        "host": "localhost",
        "cookie": cookie,
        "accept": "text/html",
        "accept-encoding": "gzip, deflate, br, zstd",
        "accept-language": "en-GB,en;q=0.9",
        "user-agent": "Mozilla/5.0",
        "hx-request": "true",
    }
    return {
        "type": "http",
        "method": "GET",
        "path": where,
        "raw_path": where.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "root_path": "",
        **more,
    }


def measure(size: Size) -> Iterator[Measure]:
    """The row about the empty request."""
    rounds, requests = (1, 5) if size.smoke else (ROUNDS, REQUESTS)
    with (
        databases.shared_bed() as bed,
        databases.committed(bed),
        override_settings(ROOT_URLCONF=__name__, KNOWN_SECONDS=3600.0),
    ):
        client = Client()
        client.force_login(a_user(Role.CASHIER, a_store()), backend=BACKEND)
        key = client.session.session_key or ""
        apps: dict[str, tuple[App, dict[str, Any]]] = {
            "hot": (HotHandler(), scope_of("/empty", key, match=resolve("/empty"))),
            "ours, stock tier": (ASGIHandler(), scope_of("/empty", key)),
        }
        with override_settings(MIDDLEWARE=USUAL):
            apps["stock"] = (ASGIHandler(), scope_of("/usual", key))
        found = asyncio.run(by_turns(apps, rounds, requests))
        KNOWN.clear()
        lanes.close()
    yield Measure(
        name="signed-in empty request, CPU / stock Django's",
        value=found["hot"] / found["stock"],
        floor=0.25,
        goal=0.08,
        more_is_better=False,
        inputs={f"{name}, ms": round(cpu, 4) for name, cpu in found.items()},
    )
