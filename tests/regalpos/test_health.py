"""What the processes say about themselves, to whoever sends people to them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from regalpos import health, lanes
from regalpos.errors import Busy
from tests.databases import Database

pytestmark = pytest.mark.urls("tests.regalpos.doors")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    health._migrated = False
    yield
    health._migrated = health.draining = False


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*args: object, **kwargs: object) -> Any:
        raise Busy

    monkeypatch.setattr(lanes, "run", busy)


class DeadLayer:
    def __init__(self, **config: object) -> None:
        pass

    async def group_send(self, group: str, message: object) -> None:
        raise ConnectionError("no Redis here")


def checks(client: Client) -> tuple[int, dict[str, bool]]:
    response = client.get("/health/ready")
    return response.status_code, response.json()["checks"]


def test_alive_is_alive_without_a_database(client: Client, no_database: None) -> None:
    response = client.get("/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_alive_asks_nobody(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        client.get("/health")


@pytest.mark.django_db
def test_the_database_answers(client: Client) -> None:
    assert client.get("/health/db").status_code == 200


def test_a_silent_database_is_503(client: Client, no_database: None) -> None:
    response = client.get("/health/db")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "checks": {"database": False}}


@pytest.mark.django_db
def test_an_open_shop_is_ready(client: Client) -> None:
    assert checks(client) == (
        200,
        {"open": True, "database": True, "migrations": True, "live": True},
    )


def test_an_unmigrated_database_is_not_ready(client: Client, committed_db: Database) -> None:
    with committed_db.connect("owner", autocommit=True) as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    status, said = checks(client)

    assert status == 503
    assert (said["database"], said["migrations"]) == (True, False)


@pytest.mark.django_db
def test_a_process_that_is_stopping_is_not_ready(client: Client) -> None:
    health.draining = True

    status, said = checks(client)

    assert (status, said["open"]) == (503, False)


@pytest.mark.django_db
def test_a_dead_layer_is_a_warning_and_the_shop_sells(client: Client, settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.DeadLayer"}}

    response = client.get("/health/ready")

    assert (response.status_code, response.json()) == (
        200,
        {
            "status": "ok",
            "checks": {"open": True, "database": True, "migrations": True, "live": False},
            "warnings": ["live"],
        },
    )


def test_without_a_database_nothing_else_is_asked_of_it(client: Client, no_database: None) -> None:
    assert checks(client) == (
        503,
        {"open": True, "database": False, "migrations": False, "live": True},
    )
