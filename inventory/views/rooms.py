"""What the screens of the stock room share: their tabs, and what an address asks for."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.models import Store
from people.permissions import Permission as P
from regalpos.errors import NotHere

LONGEST = 200  # of anything in an address


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the things done in the stock room."""

    url: str
    label: str | Promise
    icon: str
    current: bool


TABS = (
    ("levels", "inventory:levels", _("Levels"), "box", P.SEE_STOCK),
    ("receive", "inventory:receive", _("Receive"), "truck", P.RECEIVE_STOCK),
    ("low", "inventory:low", _("Low stock"), "low", P.SEE_STOCK),
)


def tabs(actor: Actor, store: Store, current: str) -> list[Tab]:
    """The tabs this person may open, all at the same store."""
    where = urlencode({"store": store.code})
    return [
        Tab(f"{reverse(view)}?{where}", label, icon, name == current)
        for name, view, label, icon, permission in TABS
        if actor.may(permission)
    ]


def asked(request: HttpRequest, name: str) -> str:
    """A parameter of the address; NUL, which no column holds, is a sign that nothing is called."""
    return request.GET.get(name, "").replace("\x00", "\ufffd")[:LONGEST].strip()


def asked_id(request: HttpRequest, name: str) -> UUID | None:
    """An id in the address, or None. NotHere if it is none."""
    text = asked(request, name)
    return an_id(text) if text else None


def an_id(text: str) -> UUID:
    """The id that this text is, or NotHere."""
    try:
        return UUID(text)
    except ValueError:
        raise NotHere from None
