"""Two shops and the people in them: Mara owns, Ben manages the first, Ana and Tom work there."""

from collections.abc import Callable

import pytest
from django.test import Client

from people.access import Actor, read_actor
from people.forms import StaffDetails
from people.models import Store, User
from people.permissions import Role
from people.services.staff import add_person
from regalpos import ids, live

PASSWORD = "harbour-lantern-9"

type Hire = Callable[..., User]


@pytest.fixture
def harbour(db: None) -> Store:
    return Store.objects.create(code="HS", name="Harbour Street", currency="EUR")


@pytest.fixture
def mill(db: None) -> Store:
    return Store.objects.create(code="ML", name="Mill Lane", currency="GBP")


@pytest.fixture
def hire(harbour: Store) -> Hire:
    """Somebody who can sign in with PASSWORD; works at Harbour Street unless told otherwise."""

    def hire(username: str, role: Role, *stores: Store, **details: str) -> User:
        store_ids = frozenset(store.pk for store in stores or (harbour,))
        said = {"full_name": username.title(), **details}
        return add_person(
            user_id=ids.new(),
            username=username,
            role=role,
            details=StaffDetails(store_ids=store_ids, **said),
            password=PASSWORD,
            actor=None,
        )

    return hire


@pytest.fixture
def mara(hire: Hire) -> User:
    return hire("mara", Role.ADMIN)


@pytest.fixture
def ben(hire: Hire) -> User:
    return hire("ben", Role.MANAGER)


@pytest.fixture
def ana(hire: Hire) -> User:
    return hire("ana", Role.CASHIER, phone="0151 000", national_id="AB-123", email="ana@shop.test")


@pytest.fixture
def tom(hire: Hire) -> User:
    return hire("tom", Role.EMPLOYEE)


@pytest.fixture
def owner(mara: User) -> Actor:
    return read_actor(mara, address="192.0.2.7", request_id="r-1")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which this person is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was said to open screens: topic and event, in order."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(live, "_send", lambda topic, said: heard.append((topic, said["type"])))
    return heard
