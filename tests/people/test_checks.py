"""A shop with demo people in it is not deployed by mistake."""

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from people import checks
from people.models import User

pytestmark = pytest.mark.django_db


def found() -> list[str | None]:
    return [message.id for message in checks.demo_people_stay_in_the_demo()]


def test_real_people_are_welcome(ana: User) -> None:
    assert found() == []


def test_a_demo_person_outside_a_demo_is_an_error(ana: User, settings: Settings) -> None:
    User.objects.filter(pk=ana.pk).update(demo=True)
    settings.DEMO = False
    assert found() == ["people.E001"]
    settings.DEMO = True
    assert found() == []


def test_one_whose_account_is_closed_does_no_harm(ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(demo=True, is_active=False)
    assert found() == []


def test_without_a_database_it_says_that_it_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> list[str]:
        raise DatabaseError("no server")

    monkeypatch.setattr(checks, "demo_people", gone)
    assert found() == ["people.I001"]
