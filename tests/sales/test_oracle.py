"""The set-based checkout writes the rows, gives the answers and refuses what plain ORM does."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from inspect import unwrap
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from people.access import Actor
from people.models import AuditEvent
from regalpos import ids
from regalpos.errors import Refusal
from sales.forms import QuoteBody, SaleBody, parse_quote, parse_sale
from sales.models import SaleLine, Tender
from sales.pricing import Unpriceable
from sales.services import checkout as fast
from sales.services.basket import fill_basket
from sales.services.priced import rules_of
from sales.services.quotes import make_quote
from sales.services.shifts import close_shift
from tests.factories import some_rules
from tests.sales.oracle import checkout as plain
from tests.sales.shop import Shop, make_shop, make_tenders
from tests.told import Tell

pytestmark = pytest.mark.django_db
LONG = bool(os.environ.get("REGAL_LONG"))
SALES = 500 if LONG else 160
# Sequences do not roll back, and the trail dates itself.
OWN = {"stockmove", "journalrecord", "productday", "registerday", "shifttender"}

MUST_BE_SEEN = {
    "posted return", "posted exchange", "out_of_stock", "total_changed", "underpaid", "overpaid",
    "unknown_product", "approval_needed", "invalid",
}  # fmt: skip

type CheckOut = Callable[..., fast.Answer]


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    Tender.objects.create(code="voucher", name="Voucher", refundable=False)
    made = make_shop()
    some_rules(
        made.store,
        prices_include_tax=True,
        cash_step=Decimal("0.05"),
        discount_limits={"cashier": "20", "manager": "100"},
        refund_limit=Decimal("30"),
        barcode_patterns=["21PPPPPWWWWWC", "22PPPPPVVVVVC"],
        shared_drawers=True,
    )
    made.on_shift()
    made.on_shift(made.far_till, made.stranger)
    return made


@pytest.mark.parametrize("seed", [1, 2, 3] if LONG else [3])
def test_any_sale_writes_the_same_rows_as_in_plain_orm(shop: Shop, tell: Tell, seed: int) -> None:
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(SALES):
        body = _some_sale(shop, chance)
        actor = shop.actor(chance.choice([shop.cashier, shop.manager, shop.colleague]))
        seen[_both_alike(ids.new(), body, actor)] += 1
    tell(f"{SALES} checkouts alike in plain ORM and set-based: {dict(sorted(seen.items()))}")
    assert seen["posted sale"] > SALES // 4
    assert set(seen) >= MUST_BE_SEEN


def test_a_quote_is_kept_alike(shop: Shop) -> None:
    line = {"product": str(shop.product("Beeswax candle").pk), "quantity": "3"}
    till = str(shop.till.pk)
    asked: QuoteBody = parse_quote({"register": till, "lines": [line]})
    quote, bill = make_quote(quote_id=ids.new(), body=asked, actor=shop.actor())
    body = parse_sale(
        {
            "register": till,
            "lines": [line],
            "payments": [{"tender": "card", "amount": str(bill.total)}],
            "shown_total": str(bill.total),
            "quote": str(quote.pk),
        }
    )
    assert _both_alike(ids.new(), body, shop.actor()) == "posted sale"


def test_a_store_that_adds_tax_sells_alike(shop: Shop) -> None:
    milk = shop.product("Oat milk 1 l")
    shop.stock("Oat milk 1 l", "5", shop.other)
    body = parse_sale(
        {
            "register": str(shop.far_till.pk),
            "lines": [{"product": str(milk.pk), "quantity": "2"}],
            "payments": [{"tender": "cash", "amount": "10.00"}],
            "shown_total": "5.78",
        }
    )
    assert _both_alike(ids.new(), body, shop.actor(shop.stranger)) == "posted sale"
    assert _both_alike(ids.new(), body, shop.actor()) == "not_found"


def test_a_closed_drawer_refuses_alike(shop: Shop) -> None:
    chance = random.Random(7)
    body = _some_sale(shop, chance)
    shift = shop.till.shifts.get()
    close_shift(shift_id=shift.pk, counted=Decimal(0), reason="", actor=shop.actor())
    while True:
        said = _both_alike(ids.new(), body, shop.actor())
        if said == "shift_closed":
            return
        body = _some_sale(shop, chance)


# ---- the comparison ------------------------------------------------------------------------------


def _both_alike(sale_id: UUID, body: SaleBody, actor: Actor) -> str:
    """What became of it, the same both ways; the set-based one's rows stay."""
    now = timezone.now()
    slow = _run(plain.check_out, sale_id, body, actor, now, keep=False)
    quick = _run(unwrap(fast.check_out), sale_id, body, actor, now, keep=True)
    assert quick[0] == slow[0]
    for book, rows in slow[1].items():
        assert quick[1][book] == rows, book
    return slow[0][0]


def _run(
    check_out: CheckOut, sale_id: UUID, body: SaleBody, actor: Actor, now: datetime, *, keep: bool
) -> tuple[tuple[str, Any], dict[str, list[dict[str, Any]]]]:
    """(what was said, every book afterwards), with the same ids and the same clock each time."""
    with _same_ids_and_clock(now), transaction.atomic():
        said = _said(check_out, sale_id, body, actor)
        books = _books()
        if not keep:
            transaction.set_rollback(True)
    return said, books


def _said(check_out: CheckOut, sale_id: UUID, body: SaleBody, actor: Actor) -> tuple[str, Any]:
    try:
        with transaction.atomic():
            answer = check_out(sale_id=sale_id, body=body, actor=actor, source="api")
    except Refusal as refusal:
        fields = getattr(refusal, "fields", None)
        return refusal.code, sorted(fields) if fields else None
    content = {**answer.content, "message": str(answer.content.get("message", ""))}
    if answer.state == "posted":
        return f"posted {content['kind']}", (answer.status, content)
    return str(content["code"]), (answer.status, content)


def _books() -> dict[str, list[dict[str, Any]]]:
    books = {
        model._meta.model_name or "": list(model._default_manager.order_by("pk").values())
        for model in plain.BOOKS
    }
    books["auditevent"] = list(AuditEvent.objects.order_by("pk").values("action", "after"))
    for name in OWN:
        for row in books[name]:
            del row["id"]
        if name in {"productday", "shifttender"}:  # written in whatever order
            books[name].sort(key=str)
    for row in books["saleattempt"]:
        row["answer"] = {**row["answer"], "message": str(row["answer"].get("message", ""))}
    return books


@contextmanager
def _same_ids_and_clock(now: datetime) -> Iterator[None]:
    # A millisecond to come, so that the ids are given from it on and from nothing else.
    first = (int(now.timestamp() * 1000) + 3_600_000, 0)
    with (
        patch.object(ids, "_last", first),
        patch("secrets.randbits", lambda bits: 1),
        patch.object(timezone, "now", lambda: now),
    ):
        yield


# ---- chance --------------------------------------------------------------------------------------

CODES = ["5390012340108", "05390012340108", "15390012340105", "MILK-6", "OM-1", "RS-1", "00417"]
LABELS = ["2100417012340", "2200417003906", "2199999012345"]


def _some_sale(shop: Shop, chance: random.Random) -> SaleBody:
    """A basket as people make them, mostly right; now and then wrong in one way."""
    lines = [_some_line(shop, chance) for _ in range(chance.randint(1, 6))]
    if chance.random() < 0.3:
        lines = (lines if chance.random() < 0.5 else []) + _some_returns(shop, chance)
    if not lines:
        lines = [_some_line(shop, chance)]
    total = _total(shop, lines)
    raw = {
        "register": str(shop.till.pk),
        "lines": lines,
        "payments": _some_payments(total, chance),
        "shown_total": str(total + (Decimal("0.01") if chance.random() < 0.06 else 0)),
    }
    return parse_sale(raw)


def _some_line(shop: Shop, chance: random.Random) -> dict[str, Any]:
    line: dict[str, Any] = {"quantity": str(chance.choice([1, 1, 1, 2, 3, 7]))}
    if chance.random() < 0.4:
        line["barcode"] = chance.choice(CODES + LABELS[: chance.randint(0, 2)])
    else:
        good = ["Oat milk 1 l", "Rye sourdough", "Oak board", "Beeswax candle"]
        bad = ["Old lamp", "Unpriced vase"] if chance.random() < 0.05 else []
        line["product"] = str(shop.product(chance.choice(good + bad)).pk)
        if chance.random() < 0.15:
            percent = chance.choice(["5", "12.5", "35"])
            line["discount"] = {"percent": percent, "reason": "dented"}
        elif chance.random() < 0.1:
            line["price"] = {"amount": "2.1111", "reason": "as on the shelf"}
    return line


def _some_returns(shop: Shop, chance: random.Random) -> list[dict[str, Any]]:
    sold = SaleLine.objects.filter(quantity__gt=0, sale__store=shop.store).order_by("id")
    ways = ["", "restock", "damaged", "write_off"]
    return [
        {
            "returns": str(line.pk),
            "quantity": str(-chance.choice([line.quantity, Decimal(1), Decimal(9)])),
            "reason": "changed their mind",
            "disposition": chance.choice(ways),
        }
        for line in chance.sample(list(sold), min(2, len(sold)))
    ]


def _total(shop: Shop, lines: list[dict[str, Any]]) -> Decimal:
    """What the basket comes to, or something for what cannot be priced."""
    now = timezone.now()
    sent = {"register": str(shop.till.pk), "lines": lines, "payments": [], "shown_total": "0"}
    body = parse_sale(sent)
    with transaction.atomic():
        try:
            rules = rules_of(shop.store, now)
            total = fill_basket(body, shop.till, rules, shop.actor(), now).bill.total
        except (Refusal, Unpriceable):
            total = Decimal("5.00")
        transaction.set_rollback(True)
    return total


def _some_payments(total: Decimal, chance: random.Random) -> list[dict[str, str]]:
    cash = (total * 20).to_integral_value() / 20
    way = chance.random()
    if way < 0.5:
        note = cash if total < 0 else cash + chance.choice([0, 0, 5, 20])
        return [{"tender": "cash", "amount": str(note)}]
    if way < 0.75:
        return [{"tender": "card", "amount": str(total)}]
    if way < 0.85 and total > 2:
        return [
            {"tender": "card", "amount": "1.00"},
            {"tender": "cash", "amount": str(((total - 1) * 20).to_integral_value() / 20)},
        ]
    wrong = [
        [{"tender": "card", "amount": str(total + 1)}],
        [{"tender": "card", "amount": str(total - 1)}],
        [{"tender": "shells", "amount": str(total)}],
        [{"tender": "voucher", "amount": str(total)}],
        [],
    ]
    return chance.choice(wrong)
