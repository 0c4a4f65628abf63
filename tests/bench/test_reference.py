"""The reference stack does our work: the same rows, the same answers, on the same database.

Each test makes one shop, clones it, and asks ours and the reference for the same things. What
differs by nature is left out of the comparison: ids that a table or a program gives, and instants.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal as D
from typing import Any
from uuid import UUID

import pytest
from allauth.usersessions.models import UserSession
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.utils import timezone
from psycopg.rows import dict_row

from bench.agreement import Disagree, same_books
from bench.reference import books
from inventory.models import Barcode, Product
from people.models import User
from people.permissions import Role
from people.services import tokens
from regalpos import ids
from regalpos.barcodes import lookup_key
from regalpos.errors import Refusal
from sales.forms import parse_sale
from sales.models import CartStep
from sales.pricing import price
from sales.reports.journal_check import check_journal
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart
from sales.services.checkout import check_out
from sales.services.priced import asks_for, find_products, rules_of
from sales.views.till import cart_context
from tests.bench.asking import Asked, ask
from tests.databases import Bed, Database, let_go
from tests.factories import (
    a_product,
    a_register,
    a_shift,
    a_store,
    a_user,
    an_actor,
)
from tests.tills import books_hold
from tests.told import Tell

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SALES = 60
CSRF = "c" * 32
# Given by the database or the program, or the moment of it: they differ between any two runs.
BY_NATURE = {
    "id", "at", "occurred_at", "recorded_at", "changed_at", "opened_at", "created_at",
    "payload", "hash", "prev_hash", "line_id", "answer",
}  # fmt: skip
WRITTEN = (
    "sales_cart", "sales_cartline", "sales_cartstep", "sales_cashmove", "sales_journalhead",
    "sales_journalrecord", "sales_payment", "sales_productday", "sales_registerday",
    "sales_returnedquantity", "sales_sale", "sales_saleattempt", "sales_saleline",
    "sales_shifttender", "sales_shifttotals", "inventory_stocklevel", "inventory_stockmove",
)  # fmt: skip


@dataclass
class World:
    """One shop, twice: what ours does is done in `ours`, the reference's in `other`."""

    ours: Database
    other: Database
    cashier: User
    register: UUID
    cart: UUID
    products: list[Product]
    token: str
    session: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def cookies(self) -> dict[str, str]:
        cookie = f"regal={self.session}; csrftoken={CSRF}"
        return {"Cookie": cookie, "X-CSRFToken": CSRF}

    def put(self, sale_id: UUID, body: dict[str, Any]) -> Asked:
        return Asked("PUT", f"/api/v1/sales/{sale_id}", json=body, headers=self.bearer)

    def scan(self, step_id: UUID, code: str, quantity: str = "1") -> Asked:
        sent = {"id": str(step_id), "code": code, "quantity": quantity, "scanned": "yes"}
        return Asked("POST", f"/till/{self.cart}/lines/", data=sent, headers=self.cookies)


@pytest.fixture
def world(bed: Bed, committed_db: Database) -> Iterator[World]:
    with override_settings(ACCESS_TOKEN_MINUTES=60):
        made = _make_world(committed_db)
    let_go()  # nobody may use a database that is being cloned
    made.other = bed.clone(committed_db)
    yield made
    bed.drop(made.other)


def _make_world(database: Database) -> World:
    store = a_store(cash_step=D("0.05"), discount_limits={"cashier": "20"})
    user = a_user(Role.CASHIER, store)
    register = a_register(store)
    a_shift(register, an_actor(user))
    products = []
    for n in range(12):
        product = a_product(
            price=f"{n + 1}.{n:02}",
            tax=("23", "13.5", "0")[n % 3],
            limited=n % 2 == 0,
            stocked=n != 7,
            sku=f"CODE-{n}",
            unit="kg" if n == 5 else "each",
            markdown_percent=D(10 if n == 4 else 0),
            on_hand={7: "", 8: "60"}.get(n, "500"),
            store=store,
        )
        Barcode.objects.create(product=product, code=product.sku, lookup=lookup_key(product.sku))
        products.append(product)
    pack = products[1]
    Barcode.objects.create(
        product=pack, code="PACK", lookup="PACK", quantity=D(6), price=D("10.00")
    )
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    pair = tokens.start_family(
        user=user, token=tokens.NewToken(), address="127.0.0.1", request_id=""
    )
    session = browser.session.session_key or ""
    UserSession.objects.create(user=user, session_key=session, ip="127.0.0.1")
    cart = open_cart(cart_id=ids.new(), register_id=register.pk, actor=an_actor(user))
    return World(
        ours=database,
        other=database,
        cashier=user,
        register=register.pk,
        cart=cart,
        products=products,
        token=pair.access_token,
        session=session,
    )


def test_any_sale_writes_the_same_rows(
    world: World, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    chance = random.Random(7)
    sales = [(ids.new(), _some_sale(world, chance)) for _ in range(SALES)]
    ours = [_sell(world, sale_id, body) for sale_id, body in sales]
    heard = ask(world.other, [world.put(*sale) for sale in sales], monkeypatch)
    assert [_said(answer.status_code, answer.json()) for answer in heard] == ours
    same_books(world.ours, world.other)
    assert _books(world.other) == _books(world.ours)
    said = Counter(str(code) for code, _content in ours)
    tell(f"{SALES} checkouts alike in the reference stack: {dict(sorted(said.items()))}")
    assert said["201"] > SALES // 2
    assert {"total_changed", "out_of_stock", "underpaid", "unknown_product"} <= set(said)


def test_a_book_that_it_left_out_would_be_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    sale = (ids.new(), _priced(world, _basket(world, chance), chance))
    _sell(world, *sale)
    monkeypatch.setattr(books, "add_to_shift", lambda *_given: None)
    [heard] = ask(world.other, [world.put(*sale)], monkeypatch)
    assert heard.status_code == 201
    with pytest.raises(Disagree, match=r"sales_shifttotals\.total"):
        same_books(world.ours, world.other)
    ours, theirs = _books(world.ours), _books(world.other)
    assert {table for table in WRITTEN if ours[table] != theirs[table]} == {"sales_shifttotals"}


def test_its_journal_verifies_and_its_books_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(8)
    sales = [(ids.new(), _priced(world, _basket(world, chance), chance)) for _ in range(8)]
    heard = ask(world.other, [world.put(*sale) for sale in sales], monkeypatch)
    assert {answer.status_code for answer in heard} == {201}
    with world.other.in_use():
        assert check_journal().holds
        assert check_journal().records == 1 + len(sales)  # the shift's float is the first
        books_hold()


def test_a_sent_again_sale_is_answered_as_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(9)
    sale_id, body = ids.new(), _priced(world, _basket(world, chance), chance)
    other = {**body, "payments": [], "shown_total": "1.00"}
    first, again, changed = ask(
        world.other,
        [world.put(sale_id, body), world.put(sale_id, body), world.put(sale_id, other)],
        monkeypatch,
    )
    assert (first.status_code, again.status_code, changed.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed.json()["error"]["code"] == "body_mismatch"


@pytest.mark.parametrize("cache", [0.0, 5.0])
def test_who_is_not_signed_in_sells_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, cache: float
) -> None:
    chance = random.Random(10)
    body = _priced(world, _basket(world, chance), chance)
    stranger = Asked("PUT", f"/api/v1/sales/{ids.new()}", json=body)
    forged = Asked(
        "PUT", f"/api/v1/sales/{ids.new()}", json=body, headers={"Authorization": "Bearer a.b.c"}
    )
    crossed = world.scan(ids.new(), "CODE-1")
    crossed.headers["X-CSRFToken"] = "d" * 32
    by_cookie = world.put(ids.new(), body)
    by_cookie.headers.clear()
    by_cookie.headers.update(world.cookies)
    heard = ask(world.other, [stranger, forged, crossed, by_cookie], monkeypatch, cache)
    assert [answer.status_code for answer in heard] == [401, 401, 403, 201]
    with world.other.in_use():
        User.objects.filter(pk=world.cashier.pk).update(session_epoch=2)
    late = world.scan(ids.new(), "CODE-1")
    heard = ask(world.other, [late, world.put(ids.new(), body)], monkeypatch, cache)
    assert [answer.status_code for answer in heard] == [401, 401]


def test_scans_leave_the_same_cart(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(11)
    codes = ["PACK", "CODE-8", "CODE-8", "nothing", *(f"CODE-{n}" for n in range(12))]
    counts = {"CODE-8": "40", "CODE-5": "0.250"}
    scans = [(ids.new(), code, counts.get(code, "1")) for code in chance.choices(codes, k=24)]
    scans.append(scans[0])  # the same once more adds nothing
    shown = [_scan(world, *scan) for scan in scans]
    heard = ask(world.other, [world.scan(*scan) for scan in scans], monkeypatch)
    assert [answer.status_code for answer in heard] == [status for status, _total in shown]
    for answer, (status, fragment) in zip(heard, shown, strict=True):
        if status == 200:
            assert _words(answer.text) == _words(fragment)
    same_books(world.ours, world.other)
    assert _books(world.other) == _books(world.ours)
    assert CartStep.objects.count() > 12


# ---- asking ours ---------------------------------------------------------------------------------


def _sell(world: World, sale_id: UUID, body: dict[str, Any]) -> tuple[object, Any]:
    try:
        answer = check_out(
            sale_id=sale_id, body=parse_sale(body), actor=an_actor(world.cashier), source="api"
        )
    except Refusal as refusal:
        return refusal.code, refusal.status
    if answer.state == "posted":
        return _said(answer.status, dict(answer.content))
    return _said(answer.status, {"error": dict(answer.content)})


def _said(status: int, content: dict[str, Any]) -> tuple[object, Any]:
    """What an answer comes to, without words, ids of its own and instants."""
    if "error" in content:
        told = dict(content["error"])
        if status != 409:
            return told["code"], status
        told.pop("message")
        told.pop("name", None)
        told.pop("scanned", None)
        return told["code"], told
    lines = [{**line, "id": ""} for line in content["lines"]]
    said = {**content, "lines": lines, "occurred_at": "", "journal": content["journal"]["seq"]}
    return str(status), said


def _scan(world: World, step_id: UUID, code: str, quantity: str) -> tuple[int, str]:
    try:
        view = add_to_cart(
            step_id=step_id,
            cart_id=world.cart,
            actor=an_actor(world.cashier),
            count=D(quantity),
            code=code,
            scanned=True,
        )
    except Refusal as refusal:
        return refusal.status, ""
    return 200, render_to_string("sales/_cart.html", cart_context(view))


def _words(fragment: str) -> list[str]:
    """The fragment, tag by tag and word by word, but for the moment of its last change."""
    plain = re.sub(r'data-version="\d+"', "", fragment)
    return re.sub(r"([<>])", r" \1 ", plain).replace("&#x27;", "&#39;").split()


# ---- the books -----------------------------------------------------------------------------------


def _books(database: Database) -> dict[str, list[str]]:
    """Every row of every book, but for what differs by nature, in no order."""
    found = {}
    with database.connect("owner") as owner, owner.cursor(row_factory=dict_row) as cursor:
        for table in WRITTEN:
            rows = cursor.execute(f"SELECT * FROM {table}").fetchall()
            found[table] = sorted(
                str({name: value for name, value in row.items() if name not in BY_NATURE})
                for row in rows
            )
    return found


# ---- chance --------------------------------------------------------------------------------------


def _basket(world: World, chance: random.Random, most: int = 3) -> list[dict[str, Any]]:
    """Five products by id or by barcode, one to three of each."""
    lines: list[dict[str, Any]] = []
    for product in chance.sample(world.products, 5):
        by_id = chance.random() < 0.7
        what = {"product": str(product.pk)} if by_id else {"barcode": product.sku}
        lines.append({**what, "quantity": str(chance.randint(1, most))})
    if chance.random() < 0.3:
        lines[0] = {"barcode": "PACK", "quantity": "1"}
    if chance.random() < 0.3:
        lines[1]["discount"] = {"percent": "10", "reason": "Dented"}
    return lines


def _priced(world: World, lines: list[dict[str, Any]], chance: random.Random) -> dict[str, Any]:
    """The basket, told right and paid in one of three ways."""
    body = {"register": str(world.register), "lines": lines, "payments": [], "shown_total": "0"}
    store, now = world.cashier.stores.get(), timezone.now()
    rules = rules_of(store, now)
    found = find_products(parse_sale(body).lines, store=store, rules=rules, at=now)
    bill = price(asks_for(found, costs={}), store.currency, True, rules.cash_step)
    payments = chance.choice(
        [
            [("card", bill.total)],
            [("cash", bill.total + 20)],
            [("card", D("1.00")), ("cash", bill.total)],
        ]
    )
    return {
        **body,
        "payments": [{"tender": code, "amount": str(paid)} for code, paid in payments],
        "shown_total": str(bill.total),
    }


def _some_sale(world: World, chance: random.Random) -> dict[str, Any]:
    """Mostly right; now and then wrong in one way."""
    body = _priced(world, _basket(world, chance), chance)
    match chance.randrange(16):
        case 0:
            return {**body, "shown_total": "0.01"}
        case 1:
            return {**body, "payments": []}
        case 2:
            return {**body, "payments": [{"tender": "card", "amount": "9999.00"}]}
        case 3:
            body["lines"][2] = {"barcode": "nothing", "quantity": "1"}
            return body
        case 4:
            short = {"product": str(world.products[8].pk), "quantity": "61"}
            return _priced(world, [short, *_basket(world, chance)[3:]], chance)
        case 5:
            body["lines"][1] = {"product": str(world.products[5].pk), "quantity": "0.375"}
            return _priced(world, body["lines"], chance)
        case 6:
            return {**body, "payments": [{"tender": "shells", "amount": "1.00"}]}
    return body
