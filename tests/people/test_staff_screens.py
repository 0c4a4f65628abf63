"""The staff screens: an admin hires, changes and lets go, and is told in words what went wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from people.models import AuditEvent, Store, User
from people.permissions import Role
from regalpos import ids
from tests.people.conftest import PASSWORD, Hire

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(mara: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(mara)


def ida(store: Store, **changes: Any) -> dict[str, Any]:
    said = {
        "id": str(ids.new()),
        "full_name": "Ida Berg",
        "username": "ida",
        "password": "another-lantern-7",
        "role": "cashier",
        "stores": [str(store.pk)],
        "email": "",
    }
    return {**said, **changes}


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def text(answer: Any) -> str:
    return str(answer.content.decode())


class TestList:
    def test_everybody_is_on_it_with_role_and_stores(
        self, desk: Client, ana: User, hire: Hire, mill: Store
    ) -> None:
        User.objects.filter(pk=hire("udo", Role.EMPLOYEE, mill).pk).update(is_active=False)
        page = text(desk.get("/staff/")).partition("<table")[2]
        assert page.index("Ana") < page.index("Mara") < page.index("Udo")  # Who left stands last.
        assert "Harbour Street" in page
        assert "Mill Lane" in page
        assert page.count("Closed") == 1

    def test_it_takes_three_queries_however_many_work_here(
        self, desk: Client, hire: Hire, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(10):
            hire(f"nr{number}", Role.CASHIER)
        with django_assert_max_num_queries(6):  # Session, person, stores, and the page's two.
            desk.get("/staff/")


class TestHiring:
    def test_a_new_cashier_can_sign_in(self, desk: Client, harbour: Store) -> None:
        answer = desk.post("/staff/", ida(harbour))
        assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/")
        assert said(answer) == ["Ida Berg can sign in now."]
        till = Client()
        till.post("/accounts/login/", {"login": "ida", "password": "another-lantern-7"})
        assert till.get("/").headers["Location"] == "/till/"

    def test_a_double_click_hires_once(self, desk: Client, harbour: Store) -> None:
        form = ida(harbour)
        desk.post("/staff/", form)
        desk.post("/staff/", form)
        assert User.objects.filter(username="ida").count() == 1
        assert AuditEvent.objects.filter(action="staff.hired", actor__isnull=False).count() == 1

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"username": "Mara"}, "Somebody here has this name already."),
            ({"username": "two words"}, "Letters, digits, _ and - only."),
            ({"password": "short"}, "This password is too short."),
            ({"password": "password1234"}, "This password is too common."),
            ({"stores": []}, "Choose at least one store."),
            ({"stores": [str(ids.new())]}, "is not one of the available choices"),
            ({"role": "boss"}, "is not one of the available choices"),
            ({"full_name": ""}, "This field is required."),
            ({"id": "nonsense"}, "Add somebody"),
            ({"full_name": "Nul\x00l"}, "Null characters are not allowed."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
        self, desk: Client, harbour: Store, change: dict[str, Any], words: str
    ) -> None:
        answer = desk.post("/staff/", ida(harbour, email="ida@shop.test", **change))
        assert answer.status_code == 422
        assert words in text(answer)
        assert 'value="ida@shop.test"' in text(answer)
        assert "another-lantern-7" not in text(answer)
        assert not User.objects.filter(username__in=["ida", "two words"]).exists()

    def test_the_only_store_is_chosen_already(self, desk: Client, harbour: Store) -> None:
        assert text(desk.get("/staff/new/")).count("checked") == 1


class TestPerson:
    def test_details_are_saved(self, desk: Client, ana: User, mill: Store) -> None:
        form = {"full_name": "Ana Moreira", "stores": [str(mill.pk)], "phone": "0151 9"}
        answer = desk.post(f"/staff/{ana.pk}/", form)
        assert answer.headers["Location"] == f"/staff/{ana.pk}/"
        ana.refresh_from_db()
        assert (ana.full_name, ana.phone, list(ana.stores.all())) == (
            "Ana Moreira",
            "0151 9",
            [mill],
        )

    def test_a_wrong_detail_stands_at_its_field(self, desk: Client, ana: User) -> None:
        form = {"full_name": "Ana Moreira", "email": "nobody", "stores": []}
        answer = desk.post(f"/staff/{ana.pk}/", form)
        assert answer.status_code == 422
        assert "Enter a valid email address." in text(answer)
        ana.refresh_from_db()
        assert ana.full_name == "Ana"

    def test_a_role_changes(self, desk: Client, ana: User) -> None:
        answer = desk.post(f"/staff/{ana.pk}/role/", {"role": "manager"})
        assert said(answer) == ["Ana is Manager now, and signs in again."]
        ana.refresh_from_db()
        assert ana.role == "manager"

    def test_the_last_admin_is_told_why_not(self, desk: Client, mara: User) -> None:
        answer = desk.post(f"/staff/{mara.pk}/role/", {"role": "cashier"})
        assert answer.status_code == 409
        assert "This is the last admin." in text(answer)
        mara.refresh_from_db()
        assert mara.role == "admin"

    def test_ones_own_role_cannot_even_be_asked_for(
        self, desk: Client, mara: User, hire: Hire
    ) -> None:
        hire("second", Role.ADMIN)
        assert "Change role" not in text(desk.get(f"/staff/{mara.pk}/"))
        answer = desk.post(f"/staff/{mara.pk}/role/", {"role": "cashier"})
        assert answer.status_code == 409
        assert "Nobody changes their own role" in text(answer)

    def test_a_new_password_is_set_and_never_shown(self, desk: Client, ana: User) -> None:
        new = "another-lantern-7"
        answer = desk.post(f"/staff/{ana.pk}/password/", {"password": new})
        assert said(answer) == ["Ana has a new password."]
        ana.refresh_from_db()
        assert ana.check_password(new)
        weak = desk.post(f"/staff/{ana.pk}/password/", {"password": "secret"})
        assert weak.status_code == 422
        assert "too short" in text(weak)
        assert "secret" not in text(weak)

    def test_an_account_is_closed_and_opened(self, desk: Client, ana: User) -> None:
        desk.post(f"/staff/{ana.pk}/account/", {"active": "no"})
        assert User.objects.filter(pk=ana.pk, is_active=False).exists()
        assert "Open account" in text(desk.get(f"/staff/{ana.pk}/"))
        desk.post(f"/staff/{ana.pk}/account/", {"active": "yes"})
        assert User.objects.get(pk=ana.pk, is_active=True).check_password(PASSWORD)

    def test_they_are_signed_out_everywhere(
        self, desk: Client, ana: User, signed_in: Callable[[User], Client]
    ) -> None:
        till = signed_in(ana)
        answer = desk.post(f"/staff/{ana.pk}/sessions/")
        assert said(answer) == ["Ana is signed out everywhere."]
        assert till.get("/").status_code == 200  # The sign-in page.

    @pytest.mark.parametrize("door", ["", "role/", "password/", "sessions/", "account/"])
    def test_somebody_unknown_is_not_here(self, desk: Client, door: str) -> None:
        assert desk.post(f"/staff/{ids.new()}/{door}", {}).status_code == 404

    def test_nobody_forges_these_forms(self, mara: User, ana: User) -> None:
        stranger = Client(enforce_csrf_checks=True)
        stranger.force_login(mara)
        answer = stranger.post(f"/staff/{ana.pk}/account/", {"active": "no"})
        assert answer.status_code == 403
        ana.refresh_from_db()
        assert ana.is_active
