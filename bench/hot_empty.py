"""What a signed-in request costs before it does anything: the hot tier beside Django's own handler.

    DJANGO_SETTINGS_MODULE=tests.settings python -m bench.hot_empty [--rounds 7] [--requests 400]

In one process, without a network: CPU of the whole process, threads included and PostgreSQL left
out, by turns, so that a busy machine disturbs all alike. `stock` is Django as `startproject` makes
it, asking `await request.auser()` of a session in the database. `ours, stock tier` is this shop's
middleware under Django's handler; `hot` is the same under `regalpos.hot`.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import include, path, resolve  # noqa: E402

from people.access import KNOWN, requires  # noqa: E402
from people.permissions import Permission, Role  # noqa: E402
from regalpos import lanes  # noqa: E402
from regalpos.hot import HotHandler  # noqa: E402

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


async def measure(apps: dict[str, tuple[App, dict[str, Any]]], rounds: int, requests: int) -> Any:
    spent: dict[str, list[float]] = {name: [] for name in apps}
    for turn in range(rounds + 1):
        for name, (app, scope) in apps.items():
            gc.collect()
            before = time.process_time()
            for _one in range(requests):
                status = await ask(app, scope)
                if status != 200:
                    raise SystemExit(f"{name}: {status}")
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


def run(rounds: int, requests: int) -> None:
    from tests import databases
    from tests.factories import a_store, a_user

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
        found = asyncio.run(measure(apps, rounds, requests))
        KNOWN.clear()
        lanes.close()
    say(found)


def say(found: dict[str, float]) -> None:
    for name, cpu in found.items():
        print(f"{name:18} {cpu:7.3f} ms CPU")
    ratio = {name: found["hot"] / cpu for name, cpu in found.items() if name != "hot"}
    print(json.dumps({"cpu_ms": found, "hot_by": ratio}))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--requests", type=int, default=400)
    given = arguments.parse_args()
    if not os.environ.get("SHOW_LOG"):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    run(given.rounds, given.requests)
