"""One database and one server for all races, another pair for all their controls."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests import shops
from tests.databases import Bed
from tests.shops import Shop


def provoked[N: (int, Decimal)](attempt: Callable[[], N], *, beyond: int, tries: int = 5) -> N:
    """What a control came to: chance may spare it once or twice, and not for ever."""
    figure = attempt()
    while figure <= beyond and (tries := tries - 1):
        figure = attempt()
    return figure


@pytest.fixture(scope="package")
def sound(bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop as it is."""
    with shops.sound_shop(bed, tmp_path_factory.mktemp("races")) as shop:
        yield shop


@pytest.fixture(scope="package")
def weakened(
    bed: Bed, static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The shop for controls."""
    with shops.weak_shop(bed, tmp_path_factory.mktemp("controls")) as shop:
        yield shop


@pytest.fixture
def shop(sound: Shop, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """The shop as it is, for this test."""
    with shops.in_use(sound, django_db_blocker) as shop:
        yield shop


@pytest.fixture
def weak_shop(weakened: Shop, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """A shop without what `weak_shop.without()` names, for this test."""
    with shops.in_use(weakened, django_db_blocker) as shop:
        yield shop
