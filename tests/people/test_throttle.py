"""Tries are counted in the database: per subject, per window, by every process alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import F

from people.models import Throttle
from people.services.throttle import (
    Limit,
    count_try,
    drop_old_tries,
    forget_tries,
    give_back_try,
)
from tests.databases import Database

THREE = Limit("three", tries=3, window=timedelta(minutes=5))


def let_time_pass(minutes: int) -> None:
    Throttle.objects.update(window_started_at=F("window_started_at") - timedelta(minutes=minutes))


@pytest.mark.django_db
class TestCounting:
    def test_each_try_leaves_one_less_until_there_is_none(self) -> None:
        counts = [count_try(THREE, "ana") for _ in range(4)]
        assert [count.left for count in counts] == [2, 1, 0, -1]
        assert [count.exceeded for count in counts] == [False, False, False, True]
        assert all(298 <= count.retry_after <= 300 for count in counts)

    def test_subjects_and_limits_are_counted_apart(self) -> None:
        other = Limit("other", tries=3, window=timedelta(minutes=5))
        count_try(THREE, "ana")
        assert count_try(THREE, "tom").left == 2
        assert count_try(other, "ana").left == 2

    def test_a_window_ends_and_the_next_begins_anew(self) -> None:
        for _ in range(4):
            count_try(THREE, "ana")
        let_time_pass(4)
        assert count_try(THREE, "ana").exceeded
        let_time_pass(1)
        assert count_try(THREE, "ana").left == 2

    def test_trying_on_does_not_make_the_wait_longer(self) -> None:
        count_try(THREE, "ana")
        let_time_pass(3)
        assert count_try(THREE, "ana").retry_after <= 120

    def test_whoever_has_shown_that_they_may_starts_anew(self) -> None:
        count_try(THREE, "ana")
        forget_tries(THREE, "ana")
        assert count_try(THREE, "ana").left == 2

    def test_a_good_try_is_given_back_and_never_more(self) -> None:
        count_try(THREE, "ana")
        give_back_try(THREE, "ana")
        give_back_try(THREE, "ana")
        assert count_try(THREE, "ana").left == 2

    def test_what_was_typed_is_not_kept(self) -> None:
        count_try(THREE, "my-secret-password")
        assert "secret" not in Throttle.objects.get().key

    def test_old_windows_are_dropped(self) -> None:
        count_try(THREE, "ana")
        assert drop_old_tries() == 0
        let_time_pass(60 * 25)
        count_try(THREE, "tom")
        assert drop_old_tries() == 1
        assert Throttle.objects.count() == 1


@pytest.mark.race
def test_tries_at_the_same_moment_are_all_counted(committed_db: Database) -> None:
    def attempt(_number: int) -> int:
        try:
            return count_try(THREE, "ana").left
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        left = list(pool.map(attempt, range(24)))
    assert sorted(left, reverse=True) == list(range(2, -22, -1))
