"""Live stock: what changed on a store's shelves, as the rows that screens show."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import path
from django.utils import translation

from inventory.models.stock import NOTHING
from inventory.reports.shelf import ShelfRow, own_store, read_rows
from people.access import Actor, requires
from people.consumers import SignedInSocket
from people.models import Store
from people.permissions import Permission
from regalpos import lanes, live
from regalpos.errors import Busy

log = structlog.get_logger(__name__)

MOST_WAITING = 200  # products; beyond that a screen is quicker to fetch anew
PAUSE = 0.05  # seconds between two messages to one socket
REMEMBERED = 2_000  # rows and renderings of this process

# An element without a row: the page fetches its region anew.
REFETCH = "<i data-refetch hidden></i>"


@requires(Permission.SEE_STOCK)
class StockConsumer(SignedInSocket):
    """Hears of every change on one store's shelves, and passes it on as fragments.

    However many changes come at once, a socket has one message under way, holds each product
    once, and past a bound asks its page to fetch everything.
    """

    store: Store
    language: str

    async def connect(self) -> None:
        """As every socket of ours; `?language=` is the page's."""
        query = parse_qs(self.scope.get("query_string", b"").decode("latin1"))
        asked = query.get("language", [""])[0]
        self.language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        self.waiting: dict[UUID, dict[str, Any]] = {}
        self.overrun = False
        self.sending: asyncio.Task[None] | None = None
        await super().connect()

    async def disconnect(self, code: int) -> None:
        """What was not sent yet is dropped."""
        if self.sending is not None:
            self.sending.cancel()
        await super().disconnect(code)

    def topics(self, actor: Actor) -> set[str]:
        """The store's stock, for those who work there."""
        self.store, _stores = own_store(actor, self.scope["url_route"]["kwargs"]["store_code"])
        return {live.stock_topic(self.store.pk)}

    async def stock_changed(self, event: dict[str, Any]) -> None:
        """Note the newest state of one product and see that it is sent."""
        product_id = UUID(event["product"])
        before = self.waiting.get(product_id)
        if before is None or before["version"] < event["version"]:
            self.waiting[product_id] = event
        if len(self.waiting) > MOST_WAITING:
            self.waiting.clear()
            self.overrun = True
        if self.sending is None or self.sending.done():
            self.sending = asyncio.create_task(self._send_waiting())

    async def _send_waiting(self) -> None:
        while self.waiting or self.overrun:
            events, self.waiting = self.waiting, {}
            refetch, self.overrun = self.overrun, False
            try:
                html = await fragments(self.store, events, self.language)
            except Busy:
                html, refetch = "", True
            except Exception:
                # The screen heals by its slow poll; the socket goes on.
                log.exception("stock_news_lost", store=self.store.code)
                return
            await self.send(text_data=html + (REFETCH if refetch else ""))
            await asyncio.sleep(PAUSE)


async def fragments(store: Store, events: dict[UUID, dict[str, Any]], language: str) -> str:
    """The HTML of these products as they are now. Read and rendered once for all sockets."""
    rows = await _memory().rows(store, {key: event["version"] for key, event in events.items()})
    return "".join(_rendered(store, row, events[row.product_id], language) for row in rows)


class Memory:
    """What the sockets of one loop have read and rendered lately. The oldest goes first."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Memory"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[UUID, UUID], ShelfRow] = OrderedDict()
        self._gates: dict[UUID, asyncio.Lock] = {}
        self.html: OrderedDict[tuple[UUID, UUID, int, str, str], str] = OrderedDict()

    async def rows(self, store: Store, wanted: dict[UUID, int]) -> list[ShelfRow]:
        """Each product's row, at least as new as its version. One socket reads for the others."""
        async with self._gates.setdefault(store.pk, asyncio.Lock()):
            stale = [key for key, version in wanted.items() if not self._has(store, key, version)]
            if stale:
                self._keep(store, await lanes.run(partial(read_rows, store, stale)))
        found = (self._rows.get((store.pk, key)) for key in wanted)
        return [row for row in found if row is not None]

    def _has(self, store: Store, product_id: UUID, version: int) -> bool:
        row = self._rows.get((store.pk, product_id))
        return row is not None and row.version >= version

    def _keep(self, store: Store, rows: Iterable[ShelfRow]) -> None:
        for row in rows:
            self._rows[store.pk, row.product_id] = row
            self._rows.move_to_end((store.pk, row.product_id))
        while len(self._rows) > REMEMBERED:
            self._rows.popitem(last=False)


def _memory() -> Memory:
    return Memory._of_loop.setdefault(asyncio.get_running_loop(), Memory())


def _rendered(store: Store, row: ShelfRow, event: dict[str, Any], language: str) -> str:
    # The words of a change belong to it alone: a row that is newer by now goes without them.
    cause = str(event.get("cause", "")) if event["version"] == row.version else ""
    moved = Decimal(event.get("last", "0")) if event["version"] == row.version else NOTHING
    news = {"moved": moved, "cause": cause} if moved else None
    html = _memory().html
    key = (store.pk, row.product_id, row.version, language, cause)
    if key not in html:
        with translation.override(language):
            html[key] = render_to_string(
                "inventory/_stock_news.html", {"row": row, "store": store, "news": news}
            )
        while len(html) > REMEMBERED:
            html.popitem(last=False)
    return html[key]


websocket_urlpatterns = [path("ws/stock/<slug:store_code>/", StockConsumer.as_asgi())]
