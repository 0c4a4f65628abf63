"""Who works here, and that nobody can lock everybody out."""

import json
from dataclasses import replace
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from structlog.testing import capture_logs

from people.access import Actor, read_actor
from people.forms import StaffDetails
from people.models import AuditEvent, RefreshToken, Store, User
from people.permissions import Role
from people.services import staff
from regalpos import ids
from regalpos.errors import Invalid, NotAllowed, NotHere
from tests.people.conftest import PASSWORD, Hire

pytestmark = pytest.mark.django_db

NEW = "another-lantern-7"


def last_event() -> tuple[str, str, dict[str, object] | None, dict[str, object] | None]:
    event = AuditEvent.objects.first()
    assert event is not None
    return event.action, event.subject_id, event.before, event.after


def hire_ida(owner: Actor, store: Store, user_id: UUID, **changes: object) -> User:
    said: dict[str, object] = {
        "user_id": user_id,
        "username": "ida",
        "role": Role.CASHIER,
        "details": StaffDetails(
            full_name="Ida Berg", email="ida@shop.test", store_ids=frozenset({store.pk})
        ),
        "password": NEW,
        "actor": owner,
        **changes,
    }
    return staff.hire_staff(**said)  # type: ignore[arg-type]


@pytest.fixture
def ida_id() -> UUID:
    return ids.new()


class TestHiring:
    def test_somebody_hired_works_at_their_store_with_their_password(
        self, owner: Actor, harbour: Store, ida_id: UUID
    ) -> None:
        ida = hire_ida(owner, harbour, ida_id)
        ida.refresh_from_db()
        assert (ida.pk, ida.username, ida.role, ida.is_active) == (ida_id, "ida", "cashier", True)
        assert list(ida.stores.all()) == [harbour]
        assert ida.check_password(NEW)

    def test_it_is_on_record_without_what_is_personal(
        self, owner: Actor, harbour: Store, ida_id: UUID
    ) -> None:
        hire_ida(owner, harbour, ida_id)
        action, subject, before, after = last_event()
        assert (action, subject, before) == ("staff.hired", str(ida_id), None)
        assert after == {
            "username": "ida",
            "role": "cashier",
            "stores": ["HS"],
            "language": "",
            "full_name": "(personal)",
            "email": "(personal)",
            "phone": "(personal)",
            "address": "(personal)",
            "national_id": "(personal)",
        }
        event = AuditEvent.objects.first()
        assert event is not None
        assert (event.actor_id, event.role) == (owner.user_id, "admin")
        assert (event.address, event.request_id) == ("192.0.2.7", "r-1")

    def test_nothing_personal_is_logged(
        self, owner: Actor, harbour: Store, ana: User, ida_id: UUID
    ) -> None:
        with capture_logs() as lines:
            hire_ida(owner, harbour, ida_id)
            staff.set_password(user_id=ida_id, password="third-lantern-55", actor=owner)
            staff.deactivate_staff(user_id=ana.pk, actor=owner)
        logged = json.dumps(lines, default=str)
        for word in ("Ida Berg", "ida@shop.test", "lantern", "0151 000", "AB-123"):
            assert word not in logged

    def test_the_same_form_sent_twice_hires_once(
        self, owner: Actor, harbour: Store, ida_id: UUID
    ) -> None:
        first = hire_ida(owner, harbour, ida_id)
        again = hire_ida(owner, harbour, ida_id)
        assert again == first
        assert AuditEvent.objects.filter(action="staff.hired", subject_id=str(ida_id)).count() == 1

    def test_an_id_that_is_somebody_else_is_refused(
        self, owner: Actor, harbour: Store, ida_id: UUID
    ) -> None:
        hire_ida(owner, harbour, ida_id)
        with pytest.raises(staff.IdTaken):
            hire_ida(owner, harbour, ida_id, username="udo")
        assert not User.objects.filter(username="udo").exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"username": "a"}, "username"),
            ({"username": "two words"}, "username"),
            ({"username": "n" * 31}, "username"),
            ({"username": "nul\x00l"}, "username"),
            ({"username": "MARA"}, "username"),  # Somebody's, in other letters.
            ({"password": "short-one"}, "password"),
            ({"password": "password1234"}, "password"),
            ({"password": "ida@shop.test"}, "password"),
            ({"role": "boss"}, "role"),
        ],
    )
    def test_what_cannot_be_right_is_told_by_field(
        self, owner: Actor, harbour: Store, ida_id: UUID, changes: dict[str, object], field: str
    ) -> None:
        before = User.objects.count()
        with pytest.raises(Invalid) as refused:
            hire_ida(owner, harbour, ida_id, **changes)
        assert field in refused.value.fields
        assert User.objects.count() == before

    @pytest.mark.parametrize(
        ("details", "field"),
        [
            (StaffDetails(full_name="", store_ids=frozenset()), "stores"),
            (StaffDetails(full_name="Ida", store_ids=frozenset({ids.new()})), "stores"),
        ],
    )
    def test_everybody_but_an_admin_works_at_a_store_that_exists(
        self, owner: Actor, harbour: Store, ida_id: UUID, details: StaffDetails, field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            hire_ida(owner, harbour, ida_id, details=details)
        assert field in refused.value.fields

    def test_two_people_do_not_share_an_address(
        self, owner: Actor, harbour: Store, ana: User, ida_id: UUID
    ) -> None:
        details = StaffDetails(
            full_name="Ida", email="ANA@shop.test", store_ids=frozenset({harbour.pk})
        )
        with pytest.raises(Invalid) as refused:
            hire_ida(owner, harbour, ida_id, details=details)
        assert list(refused.value.fields) == ["email"]


class TestChanging:
    def test_details_and_stores_change_and_what_changed_is_on_record(
        self, owner: Actor, ana: User, mill: Store
    ) -> None:
        details = StaffDetails(
            full_name="Ana Moreira", email=ana.email, phone=ana.phone,
            national_id=ana.national_id, language="de", store_ids=frozenset({mill.pk}),
        )  # fmt: skip
        staff.change_staff(user_id=ana.pk, details=details, actor=owner)
        ana.refresh_from_db()
        assert (ana.full_name, ana.language) == ("Ana Moreira", "de")
        assert list(ana.stores.all()) == [mill]
        assert last_event() == (
            "staff.changed",
            str(ana.pk),
            {"full_name": "(personal)", "language": "", "stores": ["HS"]},
            {"full_name": "(personal)", "language": "de", "stores": ["ML"]},
        )

    def test_saving_what_was_there_leaves_no_record(
        self, owner: Actor, ana: User, harbour: Store
    ) -> None:
        before = AuditEvent.objects.count()
        details = StaffDetails(
            full_name=ana.full_name, email=ana.email, phone=ana.phone,
            national_id=ana.national_id, store_ids=frozenset({harbour.pk}),
        )  # fmt: skip
        staff.change_staff(user_id=ana.pk, details=details, actor=owner)
        assert AuditEvent.objects.count() == before

    def test_somebody_unknown_is_not_here(self, owner: Actor) -> None:
        with pytest.raises(NotHere):
            staff.change_role(user_id=ids.new(), role=Role.ADMIN, actor=owner)


class TestRoles:
    def test_a_new_role_ends_every_session_and_is_on_record(self, owner: Actor, ana: User) -> None:
        staff.change_role(user_id=ana.pk, role=Role.MANAGER, actor=owner)
        ana.refresh_from_db()
        assert (ana.role, ana.session_epoch) == ("manager", 2)
        assert last_event() == (
            "staff.role_changed", str(ana.pk), {"role": "cashier"}, {"role": "manager"},
        )  # fmt: skip

    def test_the_role_they_have_already_changes_nothing(self, owner: Actor, ana: User) -> None:
        before = AuditEvent.objects.count()
        staff.change_role(user_id=ana.pk, role=Role.CASHIER, actor=owner)
        ana.refresh_from_db()
        assert ana.session_epoch == 1
        assert AuditEvent.objects.count() == before

    def test_nobody_changes_their_own_role(self, owner: Actor, mara: User, hire: Hire) -> None:
        hire("second", Role.ADMIN)
        with pytest.raises(staff.OwnAccount):
            staff.change_role(user_id=mara.pk, role=Role.CASHIER, actor=owner)
        mara.refresh_from_db()
        assert (mara.role, mara.session_epoch) == ("admin", 1)

    def test_an_admin_who_was_demoted_a_moment_ago_changes_nobody(
        self, owner: Actor, mara: User, ana: User
    ) -> None:
        User.objects.filter(pk=mara.pk).update(role=Role.CASHIER)
        with pytest.raises(NotAllowed):
            staff.change_role(user_id=ana.pk, role=Role.ADMIN, actor=owner)
        ana.refresh_from_db()
        assert ana.role == "cashier"

    def test_the_last_admin_stays_admin_even_for_somebody_who_may_manage_staff(
        self, mara: User, hire: Hire
    ) -> None:
        other = hire("second", Role.ADMIN)
        by_other = read_actor(other)
        User.objects.filter(pk=other.pk).update(is_active=False)
        with pytest.raises(NotAllowed):
            staff.change_role(user_id=mara.pk, role=Role.CASHIER, actor=by_other)
        mara.refresh_from_db()
        assert mara.role == "admin"


class TestLeaving:
    def test_whoever_leaves_is_out_of_sessions_and_tokens(self, owner: Actor, ana: User) -> None:
        token = RefreshToken.objects.create(
            family=ids.new(), user=ana, token_hash="x", epoch=1, expires_at="2030-01-01T00:00Z"
        )
        staff.deactivate_staff(user_id=ana.pk, actor=owner)
        ana.refresh_from_db()
        token.refresh_from_db()
        assert (ana.is_active, ana.session_epoch) == (False, 2)
        assert token.revoked_at is not None
        assert last_event()[:2] == ("staff.deactivated", str(ana.pk))
        assert authenticate(username="ana", password=PASSWORD) is None

    def test_leaving_twice_is_leaving_once(self, owner: Actor, ana: User) -> None:
        staff.deactivate_staff(user_id=ana.pk, actor=owner)
        staff.deactivate_staff(user_id=ana.pk, actor=owner)
        ana.refresh_from_db()
        assert ana.session_epoch == 2
        assert AuditEvent.objects.filter(action="staff.deactivated").count() == 1

    def test_somebody_who_left_can_come_back(self, owner: Actor, ana: User) -> None:
        staff.deactivate_staff(user_id=ana.pk, actor=owner)
        staff.reactivate_staff(user_id=ana.pk, actor=owner)
        ana.refresh_from_db()
        assert (ana.is_active, ana.session_epoch) == (True, 2)
        assert last_event()[0] == "staff.reactivated"

    def test_nobody_closes_their_own_account(self, owner: Actor, mara: User, hire: Hire) -> None:
        hire("second", Role.ADMIN)
        with pytest.raises(staff.OwnAccount):
            staff.deactivate_staff(user_id=mara.pk, actor=owner)
        mara.refresh_from_db()
        assert mara.is_active


class TestPasswords:
    def test_a_new_password_ends_every_session(self, owner: Actor, ana: User) -> None:
        staff.set_password(user_id=ana.pk, password=NEW, actor=owner)
        ana.refresh_from_db()
        assert ana.check_password(NEW)
        assert ana.session_epoch == 2
        assert last_event() == ("staff.password_changed", str(ana.pk), None, None)

    def test_a_weak_one_is_refused_and_the_old_one_stays(self, owner: Actor, ana: User) -> None:
        with pytest.raises(Invalid) as refused:
            staff.set_password(user_id=ana.pk, password="secret", actor=owner)
        ana.refresh_from_db()
        assert "password" in refused.value.fields
        assert ana.check_password(PASSWORD)
        assert ana.session_epoch == 1

    def test_sessions_can_be_ended_without_anything_else(self, owner: Actor, ana: User) -> None:
        staff.end_sessions(user_id=ana.pk, actor=replace(owner))
        ana.refresh_from_db()
        assert (ana.session_epoch, ana.is_active, ana.role) == (2, True, "cashier")
        assert last_event()[0] == "staff.sessions_ended"
