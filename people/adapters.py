"""What allauth asks the shop about its doors: nobody signs up, everybody is checked one way."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from people.access import actor_of, client_address
from people.models import User
from people.services import sign_in, staff
from regalpos import lanes
from regalpos.errors import Invalid, Refusal

COMING_AND_GOING = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class ClosedAdapter(DefaultAccountAdapter):
    """Accounts are made by admins, not by visitors.

    allauth's pages are synchronous and run in their request's own thread, so use cases are
    called straight, through `lanes.retrying`.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The person, or a form error in the shop's words. Sign-in and "is it you?" both ask."""
        asked = partial(
            sign_in.check_password,
            username=credentials.get("username") or "",
            password=credentials.get("password") or "",
            address=client_address(request),
        )
        try:
            return lanes.retrying(asked)
        except Refusal as refusal:
            raise ValidationError(str(refusal.message), code=refusal.code) from refusal

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that everything else counts by."""
        return client_address(request) or super().get_client_ip(request)

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **hook: Any
    ) -> HttpResponse | None:
        """However they proved who they are (a passkey, too), some people may not come in."""
        if isinstance(user, User) and (refusal := sign_in.closed_to(user, client_address(request))):
            raise refusal
        return None

    def login(self, request: HttpRequest, user: Any) -> None:
        """A fresh session, and the sign-in on record."""
        before = request.session.session_key or ""
        super().login(request, user)
        if actor := actor_of(request):
            facts = {"address": actor.address, "request_id": actor.request_id}
            if before != actor.session_key:
                facts["replaces"] = before
            noted = partial(sign_in.note_sign_in, user=user, strength=actor.strength, **facts)
            lanes.retrying(noted)

    def logout(self, request: HttpRequest) -> None:
        """The session is gone first, and then its sockets: none of them can come back."""
        actor = actor_of(request)
        super().logout(request)
        if actor:
            lanes.retrying(partial(sign_in.note_sign_out, actor=actor))

    def set_password(self, user: Any, password: str) -> None:
        """From allauth's own forms. Every older session ends; this one is renewed by allauth."""
        actor = actor_of(self.request) if self.request else None
        changed = partial(staff.change_own_password, user=user, password=password, actor=actor)
        try:
            lanes.retrying(changed)
        except Invalid as refusal:  # The form has checked it: only a race comes here.
            raise ValidationError(str(refusal.message)) from refusal

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *context: Any,
        **words: Any,
    ) -> None:
        """Coming and going need no words: the page that stands there says it."""
        if message_template not in COMING_AND_GOING:
            super().add_message(request, level, message_template, *context, **words)


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Where you are signed in: a session that is ended there closes its sockets, too."""

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        actor = actor_of(self.request)
        ended = list(sessions)
        super().end_sessions(ended)
        if actor:
            for session in ended:
                theirs = replace(actor, session_key=session.session_key)
                lanes.retrying(partial(sign_in.note_sign_out, actor=theirs))
