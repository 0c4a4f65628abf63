"""No door without a policy, and every door as `access_table` says.

The walk finds every URL, operation, socket and admin action by itself; the expectation is written
by hand. The controls take guards away, or weaken them, and every one must be missed.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from people.access import requires
from people.permissions import DOORS, Permission
from regalpos.api import api
from tests.house import access_world as world_of
from tests.house.access_table import ACCOUNTS, API, SCREENS, Door
from tests.house.access_world import World

pytestmark = pytest.mark.django_db

UNSTAMPED = object()
# Doors whose use case asks once more, under its lock: without the gate they still say no.
SECOND_WALL = {
    "/staff/<uuid:user_id>/sessions/",
    "/staff/<uuid:user_id>/account/",
}


# ---- the walk -----------------------------------------------------------------------------------


def url_patterns() -> Iterator[tuple[str, URLPattern]]:
    """Every URL of the house, as its whole pattern."""

    def walk(entries: Any, prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for entry in entries:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route)
            else:
                yield route, entry

    yield from walk(get_resolver().url_patterns, "/")


def operations() -> Iterator[tuple[str, str, Any]]:
    """Every operation of the API: its method, its address, its function."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                address = "/".join(part.strip("/") for part in (prefix, path) if part.strip("/"))
                for method in operation.methods:
                    yield method, f"/api/v1/{address}", operation


def is_ours(pattern: str) -> bool:
    return not pattern.startswith(tuple(DOORS)) and not pattern.startswith("/api/v1/")


def unstamped() -> list[str]:
    """The doors that neither `requires` nor `public` has stamped, and that no policy names."""
    urls = [
        pattern
        for pattern, entry in url_patterns()
        if is_ours(pattern) and getattr(entry.callback, "permission", UNSTAMPED) is UNSTAMPED
    ]
    api_ = [
        f"{method} {address}"
        for method, address, operation in operations()
        if getattr(operation.view_func, "permission", UNSTAMPED) is UNSTAMPED
    ]
    return urls + api_


def test_no_door_is_without_a_stamp() -> None:
    assert unstamped() == []


def test_every_door_has_its_line_and_every_line_its_door() -> None:
    lines = {door.pattern for door in SCREENS}
    assert {pattern for pattern, _entry in url_patterns() if is_ours(pattern)} == {
        line for line in lines if is_ours(line)
    }
    asked = {f"{door.methods} {door.pattern}" for door in API}
    assert {f"{method} {address}" for method, address, _op in operations()} == asked


# ---- the matrix ---------------------------------------------------------------------------------


def wrong_cells(world: World, door: Door, *, htmx: bool = False) -> list[str]:
    """The cells in which the door says something else than the table."""
    wrong = []
    # Whose session has ended is told before anybody asks how the page was fetched.
    states = (world_of.SIGNED_IN,) if htmx else world_of.STATES
    for method, who, column in world_of.cells(door, states):
        want = world_of.expected(door, who, column)
        got = world_of.knock(world, door, method, who, column, htmx=htmx)
        if got != want:
            wrong.append(f"{method} {door.url} {who} {column}: {got}, not {want}")
    return wrong


def name_of(door: Door) -> str:
    return f"{door.methods} {door.pattern}"


@pytest.mark.parametrize("door", [*SCREENS, *ACCOUNTS], ids=name_of)
def test_a_screen_opens_for_whom_the_table_says(world: World, door: Door) -> None:
    assert not (wrong := wrong_cells(world, door)), "\n".join(wrong)


@pytest.mark.parametrize("door", SCREENS, ids=name_of)
def test_it_makes_no_difference_that_htmx_asks(world: World, door: Door) -> None:
    assert not (wrong := wrong_cells(world, door, htmx=True)), "\n".join(wrong)


@pytest.mark.parametrize("door", API, ids=name_of)
def test_an_operation_answers_whom_the_table_says(world: World, door: Door) -> None:
    assert not (wrong := wrong_cells(world, door)), "\n".join(wrong)


@pytest.mark.parametrize("door", [d for d in SCREENS + API if d.scoped], ids=name_of)
def test_another_stores_thing_and_no_thing_at_all_sound_alike(world: World, door: Door) -> None:
    for method in door.methods.split():
        for letter in door.roles.replace("a", ""):
            who = (letter, world_of.SIGNED_IN)
            foreign = world_of.knock(world, door, method, who, "foreign")
            assert foreign == world_of.knock(world, door, method, who, "unknown"), (method, letter)


def test_the_size_of_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    screens = sum(len(list(world_of.cells(door))) for door in SCREENS)
    screens += sum(len(list(world_of.cells(door, (world_of.SIGNED_IN,)))) for door in SCREENS)
    accounts = sum(len(list(world_of.cells(door))) for door in ACCOUNTS)
    programs = sum(len(list(world_of.cells(door))) for door in API)
    with capsys.disabled():
        print(f"\naccess matrix: {screens} + {accounts} + {programs} cells", end=" ")  # noqa: T201
    assert screens + accounts + programs > 1_500


# ---- controls: what if a guard were missing -----------------------------------------------------


def guarded() -> list[tuple[str, URLPattern]]:
    return [
        (pattern, entry)
        for pattern, entry in url_patterns()
        if is_ours(pattern) and getattr(entry.callback, "permission", None) is not None
    ]


def test_control_a_guard_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    removed = 0
    for pattern, entry in guarded():
        with monkeypatch.context() as patch:
            patch.setattr(entry, "callback", _bare(entry.callback))
            assert unstamped() == [pattern]
        removed += 1
    for method, address, operation in operations():
        with monkeypatch.context() as patch:
            patch.setattr(operation, "view_func", _bare(operation.view_func))
            assert unstamped() == [f"{method} {address}"]
        removed += 1
    assert removed >= 50


def _bare(guarded_view: Callable[..., Any]) -> Callable[..., Any]:
    """The view as if nobody had stamped it."""

    async def bare(*args: Any, **kwargs: Any) -> Any:
        return await getattr(guarded_view, "__wrapped__", guarded_view)(*args, **kwargs)

    return bare


def test_control_a_guard_that_is_too_weak_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = {door.pattern: door for door in SCREENS}
    weakened, unmissed = 0, set()
    for pattern, entry in guarded():
        if set(lines[pattern].roles) == set("amce"):
            continue  # Everybody signed in may come: there is nothing weaker that is a guard.
        with monkeypatch.context() as patch:
            door: Any = entry.callback
            weak = requires(Permission.SIGN_IN)(door.__wrapped__)
            patch.setattr(entry, "callback", weak)
            if not wrong_cells(world, lines[pattern], htmx=True):
                unmissed.add(pattern)
        weakened += 1
    assert weakened >= 20
    assert unmissed == SECOND_WALL
