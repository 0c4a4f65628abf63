"""The side bar leads only where its reader may go, and marks where they are."""

from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import resolve

from people.access import Actor
from people.menu import HOMES, MENU, menu
from people.models import AuditEvent
from people.office import office
from people.permissions import OFFICE_ROLES, Permission, Role
from regalpos import ids


def shown(role: Role, path: str = "/") -> list[dict[str, Any]]:
    request: Any = RequestFactory().get(path)
    request.actor = Actor(ids.new(), "somebody", "Some Body", role, frozenset(), epoch=1)
    return [link for part in menu(request)["menu"] for link in part["links"]]


@pytest.mark.parametrize("link", [link for _name, links in MENU for link in links], ids=str)
def test_every_link_leads_to_a_door_that_asks_for_the_same(link: Any) -> None:
    if link.url.startswith("/admin/"):
        assert resolve(link.url).app_name == "admin"
        roles = {role for role in Role if _may(role, link.permission)}
        assert roles == OFFICE_ROLES
        return
    door: Any = resolve(link.url).func
    assert door.permission == link.permission


def test_the_audit_link_leads_to_a_table_for_the_same_people() -> None:
    audit: Any = office._registry[AuditEvent]
    assert audit.sees == Permission.SEE_AUDIT


@pytest.mark.parametrize("role", Role)
def test_everybodys_home_is_in_their_menu(role: Role) -> None:
    assert HOMES[role] in [link["url"] for link in shown(role)]


@pytest.mark.parametrize(
    ("role", "urls"),
    [
        (Role.CASHIER, ["/till/", "/products/", "/stock/levels/"]),
        (Role.EMPLOYEE, ["/products/", "/stock/levels/"]),
    ],
)
def test_people_without_an_office_see_what_they_work_with(role: Role, urls: list[str]) -> None:
    assert [link["url"] for link in shown(role)] == urls


def test_only_an_admin_is_shown_the_staff() -> None:
    assert [role for role in Role if "/staff/" in [link["url"] for link in shown(role)]] == [
        Role.ADMIN
    ]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/dashboard/", ["/dashboard/"]),
        ("/staff/new/", ["/staff/"]),
        ("/stock/receive/", ["/stock/levels/"]),
        ("/admin/people/auditevent/", ["/admin/people/auditevent/"]),
        ("/admin/people/store/", ["/admin/"]),
        ("/accounts/sessions/", []),
    ],
)
def test_the_place_that_one_is_at_is_marked(path: str, current: list[str]) -> None:
    assert [link["url"] for link in shown(Role.ADMIN, path) if link["current"]] == current


def test_a_stranger_has_no_menu() -> None:
    assert menu(RequestFactory().get("/")) == {}


def _may(role: Role, permission: Permission) -> bool:
    return Actor(ids.new(), "x", "x", role, frozenset(), epoch=1).may(permission)
