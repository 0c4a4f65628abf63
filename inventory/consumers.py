"""Live stock: what changed on a store's shelves, as the rows that screens show."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

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
from regalpos.hub import Listener
from regalpos.wires import Frame

log = structlog.get_logger(__name__)

MOST_WAITING = 200  # products; beyond that a screen is quicker to fetch anew
PAUSE = 0.05  # seconds between two rounds of messages
FEW = 5  # rows that are rendered, and
CHUNK = 50  # sockets that are told, between two turns of the loop: a sale may have come in
REMEMBERED = 2_000  # rows and renderings of this process

# An element without a row: the page fetches its region anew.
REFETCH = "<i data-refetch hidden></i>"

type Event = dict[str, Any]


class StoreNews:
    """What changes on one store's shelves, for all sockets of this process that show them.

    However many changes come at once, one message is under way, holds each product once, and past
    a bound asks the pages to fetch everything. It is read once, rendered once for each language,
    and told to one socket after the other, none of which the others wait for.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sockets: dict[str, set[StockConsumer]] = {}  # by language
        self._waiting: dict[UUID, Event] = {}
        self._overrun = False
        self._sending: asyncio.Task[None] | None = None

    def hear(self, topic: str, message: Event) -> None:
        """Note the newest state of one product and see that it is sent."""
        product_id = UUID(message["product"])
        before = self._waiting.get(product_id)
        if before is None or before["version"] < message["version"]:
            self._waiting[product_id] = message
        if len(self._waiting) > MOST_WAITING:
            self.missed(topic)
        self._send()

    def missed(self, group: str) -> None:
        """The pages are to fetch everything."""
        self._waiting.clear()
        self._overrun = True
        self._send()

    def _send(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_waiting())

    async def _send_waiting(self) -> None:
        while self._waiting or self._overrun:
            events, self._waiting = self._waiting, {}
            refetch, self._overrun = self._overrun, False
            try:
                await self._send_round(events, refetch)
            except Exception:
                # The screens heal by their slow poll; the sockets go on.
                log.exception("stock_news_lost", store=self.store.code)
            await asyncio.sleep(PAUSE)

    async def _send_round(self, events: dict[UUID, Event], refetch: bool) -> None:
        versions = {product_id: event["version"] for product_id, event in events.items()}
        try:
            rows = await _memory().rows(self.store, versions)
        except Busy:
            rows, refetch = [], True
        for language in [*self.sockets]:
            words = await self._words(rows, events, language)
            if refetch:
                words["refetch"] = REFETCH
            if words:
                await self._tell(words, self.sockets.get(language, set()))

    async def _words(
        self, rows: list[ShelfRow], events: dict[UUID, Event], language: str
    ) -> dict[str, str]:
        """The rows as HTML, by product."""
        words = {}
        for number, row in enumerate(rows, 1):
            event = events[row.product_id]
            words[str(row.product_id)] = _rendered(self.store, row, event, language)
            if number % FEW == 0:
                await asyncio.sleep(0)
        return words

    async def _tell(self, words: dict[str, str], sockets: set["StockConsumer"]) -> None:
        frame = Frame("".join(words.values()))
        for number, socket in enumerate([*sockets], 1):
            if socket.out is not None:
                socket.out.tell(words, frame)
            if number % CHUNK == 0:
                await asyncio.sleep(0)


@requires(Permission.SEE_STOCK)
class StockConsumer(SignedInSocket):
    """Hears of every change on one store's shelves, as fragments in its page's language."""

    store: Store
    language: str
    news: StoreNews | None = None

    async def connect(self) -> None:
        """As every socket of ours; `?language=` is the page's."""
        query = parse_qs(self.scope.get("query_string", b"").decode("latin1"))
        asked = query.get("language", [""])[0]
        self.language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        await super().connect()

    async def disconnect(self, code: int) -> None:
        """The store's news go on without this socket."""
        self._show(None)
        await super().disconnect(code)

    def topics(self, actor: Actor) -> set[str]:
        """The store's stock, for those who work there."""
        self.store, _stores = own_store(actor, self.scope["url_route"]["kwargs"]["store_code"])
        return {live.stock_topic(self.store.pk)}

    def ear(self, topic: str) -> Listener:
        """One for all sockets that show the store."""
        if topic != live.stock_topic(self.store.pk):
            return self
        news = _memory().news_of(self.store)
        self._show(news)
        return news

    def _show(self, news: StoreNews | None) -> None:
        if self.news is not None and self.news is not news:
            sockets = self.news.sockets[self.language]
            sockets.discard(self)
            if not sockets:
                del self.news.sockets[self.language]
        if news is not None:
            news.sockets.setdefault(self.language, set()).add(self)
        self.news = news


class Memory:
    """What the sockets of one loop have read and rendered lately. The oldest goes first."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Memory"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[UUID, UUID], ShelfRow] = OrderedDict()
        self._news: WeakValueDictionary[UUID, StoreNews] = WeakValueDictionary()
        self.html: OrderedDict[tuple[UUID, UUID, int, str, str], str] = OrderedDict()

    def news_of(self, store: Store) -> StoreNews:
        """The store's; its name and code as they were read last."""
        news = self._news.get(store.pk)
        if news is None:
            news = self._news[store.pk] = StoreNews(store)
        news.store = store
        return news

    async def rows(self, store: Store, wanted: dict[UUID, int]) -> list[ShelfRow]:
        """Each product's row, at least as new as its version."""
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


def _rendered(store: Store, row: ShelfRow, event: Event, language: str) -> str:
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
