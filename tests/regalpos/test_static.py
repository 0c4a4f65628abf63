"""Files: served before Django is asked, kept by browsers for as long as they are true."""

import asyncio
import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from asgiref import testing
from django.conf import settings as shop
from django.core.management import call_command
from pytest_django import Settings

from regalpos.bodies import BodyLimit, Message, Receive, Send
from regalpos.static_files import PIECE, StaticFiles

Communicator: Any = testing.ApplicationCommunicator  # untyped

PICTURE = b"\x89PNG" + b"0" * (PIECE + 10)


async def beyond(scope: Message, receive: Receive, send: Send) -> None:
    """What stands behind the files."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def get(
    app: Any, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
    }

    async def ask() -> tuple[int, dict[str, str], bytes]:
        asked = Communicator(app, scope)
        await asked.send_input({"type": "http.request", "body": b""})
        start = await asked.receive_output(5)
        body, more = b"", True
        while more:
            part = await asked.receive_output(5)
            body += part.get("body", b"")
            more = part.get("more_body", False)
        await asked.wait()
        given = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], given, body

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("collected")


@pytest.fixture
def house(settings: Settings, collected: Path) -> StaticFiles:
    """As in a shop: gathered, hashed, precompressed."""
    name = "regalpos.static_files.HashedFiles"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": name}}
    # Ours are few; the admin's and the docs' would take a minute to compress.
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = collected
    if not any(collected.iterdir()):
        call_command("collectstatic", interactive=False, verbosity=0)
    return StaticFiles(beyond)


@pytest.fixture
def window(settings: Settings, tmp_path: Path) -> StaticFiles:
    """A picture of a product, and beside it what is not for everybody."""
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "products").mkdir()
    (tmp_path / "products" / "milk.png").write_bytes(PICTURE)
    (tmp_path / "products" / "costs.csv").write_text("milk,0.40")
    (tmp_path / "expenses").mkdir()
    (tmp_path / "expenses" / "bill.png").write_bytes(PICTURE)
    return StaticFiles(beyond)


def hashed(house: StaticFiles, name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    found: list[str] = [
        path
        for path in house.house.files
        if path.startswith(f"/static/{stem}.")
        and path.endswith(f".{suffix}")
        and path != f"/static/{name}"
    ]
    assert len(found) == 1
    return found[0]


def test_a_style_sheet_comes_compressed_and_is_kept_for_ever(house: StaticFiles) -> None:
    status, headers, body = get(house, hashed(house, "css/tokens.css"), accept_encoding="gzip")

    assert status == 200
    assert headers["content-type"] == 'text/css; charset="utf-8"'
    assert "immutable" in headers["cache-control"]
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["x-content-type-options"] == "nosniff"
    assert b"--" in gzip.decompress(body)


def test_brotli_is_there_for_who_takes_it(house: StaticFiles) -> None:
    _status, headers, _body = get(
        house, hashed(house, "css/tokens.css"), accept_encoding="gzip, br"
    )

    assert headers["content-encoding"] == "br"


def test_a_name_without_hash_could_mean_anything_and_is_not_there(house: StaticFiles) -> None:
    assert get(house, "/static/css/tokens.css")[0] == 299


def test_what_has_not_changed_is_not_sent_again(house: StaticFiles) -> None:
    path = hashed(house, "css/tokens.css")
    _status, headers, _body = get(house, path)

    status, again, body = get(house, path, if_none_match=headers["etag"])

    assert (status, body) == (304, b"")
    assert again["etag"] == headers["etag"]
    assert get(house, path, if_none_match='"other"')[0] == 200


def test_head_says_how_long_and_sends_nothing(house: StaticFiles) -> None:
    path = hashed(house, "css/tokens.css")

    status, headers, body = get(house, path, method="HEAD")

    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0
    assert get(house, path, method="POST")[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/nothing.css",
        "/static/../manage.py",
        "/static/css/../../../manage.py",
        "/static//etc/passwd",
        "/static/css/tokens.css.gz",
        "/static/css/",
        "/static/",
        "/till/",
        "/",
    ],
)
def test_everything_else_goes_on_to_django(house: StaticFiles, path: str) -> None:
    assert get(house, path) == (299, {}, path.encode())


def test_a_file_that_went_away_is_simply_not_there(house: StaticFiles) -> None:
    path = hashed(house, "css/receipt.css")
    for twin in ("", ".gz", ".br"):
        (Path(house.house.files[path].alternatives[-1][1] + twin)).unlink(missing_ok=True)

    assert get(house, path)[0] == 299


def test_before_anything_was_gathered_files_come_from_where_they_are_written() -> None:
    status, headers, body = get(StaticFiles(beyond), "/static/css/tokens.css")

    assert status == 200
    assert body == (Path(shop.BASE_DIR) / "static/css/tokens.css").read_bytes()
    assert "immutable" not in headers["cache-control"]


def test_a_picture_of_a_product_is_for_everybody(window: StaticFiles) -> None:
    status, headers, body = get(window, "/media/products/milk.png")

    assert (status, body) == (200, PICTURE)
    assert headers["content-type"] == "image/png"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_part_of_a_picture_can_be_asked_for(window: StaticFiles) -> None:
    status, headers, body = get(window, "/media/products/milk.png", range="bytes=0-3")

    assert (status, body) == (206, b"\x89PNG")
    assert headers["content-range"] == f"bytes 0-3/{len(PICTURE)}"


def test_a_new_picture_is_seen_at_once(window: StaticFiles, tmp_path: Path) -> None:
    assert get(window, "/media/products/tea.png")[0] == 299

    (tmp_path / "products" / "tea.png").write_bytes(b"tea")

    assert get(window, "/media/products/tea.png")[2] == b"tea"


@pytest.mark.parametrize(
    "path",
    [
        "/media/expenses/bill.png",
        "/media/products/costs.csv",
        "/media/products/../expenses/bill.png",
        "/media/products/milk.png/",
        "/media/products/\0.png",
    ],
)
def test_what_else_was_uploaded_waits_behind_the_gate(window: StaticFiles, path: str) -> None:
    assert get(window, path)[0] == 299


def test_a_large_file_does_not_hold_up_the_loop(window: StaticFiles, tmp_path: Path) -> None:
    """While 64 MB go out, the loop looks up every few milliseconds."""
    with (tmp_path / "products" / "poster.png").open("wb") as file:
        os.ftruncate(file.fileno(), 64 * 1024 * 1024)
    gaps: list[float] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        sent = 0

        async def send(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))

        async def watch() -> None:
            while True:
                before = loop.time()
                await asyncio.sleep(0.001)
                gaps.append(loop.time() - before)

        watching = asyncio.create_task(watch())
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/media/products/poster.png",
            "headers": [],
        }
        await window(scope, nothing, send)
        watching.cancel()
        assert sent == 64 * 1024 * 1024

    asyncio.run(scenario())

    assert len(gaps) > 10
    assert sorted(gaps)[len(gaps) // 2] < 0.02


# ---- the size of a body -----------------------------------------------------------------------


def put(app: Any, parts: list[bytes], **headers: str) -> int:
    async def ask() -> int:
        scope = {
            "type": "http",
            "path": "/api/v1/sales/1",
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }
        asked = Communicator(app, scope)
        for part in parts:
            await asked.send_input({"type": "http.request", "body": part, "more_body": True})
        await asked.send_input({"type": "http.request", "body": b""})
        start = await asked.receive_output(5)
        await asked.receive_output(5)
        return int(start["status"])

    return asyncio.run(ask())


async def nothing() -> Message:
    return {}


async def reader(scope: Message, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await beyond(scope, receive, send)


KIB = b"x" * 1024


@pytest.mark.parametrize(
    ("kibibytes", "headers", "status"),
    [
        (1024, {}, 299),
        (1025, {}, 413),
        (1, {"content_length": str(1024 * 1024 + 1)}, 413),
        (1, {"content_length": "many"}, 413),
        (1025, {"content_type": "multipart/form-data; boundary=x"}, 299),
        (10 * 1024 + 65, {"content_type": "multipart/form-data; boundary=x"}, 413),
    ],
)
def test_no_body_over_its_limit_reaches_django(
    kibibytes: int, headers: dict[str, str], status: int
) -> None:
    assert put(BodyLimit(reader), [KIB] * kibibytes, **headers) == status


@pytest.mark.parametrize("path", ["../settings.py", "/etc/passwd", "css/", "css", "css/no.css"])
def test_an_address_that_is_no_file_of_the_house_goes_on(path: str) -> None:
    assert get(StaticFiles(beyond), f"{shop.STATIC_URL}{path}")[0] == 299
