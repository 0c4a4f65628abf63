"""A right that is taken away is gone with the next request, on both tiers, though it was known.

People are remembered for an hour here, so only what is announced can end what they may do.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as shop_settings
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from people import services as people_services
from people.access import KNOWN, Actor, read_actor
from people.forms import StaffDetails
from people.models import Store, User
from people.permissions import Role
from people.services import sign_in, staff, stores, tokens
from regalpos import ids, lanes, live
from regalpos.environment import BASE_DIR
from regalpos.errors import Busy, Refusal
from regalpos.known import Known
from sales.services.cart_states import open_cart
from tests.databases import Database
from tests.factories import PASSWORD, a_register, a_shift, a_store, a_user
from tests.regalpos.tiers import Ask, heard, hot_tier, whole_stock_tier

NEW = "another-lantern-7"
ALLAUTH = "allauth.account.auth_backends.AuthenticationBackend"
TOKEN = "t" * 32


@dataclass
class Till:
    """A cashier at a till, with a browser and a program; and the owner, who may change that."""

    store: Store
    cashier: User
    owner: Actor
    browser: Client
    key: str  # of the session
    pair: tokens.Pair
    cart: str
    tiers: Any = field(default_factory=lambda: (hot_tier(), whole_stock_tier()))

    def asks(self) -> list[tuple[Any, Ask]]:
        """A page and an operation of each tier; the hot operation is about a sale not yet sent."""
        browser = {"Cookie": f"regal={self.key}", "HX-Request": "true"}
        program = {"Authorization": f"Bearer {self.pair.access_token}"}
        hot, stock = self.tiers
        return [
            (hot, Ask("GET", f"/till/{self.cart}/lines/", browser)),
            (stock, Ask("GET", "/till/receipts/", browser)),
            (hot, Ask("GET", f"/api/v1/sales/{ids.new()}", program)),
            (stock, Ask("GET", "/api/v1/auth/me", program)),
        ]

    def statuses(self) -> list[int]:
        return [heard(tier, ask).status for tier, ask in self.asks()]

    def actor(self) -> Actor:
        """The cashier in this browser."""
        return read_actor(self.cashier, session_key=self.key)

    def known(self) -> Actor:
        """The same, as they are known."""
        found = KNOWN.find(live.session_topic(self.key))
        assert found
        return found


IN = [200, 200, 404, 200]


@pytest.fixture
def till(committed_db: Database, settings: Settings) -> Iterator[Till]:
    settings.KNOWN_SECONDS = 3600.0
    KNOWN.clear()
    store = a_store("HS")
    cashier = a_user(Role.CASHIER, store)
    actor = read_actor(cashier)
    register = a_register(store)
    a_shift(register, actor)
    cart = open_cart(cart_id=ids.new(), register_id=register.pk, actor=actor)
    browser = signed_in(cashier)
    new = tokens.NewToken()
    pair = tokens.start_family(user=cashier, token=new, address="127.0.0.1", request_id="")
    key = browser.cookies[shop_settings.SESSION_COOKIE_NAME].value
    owner = read_actor(a_user(Role.ADMIN, store))
    yield Till(store, cashier, owner, browser, key, pair, str(cart))
    KNOWN.clear()


def signed_in(user: User) -> Client:
    """A browser that has signed in by the form."""
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


# ---- what ends a right --------------------------------------------------------------------------


def sign_out(till: Till) -> None:
    till.browser.post("/accounts/logout/")


def end_it_from_another_device(till: Till) -> None:
    other = signed_in(till.cashier)
    other.post("/accounts/sessions/")  # "sign out other sessions"


def change_own_password_elsewhere(till: Till) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    other = signed_in(till.cashier)
    assert other.post("/accounts/password/change/", form).status_code == 302


def move_to_another_store(till: Till) -> None:
    elsewhere = a_store("ML")
    staff.change_staff(
        user_id=till.cashier.pk,
        details=details(till.cashier, store_ids=frozenset({elsewhere.pk})),
        actor=till.owner,
    )


def sign_the_program_out(till: Till) -> None:
    program = {"Authorization": f"Bearer {till.pair.access_token}"}
    assert Client().post("/api/v1/auth/logout", headers=program).status_code == 204


def replay_the_refresh_token(till: Till) -> None:
    rotate(till, 200)
    rotate(till, 401)


def rotate(till: Till, status: int) -> None:
    body = {"refresh_token": till.pair.refresh_token}
    answer = Client().post("/api/v1/auth/refresh", body, content_type="application/json")
    assert answer.status_code == status


def refresh_the_token(till: Till) -> None:
    rotate(till, 200)


def details(user: User, **changes: Any) -> StaffDetails:
    return replace(StaffDetails(full_name=user.full_name, store_ids=frozenset()), **changes)


ENDS: dict[Callable[[Till], Any], list[int]] = {
    sign_out: [401, 401, 404, 200],
    end_it_from_another_device: [401, 401, 404, 200],
    change_own_password_elsewhere: [401, 401, 401, 401],
    move_to_another_store: [404, 200, 404, 200],
    sign_the_program_out: [200, 200, 401, 401],
    replay_the_refresh_token: [200, 200, 401, 401],
    lambda till: staff.deactivate_staff(user_id=till.cashier.pk, actor=till.owner): [401] * 4,
    lambda till: staff.end_sessions(user_id=till.cashier.pk, actor=till.owner): [401] * 4,
    lambda till: staff.change_role(user_id=till.cashier.pk, role=Role.EMPLOYEE, actor=till.owner): [
        401
    ]
    * 4,
    lambda till: staff.set_password(user_id=till.cashier.pk, password=NEW, actor=till.owner): [401]
    * 4,
}
NAMES = [
    "signed out", "ended from another device", "own password", "other store",
    "program signed out", "refresh token replayed", "deactivated", "sessions ended", "other role",
    "new password",
]  # fmt: skip


@pytest.mark.parametrize(("change", "then"), ENDS.items(), ids=NAMES)
def test_what_ended_is_over_with_the_next_request_on_both_tiers(
    till: Till, change: Callable[[Till], Any], then: list[int]
) -> None:
    assert till.statuses() == IN
    assert len(KNOWN) == 2  # one sign-in of the browser, one of the program, for both tiers

    change(till)

    assert till.statuses() == then


@pytest.mark.parametrize(("change", "then"), ENDS.items(), ids=NAMES)
def test_control_without_the_drop_the_old_right_would_still_hold(
    till: Till,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Till], Any],
    then: list[int],
) -> None:
    assert till.statuses() == IN
    monkeypatch.setattr(Known, "drop", lambda self, topic: None)

    change(till)

    assert till.statuses() == IN


def test_a_refreshed_token_leaves_the_old_access_token_its_minutes(till: Till) -> None:
    assert till.statuses() == IN
    refresh_the_token(till)
    assert till.statuses() == IN


def test_a_token_is_not_known_beyond_its_own_end(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert till.statuses() == IN
    end = tokens.expiry(till.pair.access_token)
    monkeypatch.setattr("regalpos.known.time.time", lambda: end + 0.1)
    monkeypatch.setattr(tokens, "_claims", lambda token: None)  # as PyJWT would by then

    assert till.statuses()[2:] == [401, 401]


def test_a_new_language_and_a_stores_new_time_are_spoken_at_once(till: Till) -> None:
    hot, page = till.asks()[0]
    assert heard(hot, page).headers["content-language"] == "en"

    german = details(till.cashier, store_ids=frozenset({till.store.pk}), language="de")
    staff.change_staff(user_id=till.cashier.pk, details=german, actor=till.owner)
    assert heard(hot, page).headers["content-language"] == "de"

    assert till.known().time_zone == "Europe/Dublin"
    with transaction.atomic():
        Store.objects.update(time_zone="Asia/Karachi")
        stores.tell_staff(till.store)
    heard(hot, page)
    assert till.known().time_zone == "Asia/Karachi"


def test_what_was_read_before_the_change_is_not_known_after_it(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is committed while a request has read who asks, and is still on its way back."""
    ordinary = read_actor

    def overtaken(user: User, **facts: str) -> Actor:
        actor = ordinary(user, **facts)
        if user.pk == till.cashier.pk:
            monkeypatch.setattr("people.access.read_actor", ordinary)
            staff.end_sessions(user_id=user.pk, actor=till.owner)
        return actor

    monkeypatch.setattr("people.access.read_actor", overtaken)
    hot, page = till.asks()[0]

    assert heard(hot, page).status == 200  # it asked while it might
    assert heard(hot, page).status == 401
    assert len(KNOWN) == 0


def test_nobody_is_not_remembered_and_neither_is_busy(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot, page = till.asks()[0]
    stranger = page.with_(Cookie="regal=" + "x" * 32)
    assert heard(hot, stranger).status == 401
    with monkeypatch.context() as patch:

        async def full(*asked: Any, **more: Any) -> Any:
            raise Busy

        patch.setattr(lanes, "run", full)
        assert heard(hot, page).status == 503
    assert len(KNOWN) == 0
    assert heard(hot, page).status == 200


# ---- nobody forgets to say so -------------------------------------------------------------------

# Use cases and steps that end or change what is known of somebody: each is called below, and must
# be heard. A new one of `people.services` has to stand in one of the two lists.
ANNOUNCED: dict[str, Callable[[Till], Any]] = {
    "staff.change_staff": lambda till: staff.change_staff(
        user_id=till.cashier.pk,
        details=details(till.cashier, store_ids=frozenset({till.store.pk}), language="de"),
        actor=till.owner,
    ),
    "staff.change_role": lambda till: staff.change_role(
        user_id=till.cashier.pk, role=Role.MANAGER, actor=till.owner
    ),
    "staff.deactivate_staff": lambda till: staff.deactivate_staff(
        user_id=till.cashier.pk, actor=till.owner
    ),
    "staff.set_password": lambda till: staff.set_password(
        user_id=till.cashier.pk, password=NEW, actor=till.owner
    ),
    "staff.change_own_password": lambda till: staff.change_own_password(
        user=till.cashier, password=NEW, actor=None
    ),
    "staff.end_sessions": lambda till: staff.end_sessions(
        user_id=till.cashier.pk, actor=till.owner
    ),
    "sign_in.note_sign_out": lambda till: sign_in.note_sign_out(actor=till.actor()),
    "sign_in.note_sign_in": lambda till: sign_in.note_sign_in(
        user=till.cashier,
        address="",
        request_id="",
        strength="password",
        replaces=till.actor().session_key,
    ),
    "tokens.end_family": lambda till: tokens.end_family(actor=till.pair.actor),
    "tokens.rotate": lambda till: rotated_after_a_new_epoch(till),
    "stores.tell_staff": lambda till: told_staff(till),
}
# What adds, or is about nobody who could be known.
HARMLESS = {
    "staff.hire_staff",
    "staff.add_person",
    "staff.reactivate_staff",  # whoever was out is not known
    "stores.open_store",
    "sign_in.check_password",
    "sign_in.closed_to",
    "sign_in.normal_username",
    "sign_in.note_refusal",
    "tokens.sign_in_program",  # by start_family
    "tokens.start_family",
    "tokens.actor_of_token",
    "tokens.expiry",
    "tokens.drop_old_tokens",  # only those that ended by themselves
}
OF_OTHERS = {"customers", "vendors", "trail", "throttle", "saving"}  # nobody signs in by these


def rotated_after_a_new_epoch(till: Till) -> None:
    """Refused, because its person's sessions have ended: the family goes, too."""
    User.objects.filter(pk=till.cashier.pk).update(session_epoch=7)
    with pytest.raises(Refusal):
        tokens.rotate(
            secret=till.pair.refresh_token,
            successor=tokens.NewToken(),
            address="",
            request_id="",
        )


def told_staff(till: Till) -> None:
    with transaction.atomic():
        stores.tell_staff(till.store)


def services() -> set[str]:
    """Every public function of `people.services`, but for those of other things than sign-ins."""
    found = set()
    for path in Path(next(iter(people_services.__path__))).glob("*.py"):
        if path.stem not in {"__init__", *OF_OTHERS}:
            tree = ast.parse(path.read_text())
            functions = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
            found |= {f"{path.stem}.{one.name}" for one in functions if one.name[0] != "_"}
    return found


def test_every_service_about_people_says_whether_it_ends_what_is_known() -> None:
    assert services() == ANNOUNCED.keys() | HARMLESS
    assert not ANNOUNCED.keys() & HARMLESS


WRITES = {
    "save",
    "update",
    "delete",
    "create",
    "bulk_create",
    "bulk_update",
    "set",
    "add",
    "remove",
}
SIGN_INS = {"User", "RefreshToken", "Session", "SessionStore", "user", "person"}


def strays() -> Iterator[str]:
    """Calls outside of the services above that write what signs somebody in."""
    ours = {f"people/services/{one.partition('.')[0]}.py" for one in HARMLESS}
    for app in ("people", "regalpos", "inventory", "sales"):
        for path in (BASE_DIR / app).rglob("*.py"):
            name = str(path.relative_to(BASE_DIR))
            if name not in ours and "migrations" not in name:
                yield from (f"{name}: {one}" for one in writes(path.read_text()))


def writes(source: str) -> Iterator[str]:
    """Such calls in one module: `user.save()`, `User.objects.filter(...).update(...)`."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            root: ast.AST = call.func
            while isinstance(root, ast.Attribute | ast.Call):
                root = root.value if isinstance(root, ast.Attribute) else root.func
            if isinstance(root, ast.Name) and root.id in SIGN_INS and call.func.attr in WRITES:
                yield ast.unparse(call)


def test_who_signs_in_is_written_only_where_it_is_announced() -> None:
    assert list(strays()) == []
    forgotten = "def view():\n    User.objects.filter(pk=1).update(role='admin')"
    assert list(writes(forgotten)) == ["User.objects.filter(pk=1).update(role='admin')"]


@pytest.mark.parametrize("name", ANNOUNCED)
def test_a_service_that_changes_somebody_is_heard(till: Till, name: str) -> None:
    browser, program = till.actor(), till.pair.actor
    for key, actor in (("browser", browser), ("program", program)):
        topics = [live.session_topic(actor.session_key), live.user_topic(actor.user_id)]
        KNOWN.keep(key, actor, topics=topics, mark=KNOWN.before_reading())
    assert KNOWN.find("browser")
    assert KNOWN.find("program")

    ANNOUNCED[name](till)

    of_the_program_alone = name.startswith("tokens.")
    of_the_browser_alone = name.startswith("sign_in.")
    assert bool(KNOWN.find("browser")) is of_the_program_alone
    assert bool(KNOWN.find("program")) is of_the_browser_alone
