"""A refresh token that two programs send at the same moment: one of them has stolen it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from people.models import RefreshToken, User
from people.permissions import Role
from people.services import tokens
from tests.databases import Database
from tests.factories import a_store, a_user

pytestmark = [pytest.mark.race, pytest.mark.timeout(60)]

SENDERS = 8
CARELESS = """
UPDATE people_refreshtoken SET used_at = clock_timestamp(), replaced_by = %(successor)s
WHERE token_hash = %(hash)s AND revoked_at IS NULL
RETURNING id
"""


def all_at_once(user: User) -> int:
    """How many of some senders of one token get new ones."""
    first = tokens.NewToken()
    tokens.start_family(user=user, token=first, address="", request_id="")
    start = threading.Barrier(SENDERS)

    def send(_number: int) -> bool:
        start.wait()
        try:
            tokens.rotate(
                secret=first.secret, successor=tokens.NewToken(), address="", request_id=""
            )
        except tokens.TokenRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(SENDERS) as pool:
        return sum(pool.map(send, range(SENDERS)))


def test_one_of_many_at_once_is_first_and_then_all_are_out(committed_db: Database) -> None:
    user = a_user(Role.CASHIER, a_store())

    for _round in range(5):
        assert all_at_once(user) == 1
        assert not RefreshToken.objects.filter(user=user, revoked_at=None).exists()


def test_control_without_the_condition_several_get_in(
    committed_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "USE", CARELESS)
    user = a_user(Role.CASHIER, a_store())

    assert max(all_at_once(user) for _round in range(5)) > 1
