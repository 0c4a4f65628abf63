"""Who is at the door: names and passwords, tries counted, comings and goings on record.

Screens, the API and the Django admin all ask here, so there is one rule for who may come in.
"""

import unicodedata
from datetime import timedelta
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from people.access import Actor, read_actor
from people.models import User
from people.services import trail
from people.services.throttle import Count, Limit, count_try, forget_tries, give_back_try
from regalpos import live
from regalpos.errors import Refusal

log = structlog.get_logger(__name__)

# A whole shop stands behind one address, so an address may fail often and one person at it may
# not. A name tried from many addresses gets more, or anybody could lock the owner out from afar.
PERSON_HERE = Limit("person", tries=5, window=timedelta(minutes=5))
PERSON = Limit("name", tries=50, window=timedelta(hours=1))
ADDRESS = Limit("address", tries=60, window=timedelta(minutes=5))


class WrongPassword(Refusal):
    """No such name, or not its password: which of the two is not said. Fact: `tries_left`."""

    code = "wrong_password"
    status = 401
    message = _("Name and password do not match.")


class TooManyTries(Refusal):
    """Too many wrong passwords. Fact: `retry_after`, in seconds."""

    code = "too_many_tries"
    status = 429
    message = _("Too many wrong tries. Wait a few minutes, then try again.")


class AccountClosed(Refusal):
    """The password is right, and the person does not work here any more."""

    code = "account_closed"
    status = 401
    message = _("This account is closed. Ask an admin.")


class DemoElsewhere(Refusal):
    """A demo sign-in, whose password everybody knows, outside a demo on its own machine."""

    code = "demo_elsewhere"
    status = 401
    message = _("Demo sign-ins work only in a demo shop, on the machine that runs it.")


def check_password(*, username: str, password: str, address: str) -> User:
    """The active person with this name and password, or a refusal that says why not.

    The try is counted before the password is looked at, so that parallel guesses cannot add up
    to more. Every refusal is on record. Costs one password hash, whether the name is known or not.
    Raises WrongPassword, TooManyTries, AccountClosed or DemoElsewhere.
    """
    name = normal_username(username)
    count = _count(name, address)
    user = User.objects.alias(lowered=Lower("username")).filter(lowered=name).first()
    if user is None:
        make_password(password)  # Takes as long as a known name does: names cannot be fished for.
    if user is None or not user.check_password(password):
        raise _noted(_wrong(count.left), user, address)
    forget_tries(PERSON_HERE, f"{name} {address}")
    forget_tries(PERSON, name)
    give_back_try(ADDRESS, address)
    if refusal := closed_to(user, address):
        raise _noted(refusal, user, address)
    return user


def closed_to(user: User, address: str) -> Refusal | None:
    """Why this person may not come in from this address, however well they are known."""
    if not user.is_active:
        return AccountClosed()
    if user.demo and not (settings.DEMO and _is_this_machine(address)):
        return DemoElsewhere()
    return None


def normal_username(username: str) -> str:
    """One spelling for every way to type a name: compatible forms folded, case gone."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


@transaction.atomic(durable=True)
def note_sign_in(
    *, user: User, address: str, request_id: str, strength: str, replaces: str = ""
) -> None:
    """The sign-in is on record, with how it was proved and from where.

    It ends the session `replaces` in the same browser: whoever still holds that one hears so.
    """
    actor = read_actor(user, strength=strength, address=address, request_id=request_id)
    trail.record("session.started", actor=actor, subject=user, after={"by": strength})
    if replaces:
        live.announce(live.session_topic(replaces), "force.close")


@transaction.atomic(durable=True)
def note_sign_out(*, actor: Actor) -> None:
    """The sign-out is on record, and every socket of that session is told to close.

    To be called when the session is gone: a socket that comes back at once must not find it.
    """
    trail.record("session.ended", actor=actor, subject=("people.User", str(actor.user_id)))
    if actor.session_key:
        live.announce(live.session_topic(actor.session_key), "force.close")


@transaction.atomic(durable=True)
def note_refusal(*, user: User | None, address: str, reason: str) -> None:
    """The failed sign-in is on record. A name nobody has is not kept: it may be a password."""
    subject = user or ("people.User", "")
    facts = {"reason": reason}
    trail.record("session.refused", actor=None, subject=subject, after=facts, address=address)


def _count(name: str, address: str) -> Count:
    """The count of this person here, after one more try; raises TooManyTries."""
    for limit, subject in (
        (ADDRESS, address),
        (PERSON, name),
        (PERSON_HERE, f"{name} {address}"),
    ):
        count = count_try(limit, subject)
        if count.exceeded:
            log.warning("sign_in_throttled", limit=limit.name)
            raise TooManyTries(TooManyTries.message, retry_after=count.retry_after)
    return count


def _wrong(left: int) -> WrongPassword:
    if left == 0:
        words = str(_("Name and password do not match. Wait five minutes before the next try."))
    else:
        words = ngettext(
            "Name and password do not match. %(left)s try left.",
            "Name and password do not match. %(left)s tries left.",
            left,
        )
    return WrongPassword(words % {"left": left}, tries_left=left)


def _noted(refusal: Refusal, user: User | None, address: str) -> Refusal:
    note_refusal(user=user, address=address, reason=refusal.code)
    log.info("sign_in_refused", reason=refusal.code)
    return refusal


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
