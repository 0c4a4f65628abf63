"""Who works here, as what and where. Every change is on record and holds at once.

Whatever takes a right away raises the person's session epoch: sessions, refresh tokens and sockets
of the older epoch are out, on every screen and machine. Admin rows are locked before they are
looked at, so two admins cannot demote each other at the same moment.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.forms import StaffDetails
from people.models import RefreshToken, Store, User
from people.permissions import Permission, Role
from people.services import trail
from people.services.saving import Taken, changes, facts_of, save_valid
from regalpos import live
from regalpos.errors import Invalid, NotAllowed, NotHere, Refusal

DETAILS = ("full_name", "email", "phone", "address", "national_id", "language")
TAKEN: Taken = {
    "user_one_per_username": ("username", _("Somebody here has this name already.")),
    "user_one_per_email": ("email", _("Somebody here has this address already.")),
}


class LastAdmin(Refusal):
    """Without this person nobody could let anybody in again."""

    code = "last_admin"
    message = _("This is the last admin. Make somebody else an admin first. Nothing has changed.")


class OwnAccount(Refusal):
    """Nobody changes their own role or closes their own account."""

    code = "own_account"
    message = _("Nobody changes their own role or account. Another admin can. Nothing has changed.")


class IdTaken(Refusal):
    """The id stands for somebody else already: a new person needs a new id."""

    code = "id_taken"
    message = _("This form was used for somebody else. Open it again and start anew.")


@transaction.atomic(durable=True)
def hire_staff(
    *,
    user_id: UUID,
    username: str,
    role: Role,
    details: StaffDetails,
    password: str,
    actor: Actor | None,
    demo: bool = False,
) -> User:
    """The person can sign in. A repeated call with the same id changes nothing.

    Raises Invalid with the fields, or IdTaken. A demo person's password is public and so is not
    held to the rules; `sign_in` lets them in only where that does no harm.
    """
    known = User.objects.filter(pk=user_id).first()
    if known is None:
        return add_person(
            user_id=user_id,
            username=username,
            role=role,
            details=details,
            password=password,
            actor=actor,
            demo=demo,
        )
    if known.username != username:
        raise IdTaken
    return known


def add_person(
    *,
    user_id: UUID,
    username: str,
    role: Role,
    details: StaffDetails,
    password: str,
    actor: Actor | None,
    demo: bool = False,
) -> User:
    """A step: the person, their stores and the record of it. Call inside a transaction."""
    user = User(pk=user_id, username=username, role=role, demo=demo)
    for name in DETAILS:
        setattr(user, name, getattr(details, name))
    if not demo:
        _check_password(password, user)
    stores = _stores(role, details.store_ids)
    user.set_password(password)
    save_valid(user, taken=TAKEN)
    user.stores.set(stores)
    trail.record("staff.hired", actor=actor, subject=user, after=_facts(user, stores))
    return user


@transaction.atomic(durable=True)
def change_staff(*, user_id: UUID, details: StaffDetails, actor: Actor) -> User:
    """The person's details and stores are as given; sockets ask anew what they may show."""
    user = _lock(user_id, actor)
    before = _facts(user, list(user.stores.all()))
    for name in DETAILS:
        setattr(user, name, getattr(details, name))
    stores = _stores(Role(user.role), details.store_ids)
    save_valid(user, taken=TAKEN)
    user.stores.set(stores)
    was, now = changes(before, _facts(user, stores))
    if now:
        trail.record("staff.changed", actor=actor, subject=user, before=was, after=now)
    if now:
        event = "force.close" if "stores" in now else "person.changed"
        live.announce(live.user_topic(user.pk), event)
    return user


@transaction.atomic(durable=True)
def change_role(*, user_id: UUID, role: Role, actor: Actor) -> User:
    """The person has this role from now on, and signs in anew. Raises OwnAccount, LastAdmin."""
    user = _lock(user_id, actor)
    if user.role == role:
        return user
    _must_leave_an_admin(user)
    _must_be_another(user, actor)
    _stores(role, frozenset(user.stores.values_list("pk", flat=True)))
    before, user.role = user.role, role
    _end_sessions(user)
    user.save(update_fields=["role", "session_epoch"])
    was, now = {"role": before}, {"role": role.value}
    trail.record("staff.role_changed", actor=actor, subject=user, before=was, after=now)
    return user


@transaction.atomic(durable=True)
def deactivate_staff(*, user_id: UUID, actor: Actor) -> User:
    """The person is out, on every screen, token and socket. Raises OwnAccount, LastAdmin."""
    user = _lock(user_id, actor)
    if not user.is_active:
        return user
    _must_leave_an_admin(user)
    _must_be_another(user, actor)
    user.is_active = False
    _end_sessions(user)
    user.save(update_fields=["is_active", "session_epoch"])
    trail.record("staff.deactivated", actor=actor, subject=user)
    return user


@transaction.atomic(durable=True)
def reactivate_staff(*, user_id: UUID, actor: Actor) -> User:
    """The person may sign in again, with the password they had."""
    user = _lock(user_id, actor)
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    trail.record("staff.reactivated", actor=actor, subject=user)
    return user


@transaction.atomic(durable=True)
def set_password(*, user_id: UUID, password: str, actor: Actor) -> User:
    """Only the new password opens, and whoever was signed in with the old one is out."""
    user = _lock(user_id, actor)
    _change_password(user, password, actor)
    return user


@transaction.atomic(durable=True)
def change_own_password(*, user: User, password: str, actor: Actor | None) -> User:
    """As `set_password`, by the person: `user` then holds the new epoch, to stay signed in by."""
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _change_password(locked, password, actor)
    user.password, user.session_epoch = locked.password, locked.session_epoch
    return user


@transaction.atomic(durable=True)
def end_sessions(*, user_id: UUID, actor: Actor) -> User:
    """The person has to sign in again, everywhere."""
    user = _lock(user_id, actor)
    _end_sessions(user)
    user.save(update_fields=["session_epoch"])
    trail.record("staff.sessions_ended", actor=actor, subject=user)
    return user


def _lock(user_id: UUID, actor: Actor) -> User:
    """The person, locked, with every active admin and whoever asks, who must still be one to ask.

    One statement in one order: two admins at each other's rows wait, they do not deadlock.
    """
    wanted = Q(role=Role.ADMIN, is_active=True) | Q(pk__in=[user_id, actor.user_id])
    rows = User.objects.filter(wanted).order_by("pk").select_for_update(no_key=True)
    locked = {user.pk: user for user in rows}
    asking = locked.get(actor.user_id)
    if asking is None or not asking.may(Permission.MANAGE_STAFF):
        raise NotAllowed
    if user_id not in locked:
        raise NotHere
    return locked[user_id]


def _must_be_another(user: User, actor: Actor) -> None:
    if user.pk == actor.user_id:
        raise OwnAccount


def _must_leave_an_admin(user: User) -> None:
    """Call under `_lock`, which holds every active admin."""
    if user.role != Role.ADMIN or not user.is_active:
        return
    if not User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk).exists():
        raise LastAdmin


def _end_sessions(user: User) -> None:
    """Everything signed in so far is out once this is saved and committed."""
    user.session_epoch += 1
    RefreshToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    live.announce(live.user_topic(user.pk), "force.close", epoch=user.session_epoch)


def _change_password(user: User, password: str, actor: Actor | None) -> None:
    _check_password(password, user)
    user.set_password(password)
    _end_sessions(user)
    user.save(update_fields=["password", "session_epoch"])
    trail.record("staff.password_changed", actor=actor, subject=user)


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(fields={"password": list(error.messages)}) from error


def _stores(role: Role, store_ids: frozenset[UUID]) -> list[Store]:
    """The stores by code. Only an admin, who works at every store, may be given none."""
    stores = list(Store.objects.filter(pk__in=store_ids))
    if len(stores) != len(store_ids):
        raise Invalid(fields={"stores": [str(_("One of these stores does not exist."))]})
    if not stores and role != Role.ADMIN:
        raise Invalid(fields={"stores": [str(_("Choose at least one store."))]})
    return stores


def _facts(user: User, stores: list[Store]) -> dict[str, Any]:
    facts = facts_of(user, "username", "role", *DETAILS)
    return {**facts, "stores": sorted(store.code for store in stores)}
