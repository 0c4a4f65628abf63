"""Two admins who let each other go at the same moment: one of them stays."""

from collections.abc import Callable
from threading import Barrier, BrokenBarrierError, Thread
from uuid import UUID

import pytest
from django.db import connections

from people.access import Actor, read_actor
from people.models import User
from people.permissions import Role
from people.services import staff
from regalpos.errors import NotHere, Refusal
from tests.databases import Database
from tests.factories import a_user

pytestmark = pytest.mark.race

ROUNDS = 5


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stand before the last look, unless a lock holds one of them back."""
    meeting = Barrier(2)
    look = staff._must_leave_an_admin

    def look_together(user: User) -> None:
        look(user)
        try:
            meeting.wait(timeout=0.3)
        except BrokenBarrierError:
            meeting.reset()

    monkeypatch.setattr(staff, "_must_leave_an_admin", look_together)


def let_each_other_go(change: Callable[[UUID, Actor], object]) -> int:
    """How many active admins are left, after two asked at once."""
    admins = [a_user(Role.ADMIN), a_user(Role.ADMIN)]
    actors = [read_actor(admin) for admin in admins]

    def ask(asking: Actor, other: User) -> None:
        try:
            change(other.pk, asking)
        except Refusal:
            pass
        finally:
            connections.close_all()

    pairs = zip(actors, reversed(admins), strict=True)
    threads = [Thread(target=ask, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    left = User.objects.filter(role=Role.ADMIN, is_active=True).count()
    User.objects.filter(role=Role.ADMIN).update(is_active=False)
    return left


def deactivate(user_id: UUID, actor: Actor) -> object:
    return staff.deactivate_staff(user_id=user_id, actor=actor)


@pytest.mark.usefixtures("together")
def test_one_admin_stays(committed_db: Database) -> None:
    assert [let_each_other_go(deactivate) for _ in range(ROUNDS)] == [1] * ROUNDS


@pytest.mark.usefixtures("together")
def test_control_without_the_lock_nobody_stays(
    committed_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_look(user_id: UUID, actor: Actor) -> User:
        found = User.objects.filter(pk=user_id).first()
        if found is None:
            raise NotHere
        return found

    monkeypatch.setattr(staff, "_lock", only_look)
    assert 0 in [let_each_other_go(deactivate) for _ in range(ROUNDS)]
