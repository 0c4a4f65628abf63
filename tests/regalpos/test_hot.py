"""Both tiers give the same answer, to the byte and the header, on every hot route.

Every question is put to each of them over the same books, with the same ids and clock, and what
it did is undone. Only what is drawn by lot (nonce, forgery mark, a new session's key) may differ.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as shop_settings
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, SuspiciousOperation
from django.db import DataError
from django.http import Http404, HttpRequest
from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from people.models import Store, User
from regalpos import hot, lanes, static_files
from regalpos.errors import Busy, Invalid
from tests.house import access_world as world_of
from tests.house.access_table import API, SCREENS, Door
from tests.house.access_world import NOBODY, SIGNED_IN, Who, World
from tests.house.conftest import world
from tests.regalpos.tiers import (
    Ask,
    Heard,
    hear,
    heard,
    hot_tier,
    same_ids_and_clock,
    stock_tier,
)

__all__ = ["world"]
pytestmark = pytest.mark.django_db

CASHIER, EMPLOYEE = ("c", SIGNED_IN), ("e", SIGNED_IN)
TOKEN = "t" * 32  # a forgery mark that a browser could have
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
# Of what begins like a hot address, what is asked too seldom to be worth it.
SELDOM = {
    "sales:till",
    "sales:register",
    "sales:shift",
    "sales:closure",
    "sales:cash",
    "sales:report",
    "sales:receipts",
    "sales:receipt",
    "sales:returns",
}


# ---- how to ask ---------------------------------------------------------------------------------


def name_of(door: Door) -> str:
    """The name of the address behind a door, if it is hot."""
    address = re.sub(r"\{\w+\}", str(uuid4()), door.url).partition("?")[0]
    match = hot.hot_route({"path": address, "root_path": ""})
    return match.view_name if match else ""


HOT = [door for door in SCREENS + API if name_of(door)]
ids_of: Callable[[Door], str] = lambda door: f"{door.methods} {door.pattern}"  # noqa: E731
every_hot_door = pytest.mark.parametrize("door", HOT, ids=ids_of)


def a_knock(world: World, door: Door, method: str, who: Who = CASHIER, column: str = "own") -> Ask:
    """A question as whoever it is would send it: browsers with cookies, programs with a token."""
    url, body = world.fill(door.url, column), world.fill(door.body, column)
    if url.startswith("/api/"):
        bearer = {"Authorization": f"Bearer {world.tokens[who]}"} if who in world.tokens else {}
        return Ask(method, url, bearer, sent=body if method in {"POST", "PUT"} else None)
    cookies = f"csrftoken={TOKEN}"
    if who in world.sessions:
        cookies += f"; {shop_settings.SESSION_COOKIE_NAME}={world.sessions[who]}"
    headers = {"Cookie": cookies}
    if method not in {"GET", "HEAD", "OPTIONS", "TRACE"}:
        headers |= {"X-CSRFToken": TOKEN, "Origin": "http://localhost"}
    return Ask(method, url, headers, form=body if method == "POST" else None)


def with_words(ask: Ask, words: str) -> Ask:
    """The same, from a browser for which something waits to be said."""
    storage: Any = CookieStorage(HttpRequest())
    waiting = storage._encode([Message(messages.SUCCESS, words)])
    return ask.with_(Cookie=f"{ask.headers['Cookie']}; messages={waiting}")


@pytest.fixture
def both() -> Callable[[Ask], Heard]:
    """Asks each tier; the answer, if it is the same."""
    return side_by_side()


def side_by_side() -> Callable[[Ask], Heard]:
    """As `both`, with the settings of now."""
    tiers = hot_tier(), stock_tier()

    def both(ask: Ask) -> Heard:
        now = timezone.now()
        ours, stocks = (outcome(tier, ask, now) for tier in tiers)
        assert ours == stocks, f"{ask.method} {ask.path}"
        return ours[0]

    return both


def outcome(tier: Any, ask: Ask, now: datetime) -> tuple[Heard, list[Any]]:
    """The answer, and what was logged on the way; the books are as before."""
    with same_ids_and_clock(now), world_of.undone(), capture_logs() as lines:
        answer = heard(tier, ask)
    assert_shape(answer)
    for line in lines:
        line.pop("ms", None)
        line.pop("exc_info", None)
    return answer.without_chance(), lines


def assert_shape(answer: Heard) -> None:
    """What must be in every answer, whatever it says: the two could be wrong alike."""
    headers = answer.headers
    if answer.status in {301, 413}:  # the way to https; before there was a request
        return
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    said = re.findall(r"'nonce-([A-Za-z0-9_-]{20,})'", headers["content-security-policy"])
    used = set(re.findall(r'nonce="([^"]+)"', answer.plain))
    assert used <= set(said), "a script carries a nonce that the policy does not name"


# ---- which routes -------------------------------------------------------------------------------


def named_places() -> Iterator[tuple[str, str]]:
    """Every address of the house, by name."""

    def walk(entries: Any, prefix: str, space: str) -> Iterator[tuple[str, str]]:
        for entry in entries:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                inner = f"{entry.namespace}:" if entry.namespace else space
                yield from walk(entry.url_patterns, route, inner)
            else:
                yield f"{space}{entry.name}", route

    return walk(get_resolver().url_patterns, "/", "")


def test_every_hot_route_is_in_the_walk_with_all_its_methods() -> None:
    assert {name_of(door) for door in HOT} == hot.ROUTES


def test_every_address_among_the_hot_ones_has_chosen_its_tier() -> None:
    among = {name for name, route in named_places() if route.startswith(hot.PLACES)}
    # One address of the API has one name for each method; the first one stands for all.
    assert among - hot.ROUTES == SELDOM | {"api:get_sale"}
    assert among > hot.ROUTES


def test_a_shop_under_a_prefix_is_served_by_the_other_tier(world: World) -> None:
    address = world.fill("/till/{cart}/", "own")

    assert hot.hot_route({"path": address, "root_path": ""})
    assert not hot.hot_route({"path": f"/shop{address}", "root_path": "/shop"})
    assert not hot.hot_route({"path": "/till/shift/", "root_path": ""})


# ---- who asks, for what -------------------------------------------------------------------------


def some_cells(door: Door) -> Iterator[tuple[str, Who, str]]:
    """Every method and role; every state of a session for one role, for it is the same for all."""
    for method, who, column in world_of.cells(door):
        if who[1] == SIGNED_IN or who[0] in {"", "c"}:
            yield method, who, column
            if who[1] == SIGNED_IN and column == "foreign":
                yield method, who, "unknown"


@every_hot_door
def test_whoever_asks_for_whatever_hears_the_same_on_both(
    world: World, both: Callable[[Ask], Heard], door: Door
) -> None:
    said = {}
    for method, who, column in some_cells(door):
        said[method, who, column] = both(a_knock(world, door, method, who, column)).status
    assert len(set(said.values())) >= 3, said  # not everybody is refused alike


@every_hot_door
def test_it_makes_no_difference_to_the_tiers_that_htmx_asks(
    world: World, both: Callable[[Ask], Heard], door: Door
) -> None:
    for method, who, column in world_of.cells(door, (SIGNED_IN,)):
        ask = a_knock(world, door, method, who, column)
        both(ask.with_(HX_Request="true", HX_Current_URL="http://localhost/till/?a=1"))
        both(ask.with_(HX_Request="true", HX_Boosted="true"))


@every_hot_door
def test_every_method_is_answered_alike(
    world: World, both: Callable[[Ask], Heard], door: Door
) -> None:
    for method in METHODS:
        both(a_knock(world, door, method))
        both(a_knock(world, door, method, NOBODY))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/sales/not-an-id"),
        ("PUT", "/api/v1/quotes"),
        ("POST", "/api/v1/quotes?surplus=1"),
        ("GET", "/till/00000000-0000-0000-0000-000000000000/tiles/?tab=%00"),
        ("GET", "/till/00000000-0000-0000-0000-000000000000/found/?text=%FF%FE"),
    ],
)
def test_odd_addresses_are_answered_alike(
    world: World, both: Callable[[Ask], Heard], method: str, path: str
) -> None:
    bearer = {"Authorization": f"Bearer {world.tokens[CASHIER]}"}
    cookies = {"Cookie": f"{shop_settings.SESSION_COOKIE_NAME}={world.sessions[CASHIER]}"}
    assert hot.hot_route({"path": path.partition("?")[0], "root_path": ""})

    both(Ask(method, path, {**bearer, **cookies}))


# ---- what must not come in ----------------------------------------------------------------------


def forged(ask: Ask) -> list[Ask]:
    """The same question from a page that is not ours, or that has lost its mark."""
    session = ask.headers["Cookie"].partition("; ")[2]
    return [
        ask.with_(X_CSRFToken=""),
        ask.with_(X_CSRFToken="u" * 32),
        ask.with_(X_CSRFToken="short"),
        ask.with_(Cookie=session),
        ask.with_(Origin="https://evil.example"),
        ask.with_(Origin="null"),
        ask.with_(Origin="", X_CSRFToken=""),
        ask.with_(Origin="", Referer="https://evil.example/"),
    ]


@pytest.mark.parametrize("door", [door for door in HOT if door in SCREENS], ids=ids_of)
@pytest.mark.parametrize("htmx", ["", "true"])
def test_a_forged_request_is_refused_alike_and_in_the_same_words(
    world: World, both: Callable[[Ask], Heard], door: Door, htmx: str
) -> None:
    for method in {*door.methods.split()} & {"POST", "DELETE"}:
        ask = a_knock(world, door, method).with_(HX_Request=htmx)
        said = [both(one).status for one in forged(ask)]
        assert set(said[:-1]) == {403}, said
        assert said[-1] != 403  # without TLS a referer proves nothing


@every_hot_door
def test_a_body_that_cannot_be_read_is_refused_alike(
    world: World, both: Callable[[Ask], Heard], door: Door
) -> None:
    garbled: list[tuple[str, bytes]] = [
        ("application/json", b'{"lines": [}'),
        ("application/json", b'{"a": 1, "a": 2}'),
        ("application/json", b'"\\ud800"'),
        ("application/json", b"[" * 500),
        ("application/json", b""),
        ("text/plain", b"milk"),
        ("multipart/form-data; boundary=x", b"--x\r\nno end"),
        ("multipart/form-data", b"no boundary"),
        ("application/x-www-form-urlencoded", b"id=%00&product=%00&quantity=%FF"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2_100)),
        ("application/x-www-form-urlencoded; charset=no-such", b"id=1"),
    ]
    for method in {*door.methods.split()} & {"POST", "PUT", "DELETE"}:
        ask = a_knock(world, door, method)
        for content_type, body in garbled:
            headers = {**ask.headers, "Content-Type": content_type}
            both(Ask(method, ask.path, headers, body=body))


@every_hot_door
def test_a_body_that_is_too_large_is_refused_alike(
    world: World, both: Callable[[Ask], Heard], door: Door, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    for method in {*door.methods.split()} & {"POST", "PUT"}:
        ask = a_knock(world, door, method)
        content_type = ask.content()[1]
        large = Ask(method, ask.path, {**ask.headers, "Content-Type": content_type}, body=b"x" * 99)
        assert both(large).status != 413
        too_large = Ask(method, ask.path, large.headers, body=b"x" * 101)
        assert both(too_large).status == 413
        assert both(large.with_(Content_Length="101")).status == 413
        assert both(large.with_(Content_Length="many")).status == 413


@every_hot_door
def test_an_address_that_is_not_ours_is_refused_alike(
    world: World, both: Callable[[Ask], Heard], door: Door, settings: Settings
) -> None:
    ask = a_knock(world, door, door.methods.split()[0])
    assert both(ask.with_(Host="evil.example")).status == 400

    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    secure = side_by_side()
    assert secure(ask.with_(X_Forwarded_Proto="http")).status == 301
    assert secure(ask.with_(X_Forwarded_Proto="https")).headers["strict-transport-security"]


# ---- what breaks --------------------------------------------------------------------------------

BROKEN: dict[str, Callable[[], Exception]] = {
    "busy": lambda: Busy(retry_after=7),
    "fault": lambda: RuntimeError("4111 1111 1111 1111"),
    "unstorable": lambda: DataError("4111 1111 1111 1111"),
    "invalid": lambda: Invalid(fields={"id": ["4"]}),
    "404": Http404,
    "403": PermissionDenied,
    "400": lambda: SuspiciousOperation("4111 1111 1111 1111"),
}
EXPECTED = {"busy": 503, "fault": 500, "404": 404, "403": 403}


@every_hot_door
@pytest.mark.parametrize("asked_before", [0, 1], ids=["at the gate", "in the view"])
def test_what_breaks_is_told_alike_and_leaks_nothing(
    world: World,
    both: Callable[[Ask], Heard],
    monkeypatch: pytest.MonkeyPatch,
    door: Door,
    asked_before: int,
) -> None:
    ordinary = lanes.run

    def breaks(how: str) -> None:
        async def run(unit: Any, actor: Any = None, **asked: Any) -> Any:
            if asked_before and actor is None:
                return await ordinary(unit, actor, **asked)
            raise BROKEN[how]()

        monkeypatch.setattr(lanes, "run", run)

    for method in door.methods.split():
        for htmx in ("", "true"):
            ask = a_knock(world, door, method).with_(HX_Request=htmx)
            for how in BROKEN:
                breaks(how)
                answer = both(ask)
                assert answer.status == EXPECTED.get(how, answer.status), (how, answer)
                assert "4111" not in answer.plain
                assert "Traceback" not in answer.plain
                if how == "busy":
                    assert answer.headers["retry-after"] == "7"


def test_a_fault_is_logged_once_with_its_trace_on_either_tier(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(*asked: Any, **more: Any) -> Any:
        raise RuntimeError("the drawer is stuck")

    monkeypatch.setattr(lanes, "run", run)
    cart = next(door for door in HOT if name_of(door) == "sales:cart")
    for tier in (hot_tier(), stock_tier()):
        caplog.clear()
        with caplog.at_level(logging.ERROR, "django.request"):
            heard(tier, a_knock(world, cart, "GET"))
        [record] = [one for one in caplog.records if one.name == "django.request"]
        assert record.exc_info
        assert "the drawer is stuck" in str(record.exc_info[1])


# ---- how it is said -----------------------------------------------------------------------------


@every_hot_door
def test_it_is_said_in_the_same_language_and_time(
    world: World, both: Callable[[Ask], Heard], door: Door
) -> None:
    with world_of.undone():
        Store.objects.update(time_zone="Asia/Karachi")
        for method in door.methods.split():
            ask = a_knock(world, door, method)
            nobody = a_knock(world, door, method, NOBODY)
            for spoken in ("", "de", "ur"):
                User.objects.update(language=spoken)
                for wanted in ("de", "ur;q=0.9, xx", ""):
                    both(ask.with_(Accept_Language=wanted))
            for wanted in ("de", "ur"):
                told = both(nobody.with_(Accept_Language=wanted))
                assert told.headers["content-language"] == wanted
            both(nobody.with_(Cookie=f"{shop_settings.LANGUAGE_COOKIE_NAME}=de"))


@every_hot_door
def test_it_travels_packed_in_the_same_way(
    world: World, both: Callable[[Ask], Heard], door: Door
) -> None:
    for method in door.methods.split():
        ask = a_knock(world, door, method)
        for wanted in ("gzip", "br", "zstd", "gzip, deflate, br, zstd", "identity", "*;q=0"):
            answer = both(ask.with_(Accept_Encoding=wanted))
            if wanted in {"gzip", "br", "zstd"} and len(answer.body) > 100:
                assert answer.headers["content-encoding"] == wanted


def test_what_waits_to_be_said_is_said_once_on_either_tier(
    world: World, both: Callable[[Ask], Heard]
) -> None:
    cart = next(door for door in HOT if name_of(door) == "sales:cart")

    answer = both(with_words(a_knock(world, cart, "GET"), "Somebody can sign in now."))

    assert "Somebody can sign in now." in answer.plain
    assert any(cookie.startswith("messages=") for cookie in answer.cookies)


def test_a_sign_in_under_the_old_key_is_renewed_on_either_tier(
    world: World, both: Callable[[Ask], Heard], settings: Settings
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "z" * 50
    cart = next(door for door in HOT if name_of(door) == "sales:cart")

    answer = both(a_knock(world, cart, "GET"))

    assert answer.status == 200
    assert any(cookie.startswith("regal=*") for cookie in answer.cookies)


def test_a_sign_in_of_an_older_epoch_is_flushed_on_either_tier(world: World) -> None:
    old = ("c", world_of.OLD_EPOCH)
    cart = next(door for door in HOT if name_of(door) == "sales:cart")
    for tier in (hot_tier(), stock_tier()):
        with world_of.undone():
            answer = heard(tier, a_knock(world, cart, "GET", old))
            assert not SessionStore(world.sessions[old]).exists(world.sessions[old])
        assert [one for one in answer.cookies if one.startswith('regal=""')]


def test_two_people_at_once_each_hear_their_own_language(world: World) -> None:
    cart = next(door for door in HOT if name_of(door) == "sales:cart")
    tier = hot_tier()
    ask = a_knock(world, cart, "GET", NOBODY).with_(HX_Request="true")
    broken = Ask("POST", ask.path, {}, form={})

    async def crowd() -> list[Heard]:
        asks = [broken.with_(Accept_Language=language) for language in ("de", "ur", "en") * 5]
        return await asyncio.gather(*(hear(tier, one) for one in asks))

    answers = async_to_sync(crowd)()

    languages = [answer.headers["content-language"] for answer in answers]
    assert languages == ["de", "ur", "en"] * 5
    assert len({len(answer.plain) for answer in answers}) == 3


# ---- controls -----------------------------------------------------------------------------------

# What leaves no trace in any answer of these routes, and why it is there all the same.
SILENT = {
    "django_htmx.middleware.HtmxMiddleware",  # `request.htmx` is for whoever writes the next view
    "allauth.account.middleware.AccountMiddleware",  # its context is for allauth's own pages
    # `request.user` is for templates; to read it here would be a trip to the database.
    "django.contrib.auth.middleware.AuthenticationMiddleware",
}


def telling(world: World) -> Iterator[Ask]:
    """A few questions, each of which some middleware answers or changes."""
    by_name = {name_of(door): door for door in HOT}
    cart, lines, sale = by_name["sales:cart"], by_name["sales:lines"], by_name["api:put_sale"]
    page = a_knock(world, cart, "GET")
    yield page.with_(Accept_Encoding="gzip", Accept_Language="de")
    yield page.with_(Host="evil.example")
    yield with_words(page, "Saved.")
    yield a_knock(world, cart, "GET", NOBODY).with_(Accept_Language="de")
    yield a_knock(world, lines, "POST").with_(X_CSRFToken="")
    yield a_knock(world, sale, "PUT", NOBODY).with_(Content_Type="text/plain")


def differs(world: World) -> bool:
    """Does any answer of the hot tier, made as things are now, differ from Django's?"""
    ask_both = side_by_side()
    try:
        for ask in telling(world):
            ask_both(ask)
    except (AssertionError, AttributeError, KeyError):
        return True
    return False


@pytest.mark.parametrize(
    "middleware", sorted({*shop_settings.MIDDLEWARE} - SILENT - {"regalpos.pin.pin"})
)
def test_control_a_middleware_that_the_hot_tier_forgets_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch, middleware: str
) -> None:
    assert not differs(world)

    monkeypatch.setitem(hot.INSTEAD, middleware, hot.Nothing)

    assert differs(world)


def test_middleware_that_would_need_a_thread_keeps_the_shop_from_starting(
    settings: Settings,
) -> None:
    settings.MIDDLEWARE = ["django.views.decorators.http.require_GET"]

    with pytest.raises(ImproperlyConfigured, match="cannot run without a thread"):
        hot.HotHandler()


def test_the_whole_house_sends_hot_routes_to_the_hot_tier() -> None:
    from regalpos.asgi import router

    limit = router.application_mapping["http"]
    files = limit.app
    assert isinstance(files, static_files.StaticFiles)
    assert isinstance(files.app, hot.Tiers)
    assert isinstance(files.app.hot, hot.HotHandler)
