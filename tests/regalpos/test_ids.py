"""Ids: in order, never twice, and made as RFC 9562 says."""

import threading
import time
from uuid import RFC_4122, UUID

import pytest

from regalpos import ids


def test_an_id_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000

    made = ids.new()

    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == RFC_4122
    assert before <= made.int >> 80 <= after + 1


def test_ten_thousand_ids_of_a_moment_are_in_order() -> None:
    made = [ids.new() for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == 10_000


def test_their_text_sorts_like_they_do() -> None:
    made = [str(ids.new()) for _ in range(1_000)]

    assert made == sorted(made)


def test_eight_threads_never_get_the_same_id() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]

    def fill(mine: list[UUID]) -> None:
        mine.extend(ids.new() for _ in range(2_000))

    threads = [threading.Thread(target=fill, args=[mine]) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 16_000


def test_a_clock_that_steps_back_does_not_turn_ids_back(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = ids.new()
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_000_000_000)

    later = ids.new()

    assert later > earlier


def test_a_millisecond_that_is_used_up_borrows_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now = ids.new().int >> 80
    monkeypatch.setattr(ids, "_last", (now + 5, (1 << 74) - 1))

    made = ids.new()

    assert made.int >> 80 == now + 6
    assert made.version == 7


def test_the_next_id_cannot_be_guessed() -> None:
    steps = {
        (b.int - a.int) for a, b in zip(*[iter([ids.new() for _ in range(200)])] * 2, strict=True)
    }

    assert len(steps) == 100
