"""The world that the access test walks: two stores, everybody in every state, and how to knock."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client

from inventory.models import Product
from people.access import Actor
from people.models import RefreshToken, Store, User
from people.permissions import Role
from people.services import tokens
from regalpos import ids
from sales.forms import parse_sale
from sales.models import Register
from sales.services.cart import add_to_cart
from sales.services.cart_states import open_cart, park_cart
from sales.services.checkout import check_out
from tests.factories import a_level, a_product, a_register, a_shift, a_store, a_user, an_actor
from tests.house.access_table import Door

ROLES = {"a": Role.ADMIN, "m": Role.MANAGER, "c": Role.CASHIER, "e": Role.EMPLOYEE}
SIGNED_IN, LEFT, OLD_EPOCH, ENDED = "signed in", "deactivated", "older epoch", "ended"
STATES = (SIGNED_IN, LEFT, OLD_EPOCH, ENDED)
NOBODY = ("", "nobody")
STORE_THINGS = ("cart", "waiting", "register", "shift", "store", "sale")

type Who = tuple[str, str]  # the role's letter and the state of the session


@dataclass
class World:
    """Everything that an address can name, at one's own store and at another."""

    own: dict[str, str]
    foreign: dict[str, str]
    unknown: dict[str, str]
    sessions: dict[Who, str]
    tokens: dict[Who, str]

    def fill(self, value: Any, column: str) -> Any:
        """`{cart}` becomes the id of a cart in that column."""
        if isinstance(value, dict):
            return {name: self.fill(one, column) for name, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one, column) for one in value]
        for name, thing in getattr(self, column).items():
            value = value.replace(f"{{{name}}}", thing)
        return value


def build() -> World:
    own, foreign = a_store("OWN"), a_store("FAR")
    product = a_product("Oat milk", price="1.00", sku="MILK", on_hand="50", store=own)
    a_level(product, foreign, "50")
    for store in (own, foreign):
        a_register(store, 1)
        a_register(store, 99, kind="office")
    shared = {
        "sku": product.sku,
        "product": str(product.pk),
        "user": str(a_user(Role.CASHIER, own).pk),
        "new": str(ids.new()),
    }
    people = {
        (letter, state): a_user(role, own) for letter, role in ROLES.items() for state in STATES
    }
    sessions = {who: _session(user) for who, user in people.items()}
    programs = {who: _token(user) for who, user in people.items()}
    for (_letter, state), user in people.items():
        _bring_about(state, user)
    for who in sessions:
        if who[1] == ENDED:
            SessionStore(sessions[who]).delete()
    gone = {name: str(ids.new()) for name in STORE_THINGS}
    return World(
        own=_things(own, product, people["c", SIGNED_IN]) | shared,
        foreign=_things(foreign, product, a_user(Role.CASHIER, foreign)) | shared,
        unknown={**gone, "code": "ZZ"} | shared,
        sessions=sessions,
        tokens=programs,
    )


def knock(
    world: World, door: Door, method: str, who: Who, column: str = "own", *, htmx: bool = False
) -> str:
    """What the door says to whoever knocks. Whatever it did is undone."""
    url, body = world.fill(door.url, column), world.fill(door.body, column)
    client = Client(raise_request_exception=False)
    headers: dict[str, str] = {"HX-Request": "true"} if htmx else {}
    if url.startswith("/api/"):
        if token := world.tokens.get(who):
            headers["Authorization"] = f"Bearer {token}"
        sent = json.dumps(body)
        with undone():
            return heard(client.generic(method, url, sent, "application/json", headers=headers))
    if key := world.sessions.get(who):
        client.cookies[settings.SESSION_COOKIE_NAME] = key
    with undone():
        if method == "POST":
            return heard(client.post(url, body, headers=headers))
        return heard(getattr(client, method.lower())(url, headers=headers))


def heard(answer: Any) -> str:
    """An answer in one word: in, sign in, forbidden, no such, fault."""
    status = answer.status_code
    to_sign_in = answer.headers.get("Location", "").startswith("/accounts/login/")
    if to_sign_in or (status == 401 and _asks_who(answer)):
        return "sign in"
    if status >= 500:
        return f"fault {status}"
    return {403: "forbidden", 404: "no such", 405: "no method"}.get(status, "in")


def expected(door: Door, who: Who, column: str) -> str:
    """What the table says that `who` must hear."""
    letter, state = who
    if not door.roles:
        return "no such"
    if door.roles == "*":
        return "in"
    if state != SIGNED_IN:
        return "sign in"
    if letter not in door.roles:
        return "forbidden"
    return door.foreign if column != "own" and letter != "a" else "in"


def cells(door: Door, states: tuple[str, ...] = STATES) -> Iterator[tuple[str, Who, str]]:
    """Every way to knock: method, who, column."""
    columns = ("own", "foreign") if door.scoped else ("own",)
    for method in door.methods.split():
        yield method, NOBODY, "own"
        for letter in ROLES:
            for state in states:
                for column in columns if state == SIGNED_IN else ("own",):
                    yield method, (letter, state), column


@contextmanager
def undone() -> Iterator[None]:
    """What happens within leaves no trace; use cases take it for a test's outermost block."""
    block: Any = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def _things(store: Store, product: Product, cashier: User) -> dict[str, str]:
    """The store's own till, open shift, carts and sale."""
    register = store.registers.get(number=1)
    actor = an_actor(cashier)
    shift = a_shift(register, actor)
    waiting: UUID = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
    add_to_cart(step_id=ids.new(), cart_id=waiting, actor=actor, product_id=product.pk)
    park_cart(step_id=ids.new(), cart_id=waiting, actor=actor, name="")
    cart: UUID = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
    add_to_cart(step_id=ids.new(), cart_id=cart, actor=actor, product_id=product.pk)
    named = {
        "store": store.pk,
        "register": register.pk,
        "shift": shift.pk,
        "cart": cart,
        "waiting": waiting,
        "sale": _sale(register, product, actor),
    }
    return {name: str(key) for name, key in named.items()} | {"code": store.code}


def _sale(register: Register, product: Product, actor: Actor) -> UUID:
    """A carton, paid for."""
    sale_id = ids.new()
    said = {
        "register": str(register.pk),
        "lines": [{"product": str(product.pk), "quantity": "1"}],
        "payments": [{"tender": "cash", "amount": "1.00"}],
        "shown_total": "1.00",
    }
    answer = check_out(sale_id=sale_id, body=parse_sale(said), actor=actor, source="api")
    assert answer.state == "posted"
    return sale_id


def _session(user: User) -> str:
    """The key of a session in which this person is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _token(user: User) -> str:
    pair = tokens.start_family(user=user, token=tokens.NewToken(), address="", request_id="")
    return pair.access_token


def _bring_about(state: str, user: User) -> None:
    if state == LEFT:
        User.objects.filter(pk=user.pk).update(is_active=False)
    elif state == OLD_EPOCH:
        User.objects.filter(pk=user.pk).update(session_epoch=user.session_epoch + 1)
    elif state == ENDED:
        RefreshToken.objects.filter(user=user).update(revoked_at="2026-01-01T00:00Z")


def _asks_who(answer: Any) -> bool:
    """A 401 that asks who is there; the sign-in itself says 401 to a wrong password."""
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return True
    return bool(answer.json()["error"]["code"] not in {"wrong_password", "token_refused"})
