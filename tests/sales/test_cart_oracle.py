"""The cart in set-based SQL takes the steps, gives the answers and refuses what plain ORM does."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from inspect import unwrap
from typing import Any
from unittest.mock import patch
from uuid import UUID
from zoneinfo import available_timezones

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import Barcode, StockHold
from people.access import Actor
from people.models import Store, User
from regalpos import ids, statements
from regalpos.errors import Refusal
from sales.models import Cart, CartLine, CartStep, Favourite
from sales.services import cart as fast
from sales.services import cart_gate, cart_states, cart_view
from sales.services.cart_view import CartView
from tests.factories import set_price, some_rules
from tests.sales.oracle import cart as plain
from tests.sales.oracle import cart_gate as plain_gate
from tests.sales.oracle import cart_states as plain_states
from tests.sales.oracle import cart_view as plain_view
from tests.sales.shop import Shop, make_shop, make_tenders
from tests.told import Tell

pytestmark = pytest.mark.django_db
LONG = bool(os.environ.get("REGAL_LONG"))
STEPS = 800 if LONG else 500

# Each way there is to change a cart: as it is, and in plain ORM.
WAYS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "add": (fast.add_to_cart, plain.add_to_cart),
    "set": (fast.set_quantity, plain.set_quantity),
    "remove": (fast.remove_line, plain.remove_line),
    "undo": (fast.undo_step, plain.undo_step),
    "park": (cart_states.park_cart, plain_states.park_cart),
    "recall": (cart_states.recall_cart, plain_states.recall_cart),
    "freeze": (cart_states.freeze_cart, plain_states.freeze_cart),
    "open": (cart_states.open_cart, plain_states.open_cart),
}
MUST_BE_SEEN = {
    "add", "set", "remove", "undo", "park", "recall", "freeze", "open", "unknown_product",
    "broken_scan", "out_of_stock", "invalid", "body_mismatch", "not_found",
    "cart_elsewhere", "drawer_of_another", "cart_frozen", "cart_parked",
}  # fmt: skip

CODES = [
    "5390012340108", "05390012340108", "15390012340105", "MILK-6", "OM-1", "RS-1", "00417", "13",
    "5390012340139", "5390012340139", "5390012340122", "BC-1", "TM-1",
]  # fmt: skip
LABELS = ["2100417006409", "2200417001951", "2100417012340"]
WRONG = ["5012345678900", "5390012340146", "UV-1", "53900", "99", "", "2199999012345"]


@dataclass
class Play:
    """A shop that chance plays in, and the ids that were used."""

    shop: Shop
    chance: random.Random
    carts: list[UUID]
    steps: list[UUID] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def cart(self) -> Cart:
        """Mostly one that is open."""
        known = list(Cart.objects.filter(pk__in=self.carts).order_by("pk"))
        standing = [cart for cart in known if cart.state == Cart.State.OPEN]
        return self.chance.choice((standing if self.chance.random() < 0.93 else known) or known)

    def step(self) -> UUID:
        """A new one, or now and then one that was sent before."""
        if self.steps and self.chance.random() < 0.08:
            return self.chance.choice(self.steps)
        self.steps.append(ids.new())
        return self.steps[-1]

    def person(self, cart: Cart) -> User:
        """Mostly whoever stands at the cart's till."""
        shop = self.shop
        owners = {shop.till.pk: shop.cashier, shop.till2.pk: shop.colleague}
        anybody = [shop.cashier, shop.colleague, shop.manager, shop.stranger]
        owner = owners.get(cart.register_id, shop.stranger)
        return owner if self.chance.random() < 0.93 else self.chance.choice(anybody)


@pytest.fixture
def shop() -> Shop:
    make_tenders()
    made = make_shop()
    made.on_shift()
    made.on_shift(made.till2, made.colleague)
    made.on_shift(made.far_till, made.stranger)
    return made


@pytest.mark.parametrize("seed", [1, 2, 3] if LONG else [11])
def test_any_step_writes_and_says_what_plain_orm_does(shop: Shop, tell: Tell, seed: int) -> None:
    chance = random.Random(seed)
    play = Play(shop, chance, [shop.cart(), shop.cart(shop.till2, shop.colleague)])
    for _ in range(STEPS):
        _change_the_shop(play)
        way, asked = _some_step(play)
        said = _both_alike(way, asked)
        play.seen[said if said != "ok" else way] += 1
        _seen_alike(asked.get("cart_id") or play.carts[0], shop.actor())
        if said == "ok" and way == "open" and asked["cart_id"] not in play.carts:
            play.carts.append(asked["cart_id"])
    told = dict(sorted(play.seen.items()))
    tell(f"{STEPS} steps of carts alike in plain ORM and set-based: {told}")
    assert play.seen["add"] > STEPS // 8
    assert set(play.seen) >= MUST_BE_SEEN


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31)),
    st.sampled_from(sorted(zone for zone in available_timezones() if "/" in zone)),
    st.integers(0, 12),
)
def test_a_business_day_that_the_database_reckons_otherwise_is_read_anew(
    local: datetime, zone: str, ends: int
) -> None:
    at = local.replace(tzinfo=UTC)
    [[day]] = statements.rows(
        "SELECT ((%(at)s::timestamptz AT TIME ZONE %(zone)s::text)"
        " - make_interval(hours => %(ends)s::int))::date",
        at=at,
        zone=zone,
        ends=ends,
    )
    assert day == Store(time_zone=zone, day_ends_at=ends).business_day(at)


def test_the_shops_own_day_decides_which_tax_is_shown(shop: Shop) -> None:
    cart = shop.cart()
    _both_alike("add", {**_asked(shop, cart), "code": "OM-1"})
    milk = shop.product("Oat milk 1 l")
    later = timezone.now().date() + timedelta(days=3)
    milk.tax_rate.percents.create(percent=Decimal(10), valid_from=later)
    now = timezone.now()
    with (
        patch.object(timezone, "now", lambda: now),
        patch.object(Store, "business_day", lambda self, at: later),
    ):
        seen = cart_view.view_cart(cart_id=cart, actor=shop.actor())
        assert repr(seen) == repr(plain_view.view_cart(cart_id=cart, actor=shop.actor()))
    [line] = seen.lines
    assert line.priced is not None
    assert line.priced.tax_percent == 10


# ---- the comparison ------------------------------------------------------------------------------


def _both_alike(way: str, asked: dict[str, Any]) -> str:
    """`ok`, or why not; the same both ways. What the set-based one wrote stays."""
    now = timezone.now()
    quick_way, slow_way = WAYS[way]
    slow = _run(slow_way, asked, now, keep=False)
    quick = _run(unwrap(quick_way), asked, now, keep=True)
    assert quick == slow
    return str(slow[0][0])


def _seen_alike(cart: UUID, actor: Actor) -> None:
    now = timezone.now()
    with patch.object(timezone, "now", lambda: now):
        seen = [_said(look, {"cart_id": cart, "actor": actor}) for look in LOOKS]
    assert seen[0] == seen[1]


LOOKS = (cart_view.view_cart, plain_view.view_cart)


def _run(step: Callable[..., Any], asked: dict[str, Any], now: datetime, *, keep: bool) -> Any:
    """(what was said, every row afterwards, what was announced), by the same clock each time."""
    told: list[Any] = []
    with patch.object(timezone, "now", lambda: now), _hearing(told), transaction.atomic():
        said = _said(step, asked)
        rows = [_rows(model) for model in (Cart, CartLine, CartStep)]
        if not keep:
            transaction.set_rollback(True)
    return said, rows, told


def _said(step: Callable[..., Any], asked: dict[str, Any]) -> tuple[str, Any]:
    try:
        with transaction.atomic():
            answer = step(**asked)
            if isinstance(answer, CartView):
                answer = replace(answer, state=str(answer.state))
            return "ok", repr(answer)  # as text: an amount has as many zeros, too
    except Refusal as refusal:
        fields = getattr(refusal, "fields", None)
        return refusal.code, (type(refusal), refusal.message, refusal.facts, fields)


def _rows(model: Any) -> list[dict[str, Any]]:
    """All rows of a book; ids that a sequence gave are left out."""
    rows = list(model._default_manager.order_by("pk").values())
    if model is CartLine:
        rows = sorted(rows, key=lambda row: (row["cart_id"], row["number"]))
        return [{**row, "id": None} for row in rows]
    return rows


@contextmanager
def _hearing(told: list[Any]) -> Iterator[None]:
    def note(topic: str, event: str, **facts: Any) -> None:
        told.append((topic, event, facts))

    with (
        patch.object(cart_gate, "announce", note),
        patch.object(plain_gate, "announce", note),
    ):
        yield


# ---- chance --------------------------------------------------------------------------------------


def _asked(shop: Shop, cart: UUID) -> dict[str, Any]:
    return {"cart_id": cart, "actor": shop.actor(), "step_id": ids.new()}


def _some_step(play: Play) -> tuple[str, dict[str, Any]]:
    """What people do at tills, mostly right; now and then wrong in one way."""
    shop, chance = play.shop, play.chance
    ways, often = zip(*HOW_OFTEN.items(), strict=True)
    way = chance.choices(ways, often)[0]
    cart = play.cart()
    asked: dict[str, Any] = {"cart_id": cart.pk, "actor": shop.actor(play.person(cart))}
    if way not in {"freeze", "open"}:
        asked["step_id"] = play.step()
    return way, {**asked, **_more(way, play, cart)}


HOW_OFTEN = {
    "add": 50, "set": 14, "remove": 4, "undo": 10, "park": 3, "recall": 6, "freeze": 4, "open": 9,
}  # fmt: skip


def _more(way: str, play: Play, cart: Cart) -> dict[str, Any]:
    shop, chance = play.shop, play.chance
    number = chance.choice([1, 1, 2, 2, 3, 4, 5, 9])
    till = cart.register if chance.random() < 0.8 else chance.choice([shop.till2, shop.far_till])
    match way:
        case "add":
            return _some_goods(play)
        case "remove":
            return {"number": number}
        case "set" if chance.random() < 0.5:
            return {"number": number, "count": Decimal(chance.choice(["1", "3", "8", "0", "0.5"]))}
        case "set":
            return {"number": number, "change": Decimal(chance.choice([1, 1, 2, -1, -2]))}
        case "park":
            return {"name": chance.choice(["", "Blue  jacket\x00"])}
        case "recall":
            parked = list(
                Cart.objects.filter(state="parked").order_by("pk").values_list("pk", flat=True)
            )
            known = {"cart_id": chance.choice(parked)} if parked else {}
            return {"register_id": till.pk, **known}
        case "open":
            return {"cart_id": ids.new(), "register_id": till.pk}
        case "freeze":
            cash = [{"tender": "cash", "amount": chance.choice(["5.00", "50.00", "abc"])}]
            attempt = ids.new()
            return {"attempt_id": attempt, "payments": cash, "shown_total": "4.95"}
        case _:
            return {}


def _some_goods(play: Play) -> dict[str, Any]:
    shop, chance = play.shop, play.chance
    count = chance.choice(["1", "1", "1", "1", "2", "5", "0.5", "0.640", "0", "-1", "1000000"])
    if chance.random() < 0.7:
        count = "1"
    asked: dict[str, Any] = {"count": Decimal(count), "scanned": chance.random() < 0.5}
    if chance.random() < 0.25:
        names = ["Oat milk 1 l", "Beeswax candle", "Tomatoes on the vine", "Old lamp"]
        return {**asked, "product_id": shop.product(chance.choice(names)).pk}
    codes = chance.choices([CODES, LABELS, WRONG], [12, 3, 3])[0]
    return {**asked, "code": chance.choice(codes)}


def _change_the_shop(play: Play) -> None:
    """What goes on around a till: goods go and come, prices change, sales come to nothing."""
    shop, chance = play.shop, play.chance
    if chance.random() < 0.1:
        shop.stock("Beeswax candle", chance.choice(["0", "2", "6", "40"]))
        shop.stock("Beeswax candle", chance.choice(["0", "3"]), shop.other)
    if chance.random() < 0.05:
        candle = shop.product("Beeswax candle")
        facts = {"product": candle, "store": shop.store, "quantity": Decimal(1)}
        hour = timezone.now() + timedelta(hours=chance.choice([-1, 1]))
        StockHold.objects.create(holder=ids.new(), until=hour, **facts)
    if chance.random() < 0.04:
        shop.stock(chance.choice(["Oat milk 1 l", "Tomatoes on the vine"]), "1")
    if chance.random() < 0.04:
        set_price(shop.product("Rye sourdough"), chance.choice(["4.95", "15000000.00"]))
    if chance.random() < 0.06:
        lamp = shop.product(chance.choice(["Oak board", "Oat milk 1 l"]))
        lamp.active = chance.random() < 0.7
        lamp.save()
    if chance.random() < 0.02:
        milk = shop.product(chance.choice(["Oat milk 1 l", "Rye sourdough"]))
        Barcode.objects.filter(code__in=["00417", "15390012340105"]).update(product=milk)
        tomatoes = shop.product("Tomatoes on the vine")
        Barcode.objects.filter(code="00417").update(product=tomatoes)
    if chance.random() < 0.03:
        Favourite.objects.filter(number=13).update(
            product=shop.product(chance.choice(["Rye sourdough", "Oak board"]))
        )
    if chance.random() < 0.03:
        facts = {"prices_include_tax": chance.random() < 0.7, "shared_drawers": False}
        some_rules(
            shop.store,
            barcode_patterns=shop.store.rules.latest("version").barcode_patterns,
            **facts,
        )
    if chance.random() < 0.005:
        Cart.objects.filter(pk=play.cart().pk).update(state=Cart.State.SOLD)
    if chance.random() < 0.25:
        Cart.objects.exclude(attempt=None).update(attempt=None, attempt_body=None)
