"""A shop in several processes: who works there, who serves whom, and what its screens show."""

import http.client
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from inventory.models import Product
from people.models import Store, User
from tests.databases import Database
from tests.factories import PASSWORD
from tests.servers import Server

PATIENCE = 30  # seconds for anything, on a busy machine
ALLAUTH = "allauth.account.auth_backends.AuthenticationBackend"


def until(happened: Callable[[], Any], what: str) -> Any:
    """What `happened` says, once it is true; or the test fails, naming it."""
    end = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


@dataclass(frozen=True)
class Crew:
    """The processes of one server."""

    server: Server
    size: int

    def all_here(self) -> list[psutil.Process]:
        """Every worker, once as many as planned are ready and no other is left."""
        return until(self._all_ready, f"{self.size} workers: {self.server.log.read_text()[-2000:]}")

    def web(self) -> list[psutil.Process]:
        """Those that take requests, once all are here."""
        return [one for one in self.all_here() if any("--fd" in word for word in one.cmdline())]

    def sockets(self) -> list[psutil.Process]:
        """Those that keep live screens, once all are here."""
        return [one for one in self.all_here() if any("--takes" in word for word in one.cmdline())]

    def said(self, event: str) -> list[dict[str, Any]]:
        """What the master has said."""
        lines = self.server.log.read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and event in line]
        return [line for line in found if line["event"] == event]

    def _all_ready(self) -> list[psutil.Process]:
        ready = {line["worker"] for line in self.said("worker_ready")}
        here = psutil.Process(self.server.process.pid).children()
        return here if len(here) == self.size and {one.pid for one in here} <= ready else []


class Line:
    """One connection that is kept, as a till keeps it, signed in or not."""

    def __init__(self, url: str, user: User | None = None, token: str = "") -> None:
        self.wire = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        self.token = token
        if user is not None:
            given = {"username": user.username, "password": PASSWORD}
            self.token = self.ask("POST", "auth/login", given)[1]["access_token"]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and what came with it."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body)
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        self.wire.request(method, f"/api/v1/{path}", data, headers)
        answer = self.wire.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said else None

    def close(self) -> None:
        """Hung up."""
        self.wire.close()

    def end(self, crew: Crew) -> int:
        """The process at the other end."""
        assert self.wire.sock
        mine = self.wire.sock.getsockname()[1]
        return _holder(crew, mine)


class Screen:
    """Shows how much of one product is left, by the rules of `static/js/live.js`."""

    def __init__(self, url: str, user: User, store: Store, product: Product) -> None:
        self.url, self.store, self.product = url, store, product
        self.line = Line(url, user)
        self.cookie = a_cookie(user)
        self.shown = ""
        self.heard = self.opened = 0
        self.port = 0  # its own
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def close(self) -> None:
        """Nobody looks any more."""
        self.ended.set()
        self.thread.join()
        self.line.close()

    def _look(self) -> None:
        address = f"ws{self.url.removeprefix('http')}/ws/stock/{self.store.code}/?language=en"
        while not self.ended.is_set():
            try:
                with connect(
                    address, origin=Origin(self.url), additional_headers={"Cookie": self.cookie}
                ) as socket:
                    self.port = socket.local_address[1]
                    self.opened += 1
                    self._fetch()
                    self._listen(socket)
            except (ConnectionClosed, InvalidStatus, OSError):
                time.sleep(0.1)

    def _listen(self, socket: Any) -> None:
        while not self.ended.is_set():
            try:
                said = socket.recv(0.1)
            except TimeoutError:
                continue
            self.heard += 1
            if "data-refetch" in said:
                self._fetch()
            mark = rf'id="on-hand-{self.store.code}-{self.product.pk}" data-version="\d+">([^<]*)<'
            if found := re.search(mark, said):
                self.shown = found[1]

    def _fetch(self) -> None:
        status, levels = self.line.ask(
            "GET", f"stock/levels?store={self.store.pk}&product={self.product.pk}"
        )
        assert status == 200, levels
        self.shown = f"{float(levels['items'][0]['on_hand']):g}"


def holder(crew: Crew, screen: Screen) -> int:
    """The process that keeps a screen's socket."""
    return _holder(crew, screen.port)


def a_cookie(user: User) -> str:
    """Somebody's sign-in in a browser."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = ALLAUTH
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"regal={session.session_key}"


def in_flight(database: Database, number: int) -> None:
    """So many sales stand before a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.connect("owner", autocommit=True) as owner:
        until(lambda: owner.execute(query).fetchone() == (number,), f"{number} sales in flight")


def _holder(crew: Crew, port: int) -> int:
    found = [
        worker.pid
        for worker in crew.all_here()
        for one in worker.net_connections("tcp")
        if one.raddr and one.raddr.port == port
    ]
    assert len(found) == 1, found
    return found[0]
