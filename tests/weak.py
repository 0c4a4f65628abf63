"""A shop with one protection missing, for controls: what guards it must be seen to guard it.

Installed by `weak_settings` alone. The file that WITHOUT names says what is missing now, so one
server serves every control in turn. Where a race has to be lost, a nap stands in the gap that the
protection would have closed.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.apps import AppConfig

KEY = "the key"  # every send is a sale of its own
LOOK_FIRST = "the key's lock"  # looks whether the sale is there, then posts it
STOCK_LOCK = "the lock on stock"
LOCK_ORDER = "the lock order"
RETURNS_LOCK = "the lock on returned quantities"
SHIFT_LOCK = "the lock on the shift"
ONE_SHIFT = "the one open shift"
HOLDS = "the holds of quotes"
COMMIT_FIRST = "the commit before the answer"
TELL_LATER = "the wait for the commit before screens are told"
QUICK_REPORTS = "the quickness of reports"  # each takes a second; still in a lane of its own
OWN_LANES = "the lanes of one's own"  # the same, and everybody stands in one line
NAP = 0.05  # seconds


@contextmanager
def without(switch: Path, protection: str) -> Iterator[None]:
    """Within, the weak server that reads `switch` lacks this."""
    switch.write_text(protection)
    try:
        yield
    finally:
        switch.write_text("")


def missing(protection: str) -> bool:
    """Is it this that is missing now?"""
    return Path(os.environ["WITHOUT"]).read_text() == protection


class Weak(AppConfig):
    """Comes before the apps it weakens, and waits until their models are there."""

    name = "tests.weak"

    def ready(self) -> None:
        _weaken_checkout()
        _weaken_stock()
        _weaken_shifts()
        _weaken_announcements()
        _weaken_lanes()


def _replace(owner: Any, name: str, stand_in: Callable[..., Any]) -> None:
    """`stand_in` is called in its place, with the original first."""
    original = getattr(owner, name)

    def called(*args: Any, **kwargs: Any) -> Any:
        return stand_in(original, *args, **kwargs)

    setattr(owner, name, called)


def _weaken_checkout() -> None:
    from regalpos import ids
    from sales.models import SaleAttempt
    from sales.services import checkout

    def check_out(original: Any, *, sale_id: UUID, **asked: Any) -> Any:
        if missing(KEY):
            return original(sale_id=ids.new(), **asked)
        if missing(LOOK_FIRST):
            if kept := SaleAttempt.objects.filter(pk=sale_id).first():
                return checkout._answer(kept, replayed=True)
            time.sleep(NAP)
            answer = original(sale_id=ids.new(), **asked)
            posted = SaleAttempt.objects.get(pk=answer.content["id"])
            posted.pk = sale_id
            SaleAttempt.objects.bulk_create([posted], ignore_conflicts=True)
            return answer
        if missing(COMMIT_FIRST):
            later = threading.Timer(2.0, original, kwargs={"sale_id": sale_id, **asked})
            later.daemon = True
            later.start()
            content = {"id": str(sale_id), "receipt_number": "promised"}
            return checkout.Answer(status=201, state="posted", content=content)
        return original(sale_id=sale_id, **asked)

    _replace(checkout, "check_out", check_out)


def _weaken_stock() -> None:
    from django.db.models import QuerySet

    from inventory.models import StockHold, StockLevel
    from sales.models import ReturnedQuantity

    levels = type(StockLevel.objects.all())
    holds = type(StockHold.objects.all())

    def lock(original: Any, self: Any, *, store_id: UUID, product_ids: Any) -> Any:
        rows = self.filter(store_id=store_id)
        if missing(STOCK_LOCK):
            looked = {row.product_id: row for row in rows.filter(product_id__in=product_ids)}
            time.sleep(NAP)
            return looked
        if missing(LOCK_ORDER):
            found = {}
            for product in random.sample(sorted(product_ids), len(product_ids)):
                found[product] = rows.select_for_update(no_key=True).get(product_id=product)
                time.sleep(NAP)
            return found
        return original(self, store_id=store_id, product_ids=product_ids)

    def held_by_others(original: Any, self: Any, **asked: Any) -> Any:
        return {} if missing(HOLDS) else original(self, **asked)

    def select_for_update(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.model is ReturnedQuantity and missing(RETURNS_LOCK):
            looked = self.all()
            len(looked)  # looks now
            time.sleep(NAP)
            return looked
        return original(self, *args, **kwargs)

    _replace(levels, "lock", lock)
    _replace(holds, "held_by_others", held_by_others)
    _replace(QuerySet, "select_for_update", select_for_update)


def _weaken_shifts() -> None:
    from sales.checkout_sql.locks import Drawer
    from sales.models import JournalHead
    from sales.services import posting, shifts

    def open_drawer(original: Any, register: Any, actor: Any, rules: Any) -> Any:
        if not missing(SHIFT_LOCK):
            return original(register, actor, rules)
        shift = shifts.open_shift_of(register.pk)
        if shift is None:
            raise shifts.ShiftClosed
        time.sleep(NAP * 4)
        return Drawer(shift, JournalHead.objects.lock(register.pk))

    _replace(posting, "open_drawer", open_drawer)

    def refuse_if_taken(original: Any, *asked: Any) -> None:
        original(*asked)
        if missing(ONE_SHIFT):
            time.sleep(NAP)

    _replace(shifts, "_refuse_if_taken", refuse_if_taken)


def _weaken_announcements() -> None:
    live: Any = import_module("regalpos.live")

    def on_commit(original: Any, send: Any, **how: Any) -> None:
        if missing(TELL_LATER):
            topic, message = send.args
            async_to_sync(get_channel_layer().group_send)(topic, message)
        else:
            original(send, **how)

    live.transaction = SimpleNamespace(on_commit=live.transaction.on_commit)
    _replace(live.transaction, "on_commit", on_commit)


def _weaken_lanes() -> None:
    from regalpos import lanes
    from sales.reports import today

    def read_today(original: Any, *asked: Any) -> Any:
        if missing(QUICK_REPORTS) or missing(OWN_LANES):
            time.sleep(1.0)
        return original(*asked)

    def lane(original: Any, name: str) -> Any:
        return original("checkout" if missing(OWN_LANES) else name)

    _replace(today, "read_today", read_today)
    _replace(lanes, "_lane", lane)
