"""Two shops, the people in them, and a few things on the shelves of the first."""

from collections.abc import Callable

import pytest
from django.test import Client

from inventory.models import Product
from people.access import Actor
from people.models import Store, User
from people.permissions import Role
from tests import factories


@pytest.fixture
def harbour(db: None) -> Store:
    return factories.a_store("HS")


@pytest.fixture
def mill(db: None) -> Store:
    return factories.a_store("ML", currency="GBP")


@pytest.fixture
def manager(harbour: Store) -> Actor:
    return factories.a_manager(harbour)


@pytest.fixture
def bread(harbour: Store) -> Product:
    return factories.a_product("Rye sourdough 800 g", sku="BK-0003")


@pytest.fixture
def candle(harbour: Store) -> Product:
    """Limited: it cannot be sold beyond what is on hand."""
    return factories.a_product("Beeswax candle", sku="HM-0077", limited=True)


@pytest.fixture
def signed_in(harbour: Store) -> Callable[..., Client]:
    """A browser in which somebody of this role is signed in, at Harbour Street or elsewhere."""

    def signed_in(role: Role, *stores: Store) -> Client:
        return browser_of(factories.a_user(role, *(stores or (harbour,))))

    return signed_in


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
