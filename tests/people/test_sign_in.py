"""At the door: who comes in, who does not, what they are told, and what is kept of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from structlog.testing import capture_logs

from people.access import read_actor
from people.models import AuditEvent, Throttle, User
from people.permissions import Role
from people.services import sign_in, staff
from tests.people.conftest import PASSWORD, Hire

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/"


def try_in(client: Client, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(SIGN_IN, {"login": username, "password": password}, **more)


def is_in(client: Client) -> bool:
    return bool(client.get("/").status_code == 302)


def events(*actions: str) -> list[tuple[str, str, Any]]:
    rows = AuditEvent.objects.filter(action__in=actions).order_by("id")
    return [(event.action, event.subject_id, event.after) for event in rows]


class TestComingIn:
    @pytest.mark.parametrize("typed", ["ana", "ANA", " ana ", "ａｎａ"])
    def test_the_right_password_opens_however_the_name_is_typed(
        self, client: Client, ana: User, typed: str
    ) -> None:
        answer = try_in(client, typed)
        assert (answer.status_code, answer.url) == (302, "/")
        assert is_in(client)

    def test_a_sign_in_is_on_record_with_where_it_came_from(
        self, client: Client, ana: User
    ) -> None:
        try_in(client, "ana", REMOTE_ADDR="192.0.2.9")
        event = AuditEvent.objects.get(action="session.started")
        assert (event.actor, event.subject_id, event.role) == (ana, str(ana.pk), "cashier")
        assert (event.address, event.after) == ("192.0.2.9", {"by": "password"})

    def test_the_session_ends_with_the_browser(self, client: Client, ana: User) -> None:
        cookie = try_in(client, "ana").cookies["regal"]
        assert (cookie["max-age"], cookie["expires"]) == ("", "")
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"

    def test_the_page_that_was_asked_for_comes_next(self, client: Client, mara: User) -> None:
        asked: Any = client.get("/staff/")
        assert asked.url == "/accounts/login/?next=%2Fstaff%2F"
        answer: Any = client.post(
            asked.url, {"login": "mara", "password": PASSWORD, "next": "/staff/"}
        )
        assert answer.url == "/staff/"

    def test_no_page_of_a_stranger_comes_next(self, client: Client, ana: User) -> None:
        form = {"login": "ana", "password": PASSWORD, "next": "https://evil.example/"}
        assert client.post(SIGN_IN, form).headers["Location"] == "/"

    def test_a_stranger_at_the_front_door_gets_the_sign_in_page(self, client: Client) -> None:
        answer = client.get("/")
        assert answer.status_code == 200
        assert b'name="password"' in answer.content

    @pytest.mark.parametrize(
        ("role", "home"),
        [
            (Role.ADMIN, "/dashboard/"),
            (Role.MANAGER, "/dashboard/"),
            (Role.CASHIER, "/till/"),
            (Role.EMPLOYEE, "/stock/levels/"),
        ],
    )
    def test_everybody_starts_where_they_work(
        self, hire: Hire, signed_in: Callable[[User], Client], role: Role, home: str
    ) -> None:
        answer = signed_in(hire("somebody", role)).get("/")
        assert (answer.status_code, answer.headers["Location"]) == (302, home)

    def test_nobody_signs_up(self, client: Client) -> None:
        form = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
        client.post("/accounts/signup/", form)
        assert not User.objects.filter(username="eve").exists()
        assert not is_in(client)


class TestStayingOut:
    @pytest.mark.parametrize("name", ["ana", "nobody"])
    def test_a_wrong_password_and_an_unknown_name_are_told_alike(
        self, client: Client, ana: User, name: str
    ) -> None:
        answer = try_in(client, name, "wrong-lantern-1")
        assert "Name and password do not match. 4 tries left." in answer.content.decode()
        assert not is_in(client)

    def test_a_refusal_is_on_record_without_what_was_typed(self, client: Client, ana: User) -> None:
        try_in(client, "ana", "wrong-lantern-1")
        try_in(client, "typed-my-password-here", "ana")
        assert events("session.refused") == [
            ("session.refused", str(ana.pk), {"reason": "wrong_password"}),
            ("session.refused", "", {"reason": "wrong_password"}),
        ]
        kept = json.dumps(list(AuditEvent.objects.values()), default=str)
        kept += json.dumps(list(Throttle.objects.values()), default=str)
        assert "lantern" not in kept
        assert "typed-my" not in kept

    def test_nothing_typed_at_the_door_is_logged(self, client: Client, ana: User) -> None:
        with capture_logs() as lines:
            try_in(client, "ana", "wrong-lantern-1")
            try_in(client, "typed-my-password-here", "x")
            try_in(client, "ana")
        logged = json.dumps(lines, default=str)
        assert "lantern" not in logged
        assert "typed-my" not in logged

    def test_whoever_left_is_told_so_once_their_password_is_right(
        self, client: Client, ana: User
    ) -> None:
        User.objects.filter(pk=ana.pk).update(is_active=False)
        assert "This account is closed" in try_in(client, "ana").content.decode()
        assert "do not match" in try_in(client, "ana", "wrong-lantern-1").content.decode()
        assert not is_in(client)

    def test_five_wrong_tries_and_the_right_one_waits(self, client: Client, ana: User) -> None:
        for left in (4, 3, 2):
            page = try_in(client, "ana", "wrong-lantern-1").content.decode()
            assert f"{left} tries left" in page
        assert "1 try left" in try_in(client, "ana", "wrong-lantern-1").content.decode()
        assert "Wait five minutes" in try_in(client, "ana", "wrong-lantern-1").content.decode()
        page = try_in(client, "ana").content.decode()
        assert "Too many wrong tries" in page
        assert not is_in(client)

    def test_one_person_locked_out_does_not_lock_out_the_shop(
        self, client: Client, ana: User, tom: User
    ) -> None:
        for _ in range(6):
            try_in(client, "ana", "wrong-lantern-1")
        assert try_in(client, "tom").status_code == 302

    def test_somebody_far_away_does_not_lock_out_the_till(self, client: Client, ana: User) -> None:
        for _ in range(6):
            try_in(client, "ana", "wrong-lantern-1", REMOTE_ADDR="203.0.113.66")
        assert try_in(client, "ana", REMOTE_ADDR="192.0.2.1").status_code == 302

    def test_the_right_password_clears_the_count(self, client: Client, ana: User) -> None:
        for _ in range(3):
            for _ in range(4):
                try_in(client, "ana", "wrong-lantern-1")
            assert try_in(client, "ana").status_code == 302
            client.logout()

    def test_an_address_that_guesses_many_names_waits(self, client: Client, ana: User) -> None:
        limit = sign_in.ADDRESS.tries
        for number in range(limit):
            try_in(client, f"guess{number}", "wrong-lantern-1")
        assert "Too many wrong tries" in try_in(client, "ana").content.decode()


class TestDemoPeople:
    @pytest.fixture
    def demo(self, ana: User) -> User:
        User.objects.filter(pk=ana.pk).update(demo=True)
        return ana

    @pytest.mark.parametrize(
        ("demo_shop", "address", "comes_in"),
        [
            (True, "127.0.0.1", True),
            (True, "::1", True),
            (True, "192.0.2.9", False),
            (False, "127.0.0.1", False),
        ],
    )
    def test_they_come_in_only_in_a_demo_on_its_own_machine(
        self, client: Client, demo: User, demo_shop: bool, address: str, comes_in: bool
    ) -> None:
        with override_settings(DEMO=demo_shop):
            answer = try_in(client, "ana", REMOTE_ADDR=address)
        assert is_in(client) is comes_in
        assert ("Demo sign-ins work only" in answer.content.decode()) is not comes_in


class TestGoingOut:
    def test_signing_out_ends_the_session_and_then_its_sockets(
        self,
        client: Client,
        ana: User,
        django_capture_on_commit_callbacks: Any,
        announced: list[tuple[str, str]],
    ) -> None:
        from regalpos.live import session_topic

        try_in(client, "ana")
        key = client.session.session_key
        assert key is not None
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/accounts/logout/")
        assert not is_in(client)
        assert not client.session.exists(key)
        assert announced == [(session_topic(key), "force.close")]
        assert events("session.ended") == [("session.ended", str(ana.pk), None)]

    def test_asking_to_sign_out_is_not_signing_out(self, client: Client, ana: User) -> None:
        try_in(client, "ana")
        client.get("/accounts/logout/")
        assert is_in(client)


class TestOut:
    """Whatever takes a right away takes it at once, on every machine."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda user, owner: staff.deactivate_staff(user_id=user.pk, actor=owner),
            lambda user, owner: staff.change_role(user_id=user.pk, role=Role.EMPLOYEE, actor=owner),
            lambda user, owner: staff.end_sessions(user_id=user.pk, actor=owner),
            lambda user, owner: staff.set_password(
                user_id=user.pk, password="another-lantern-7", actor=owner
            ),
        ],
        ids=["deactivated", "another role", "sessions ended", "another password"],
    )
    def test_the_next_click_meets_the_sign_in_page(
        self,
        ana: User,
        owner: Any,
        signed_in: Callable[[User], Client],
        change: Callable[[User, Any], Any],
        django_capture_on_commit_callbacks: Any,
        announced: list[tuple[str, str]],
    ) -> None:
        from regalpos.live import user_topic

        till, tablet = signed_in(ana), signed_in(ana)
        assert is_in(till)
        assert is_in(tablet)
        with django_capture_on_commit_callbacks(execute=True):
            change(ana, owner)
        assert not is_in(till)
        assert not is_in(tablet)
        assert announced == [(user_topic(ana.pk), "force.close")]

    def test_inside_a_page_htmx_is_sent_to_the_sign_in_page(
        self, mara: User, hire: Hire, signed_in: Callable[[User], Client]
    ) -> None:
        browser = signed_in(mara)
        second = hire("second", Role.ADMIN)
        staff.end_sessions(user_id=mara.pk, actor=read_actor(second))
        answer = browser.get("/staff/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (
            401,
            reverse("account_login"),
        )

    def test_ones_own_new_password_keeps_this_session_and_ends_the_others(
        self, client: Client, ana: User, signed_in: Callable[[User], Client]
    ) -> None:
        elsewhere = signed_in(ana)
        try_in(client, "ana")
        new = "another-lantern-7"
        form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        assert client.post("/accounts/password/change/", form).status_code == 302
        ana.refresh_from_db()
        assert ana.check_password(new)
        assert is_in(client)
        assert not is_in(elsewhere)
        assert events("staff.password_changed") == [("staff.password_changed", str(ana.pk), None)]
