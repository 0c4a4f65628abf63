"""What each role finds in the side bar, and where it starts: only what is there and allowed."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.permissions import Permission as P
from people.permissions import Role

# The page that somebody signs in for. Addresses are the contract's; the floors above serve them.
HOMES = {
    Role.ADMIN: "/dashboard/",
    Role.MANAGER: "/dashboard/",
    Role.CASHIER: "/till/",
    Role.EMPLOYEE: "/stock/levels/",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the house, for those whose role grants `permission`."""

    url: str
    label: str | Promise
    icon: str
    permission: P


MENU: tuple[tuple[str | Promise, tuple[Link, ...]], ...] = (
    (
        "",
        (
            Link("/dashboard/", _("Dashboard"), "chart", P.SEE_MONEY),
            Link("/till/", _("POS Screen"), "scan", P.SELL),
        ),
    ),
    (
        _("Goods"),
        (
            Link("/products/", _("Products"), "tag", P.SEE_PRODUCTS),
            Link("/stock/levels/", _("Stock"), "box", P.SEE_STOCK),
        ),
    ),
    (
        _("People"),
        (Link("/staff/", _("Staff"), "users", P.MANAGE_STAFF),),
    ),
    (
        _("Shop"),
        (
            Link("/admin/people/auditevent/", _("Audit"), "shield", P.SEE_AUDIT),
            Link("/admin/", _("Settings"), "settings", P.SEE_AUDIT),
        ),
    ),
)


def menu(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `menu` for whoever is signed in, as `_office_nav.html` wants it."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {}
    current = _current(request.path, actor)
    parts = [
        (heading, [link for link in links if actor.may(link.permission)]) for heading, links in MENU
    ]
    return {
        "menu": [
            {"heading": heading, "links": [_shown(link, current) for link in links]}
            for heading, links in parts
            if links
        ],
        "signed_in_as": actor.name,
    }


def _shown(link: Link, current: str) -> dict[str, Any]:
    return {
        "url": link.url,
        "label": link.label,
        "icon": link.icon,
        "current": link.url == current,
    }


def _current(path: str, actor: Actor) -> str:
    """The menu's place that this path lies under: the most particular one."""
    links = [link for _heading, links in MENU for link in links if actor.may(link.permission)]
    under = [link.url for link in links if path.startswith(_stem(link.url))]
    return max(under, key=len, default="")


def _stem(url: str) -> str:
    # All of /stock/ belongs to its first page.
    return "/stock/" if url.startswith("/stock/") else url
