"""Signing in for programs: tokens that are used once, and what ends them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from people.models import AuditEvent, RefreshToken, User
from people.permissions import Role
from people.services import staff, tokens
from people.services.sign_in import PERSON_HERE
from regalpos import ids
from tests.factories import PASSWORD, a_store, a_user, an_admin
from tests.programs import Program, error

pytestmark = pytest.mark.django_db


def sign_in(user: User, password: str = PASSWORD) -> Any:
    return Program().post("auth/login", {"username": user.username, "password": password})


def refresh(secret: str) -> Any:
    return Program().post("auth/refresh", {"refresh_token": secret})


def is_in(access_token: str) -> bool:
    status: int = Program(token=access_token).get("auth/me").status_code
    return status == 200


# ---- signing in ---------------------------------------------------------------------------------


def test_a_program_signs_in_with_a_name_and_a_password() -> None:
    store = a_store()
    user = a_user(Role.CASHIER, store)

    response = sign_in(user)

    assert response.status_code == 200
    said = response.json()
    assert said["token_type"] == "bearer"
    assert said["expires_in"] == 900
    assert said["user"]["id"] == str(user.pk)
    assert said["user"]["role"] == "cashier"
    assert said["user"]["stores"] == [str(store.pk)]
    assert "sell" in said["user"]["permissions"]
    assert "adjust_stock" not in said["user"]["permissions"]
    assert Program(token=said["access_token"]).get("auth/me").json() == said["user"]
    assert response.headers["Cache-Control"] == "no-store"


def test_a_sign_in_is_on_record_and_keeps_no_secret() -> None:
    user = a_user(Role.CASHIER, a_store())

    said = sign_in(user).json()

    event = AuditEvent.objects.get(action="session.started")
    assert (event.actor_id, event.after) == (user.pk, {"by": "token"})
    kept = RefreshToken.objects.get(user=user)
    assert said["refresh_token"] not in str(kept.__dict__)
    assert kept.expires_at > timezone.now() + timedelta(days=29)


def test_no_cookie_signs_a_program_in_and_none_is_set() -> None:
    user = a_user(Role.CASHIER, a_store())
    browser = Program()
    browser.client.force_login(user)

    response = browser.get("auth/me")

    assert response.status_code == 401
    assert error(response)["code"] == "not_signed_in"
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert not sign_in(user).cookies


@pytest.mark.parametrize("name", ["right", "unknown"])
def test_a_wrong_password_looks_the_same_whether_the_name_is_known(name: str) -> None:
    user = a_user(Role.CASHIER, a_store())
    username = user.username if name == "right" else "nobody-here"

    response = Program().post("auth/login", {"username": username, "password": "wrong-password"})

    assert response.status_code == 401
    assert error(response)["code"] == "wrong_password"
    assert error(response)["tries_left"] == PERSON_HERE.tries - 1
    assert not RefreshToken.objects.exists()
    assert AuditEvent.objects.get().action == "session.refused"


def test_after_too_many_wrong_passwords_even_the_right_one_waits() -> None:
    user = a_user(Role.CASHIER, a_store())
    for _try in range(PERSON_HERE.tries):
        assert sign_in(user, "wrong-password").status_code == 401

    response = sign_in(user)

    assert response.status_code == 429
    assert error(response)["code"] == "too_many_tries"
    assert 0 < int(response.headers["Retry-After"]) <= 300
    assert not RefreshToken.objects.exists()


def test_who_has_left_cannot_sign_in() -> None:
    user = a_user(Role.CASHIER, a_store(), is_active=False)

    response = sign_in(user)

    assert response.status_code == 401
    assert error(response)["code"] == "account_closed"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"username", "password"}),
        ({"username": "cashier"}, {"password"}),
        ({"username": 1, "password": ["x"]}, {"username", "password"}),
        ({"username": "x" * 151, "password": "p" * 1001}, {"username", "password"}),
        ({"username": "a", "password": "b", "role": "admin"}, {"role"}),
        ([], {"body"}),
    ],
)
def test_a_sign_in_that_cannot_be_meant_counts_no_try(body: object, fields: set[str]) -> None:
    response = Program().post("auth/login", body)

    assert response.status_code == 422
    assert set(error(response)["fields"]) == fields
    assert not AuditEvent.objects.exists()


# ---- access tokens ------------------------------------------------------------------------------


def test_a_token_that_we_did_not_sign_lets_nobody_in() -> None:
    user = a_user(Role.ADMIN)
    good = sign_in(user).json()["access_token"]
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = [
        jwt.encode(claims, "another key, long enough for its algorithm", algorithm="HS256"),
        jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        good[:-4] + "AAAA",
        good + "x",
        "not.a.token",
        "",
        "é",
    ]

    assert is_in(good)
    for token in forged:
        assert not is_in(token), token


def test_a_token_of_another_age_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    user = a_user(Role.ADMIN)
    monkeypatch.setattr(settings, "ACCESS_TOKEN_MINUTES", 0)

    assert not is_in(sign_in(user).json()["access_token"])


def test_tokens_signed_before_a_key_change_stay_good_while_the_old_key_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = sign_in(a_user(Role.ADMIN)).json()["access_token"]
    old = settings.SECRET_KEY
    monkeypatch.setattr(settings, "SECRET_KEY", "new-" + "z" * 50)

    assert not is_in(token)
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [old])
    assert is_in(token)


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_only_a_bearer_is_let_in(scheme: str) -> None:
    program = Program(a_user(Role.ADMIN))
    headers = {"Authorization": f"{scheme} {program.token}".strip()}

    response = program.client.get("/api/v1/auth/me", headers=headers)

    assert response.status_code == 401


# ---- refresh tokens -----------------------------------------------------------------------------


def test_a_refresh_token_is_exchanged_for_new_ones() -> None:
    user = a_user(Role.CASHIER, a_store())
    first = sign_in(user).json()

    second = refresh(first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"] == first["user"]
    assert is_in(second["access_token"])
    assert is_in(first["access_token"])  # for its minutes: only the refresh token is used up
    assert refresh(second["refresh_token"]).status_code == 200


def test_a_refresh_token_that_comes_again_ends_its_family() -> None:
    user = a_user(Role.CASHIER, a_store())
    first = sign_in(user).json()
    second = refresh(first["refresh_token"]).json()
    elsewhere = sign_in(user).json()

    response = refresh(first["refresh_token"])

    assert response.status_code == 401
    assert error(response)["code"] == "token_refused"
    assert refresh(second["refresh_token"]).status_code == 401
    assert not is_in(first["access_token"])
    assert not is_in(second["access_token"])
    assert is_in(elsewhere["access_token"])  # another sign-in of the same person stands
    event = AuditEvent.objects.get(action="session.token_replayed")
    assert event.subject_id == str(user.pk)


def test_a_repeated_unit_makes_no_second_successor() -> None:
    """A lane may run a unit again when the connection went at its commit."""
    user = a_user(Role.CASHIER, a_store())
    secret = sign_in(user).json()["refresh_token"]
    successor = tokens.NewToken()
    same = {"secret": secret, "successor": successor, "address": "", "request_id": ""}

    first = tokens.rotate(**same)
    second = tokens.rotate(**same)

    assert first.refresh_token == second.refresh_token == successor.secret
    assert RefreshToken.objects.filter(user=user, revoked_at=None).count() == 2


def test_an_old_refresh_token_is_refused_and_ends_nothing() -> None:
    user = a_user(Role.CASHIER, a_store())
    said = sign_in(user).json()
    RefreshToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert refresh(said["refresh_token"]).status_code == 401
    assert RefreshToken.objects.get(user=user).revoked_at is None


@pytest.mark.parametrize("secret", ["unknown", "x" * 200])
def test_an_unknown_refresh_token_is_refused(secret: str) -> None:
    response = refresh(secret)

    assert response.status_code == 401
    assert error(response)["code"] == "token_refused"


# ---- what ends them -----------------------------------------------------------------------------


def test_signing_out_ends_every_token_of_the_family_at_once() -> None:
    user = a_user(Role.CASHIER, a_store())
    first = sign_in(user).json()
    second = refresh(first["refresh_token"]).json()
    elsewhere = sign_in(user).json()

    response = Program(token=second["access_token"]).send("POST", "auth/logout")

    assert response.status_code == 204
    assert not response.content
    assert not is_in(first["access_token"])
    assert not is_in(second["access_token"])
    assert refresh(second["refresh_token"]).status_code == 401
    assert is_in(elsewhere["access_token"])
    assert AuditEvent.objects.get(action="session.ended").actor_id == user.pk


def _deactivate(user: User) -> None:
    staff.deactivate_staff(user_id=user.pk, actor=an_admin())


def _change_role(user: User) -> None:
    staff.change_role(user_id=user.pk, role=Role.EMPLOYEE, actor=an_admin())


def _change_password(user: User) -> None:
    staff.set_password(user_id=user.pk, password="another-long-one-7", actor=an_admin())


def _end_sessions(user: User) -> None:
    staff.end_sessions(user_id=user.pk, actor=an_admin())


@pytest.mark.parametrize("change", [_deactivate, _change_role, _change_password, _end_sessions])
def test_whoever_loses_a_right_is_out_with_all_their_tokens(change: Callable[[User], None]) -> None:
    user = a_user(Role.CASHIER, a_store())
    said = sign_in(user).json()
    assert is_in(said["access_token"])

    change(user)

    assert not is_in(said["access_token"])
    assert refresh(said["refresh_token"]).status_code == 401


def test_a_token_of_an_older_epoch_is_out_even_if_nobody_revoked_it() -> None:
    user = a_user(Role.CASHIER, a_store())
    said = sign_in(user).json()

    User.objects.filter(pk=user.pk).update(session_epoch=user.session_epoch + 1)

    assert not is_in(said["access_token"])
    assert refresh(said["refresh_token"]).status_code == 401
    assert RefreshToken.objects.get(user=user).revoked_at is not None


def test_a_family_that_was_forgotten_lets_nobody_in() -> None:
    user = a_user(Role.CASHIER, a_store())
    said = sign_in(user).json()

    RefreshToken.objects.filter(user=user).delete()

    assert not is_in(said["access_token"])


def test_tokens_that_ended_long_ago_are_dropped() -> None:
    user = a_user(Role.CASHIER, a_store())
    sign_in(user)
    sign_in(user)
    one = RefreshToken.objects.filter(user=user)[0]
    RefreshToken.objects.filter(pk=one.pk).update(expires_at=timezone.now() - timedelta(days=2))

    assert tokens.drop_old_tokens() == 1
    assert RefreshToken.objects.filter(user=user).count() == 1


# ---- stores -------------------------------------------------------------------------------------


def test_a_person_sees_the_stores_they_work_at() -> None:
    own, other = a_store("OWN"), a_store("OTHER")
    cashier = Program(a_user(Role.CASHIER, own))

    said = cashier.get("stores").json()

    assert [store["code"] for store in said["items"]] == ["OWN"]
    assert (said["total"], said["limit"], said["offset"]) == (1, 50, 0)
    assert said["items"][0]["currency"] == "EUR"
    assert said["items"][0]["prices_include_tax"] is True
    assert cashier.get(f"stores/{own.pk}").json() == said["items"][0]
    assert cashier.get(f"stores/{other.pk}").status_code == 404
    assert cashier.get(f"stores/{ids.new()}").status_code == 404


def test_an_admin_sees_every_store() -> None:
    a_store("AA"), a_store("BB")
    admin = Program(a_user(Role.ADMIN))

    assert [store["code"] for store in admin.get("stores").json()["items"]] == ["AA", "BB"]
    down = admin.get("stores", ordering="-code", limit=1).json()
    assert [store["code"] for store in down["items"]] == ["BB"]
    assert down["total"] == 2
