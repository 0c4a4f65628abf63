"""The first hour of a shop: one store, a till and an office, two ways to pay, one admin."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.forms import StaffDetails
from people.models import Store, User
from people.permissions import Role
from people.services.staff import add_person
from people.services.stores import StoreFacts, open_store
from regalpos import ids
from regalpos.errors import Refusal
from sales.models import Register
from sales.services.registers import add_register, add_usual_tenders

# Any number does, as long as two that set up one shop at once take the same.
SETTING_UP = 7_367_242


class AlreadySetUp(Refusal):
    """There are people here: from now on they hire, and this door is shut."""

    code = "already_set_up"
    message = gettext_lazy("This shop is set up already. Nothing has changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The first admin."""

    username: str
    full_name: str
    password: str = field(repr=False)
    email: str = ""


@transaction.atomic(durable=True)
def set_up_shop(*, store_id: UUID, store: StoreFacts, owner: Owner) -> tuple[Store, User]:
    """The shop can open: somebody can sign in, and there is a till to sell at.

    Works once: where anybody or any store is, it is AlreadySetUp. Raises Invalid with the fields.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETTING_UP])
    if User.objects.exists() or Store.objects.exists():
        raise AlreadySetUp
    opened = open_store(store_id=store_id, facts=store, actor=None)
    for number, name, kind in (
        (1, _("Till 1"), Register.Kind.TILL),
        (99, _("Office"), Register.Kind.OFFICE),
    ):
        add_register(
            register_id=ids.new(), store=opened, number=number, name=name, kind=kind, actor=None
        )
    add_usual_tenders()
    details = StaffDetails(
        full_name=owner.full_name, email=owner.email, store_ids=frozenset({opened.pk})
    )
    admin = add_person(
        user_id=ids.new(),
        username=owner.username,
        role=Role.ADMIN,
        details=details,
        password=owner.password,
        actor=None,
    )
    return opened, admin
