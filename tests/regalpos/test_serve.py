"""The shop opens, says where, finishes what it began, and never leaves anything running."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from regalpos import serve
from regalpos.checks import broken_promises
from regalpos.environment import BASE_DIR
from regalpos.management.commands.serve import Command
from tests.databases import Database
from tests.servers import Server

# Serves an application that takes a second, as `serve` does.
SLOW = """
import asyncio, socket, sys
from regalpos import serve

async def slow(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    print("begun", flush=True)
    await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"all of it"})

sys.modules["slow"] = sys.modules["__main__"]
serve.serve(socket.socket(fileno=int(sys.argv[1])), "slow:slow")
"""


@contextmanager
def slow_server() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW, str(number)],
            cwd=BASE_DIR,
            pass_fds=[number],
            stdout=subprocess.PIPE,
        )
        try:
            yield listener.getsockname()[1], process
        finally:
            process.kill()
            process.communicate()


def test_a_request_in_flight_is_answered_before_the_server_stops() -> None:
    answers: list[bytes] = []

    def ask(port: int) -> None:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            answers.append(answer.read())

    with slow_server() as (port, process):
        asking = [threading.Thread(target=ask, args=[port]) for _ in range(3)]
        for each in asking:
            each.start()
        assert process.stdout
        assert [process.stdout.readline() for _ in asking] == [b"begun\n"] * 3
        process.terminate()
        for each in asking:
            each.join()
        assert process.wait(10) == 0
    assert answers == [b"all of it"] * 3


def test_an_open_live_screen_is_told_to_come_back() -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with slow_server() as (port, process), connect(f"ws://127.0.0.1:{port}/") as screen:
        process.terminate()
        began = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            screen.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == serve.SERVICE_RESTART
        assert process.wait(10) == 0
        assert time.monotonic() - began < serve.SOCKETS_MAY_TAKE + 2


def test_a_busy_port_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as refusal:
            call_command("serve", port=port)
    assert f"port {port} cannot be had" in str(refusal.value)
    assert f"make run PORT={port + 1}" in str(refusal.value)


def test_the_demo_is_not_served_to_others(settings: Settings) -> None:
    settings.DEMO = True
    with pytest.raises(CommandError, match="its passwords are public"):
        call_command("serve", bind="0.0.0.0", port=0)


def test_the_shop_opens_on_any_database_it_is_given(server: Server) -> None:
    for door in ("health", "health/db", "health/ready"):
        with urlopen(f"{server.url}/{door}", timeout=20) as answer:  # noqa: S310
            assert answer.status == 200
    assert server.stop() == 0


def test_two_servers_share_one_database(
    serve: Callable[..., Server], committed_db: Database
) -> None:
    first, second = serve(committed_db), serve(committed_db)
    assert first.url != second.url
    for server in (first, second):
        with urlopen(f"{server.url}/health/db", timeout=20) as answer:  # noqa: S310
            assert answer.status == 200


def test_a_killed_server_comes_back_at_its_address(server: Server) -> None:
    server.kill()
    server.start()
    with urlopen(f"{server.url}/health", timeout=20) as answer:  # noqa: S310
        assert answer.status == 200


@pytest.mark.fault
def test_a_server_finds_its_database_again_after_it_was_killed(
    serve: Callable[..., Server], durable_db: Database
) -> None:
    server = serve(durable_db)
    with urlopen(f"{server.url}/health/db", timeout=20) as answer:  # noqa: S310
        assert answer.status == 200
    durable_db.bed.kill()
    end = time.monotonic() + 20
    while True:
        try:
            with urlopen(f"{server.url}/health/db", timeout=20) as answer:  # noqa: S310
                assert answer.status == 200
                break
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_database_that_may_forget_sales_is_refused(
    committed_db: Database,
) -> None:
    assert broken_promises(connection) == [
        "fsync = off",
        "synchronous_commit = off",
        "full_page_writes = off",
    ]
    with pytest.raises(CommandError, match="the database may lose confirmed sales: fsync = off"):
        Command()._refuse_to_forget()


def test_a_durable_database_is_accepted(durable_db: Database) -> None:
    assert broken_promises(connection) == []
    Command()._refuse_to_forget()


def test_commands_run_without_a_server_and_leave_none() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "help", "serve"],
        cwd=BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "regalpos.settings", "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--workers" in done.stdout
