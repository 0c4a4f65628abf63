"""One world for all the cells of a matrix: every knock is undone, so it is built once a module."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.house import access_world
from tests.house.access_world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Two stores, everybody in every state of a session; gone with the module."""
    with django_db_blocker.unblock():
        with access_world.undone():
            world = access_world.build()
            yield world
        transaction.get_connection().close()
