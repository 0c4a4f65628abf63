"""What is remembered about whoever asks, for seconds; and forgotten at once when it ends."""

import threading
import time

import pytest
from pytest_django import Settings

from regalpos.known import Known

ANA, BEN = "user.ana", "user.ben"


@pytest.fixture
def known(settings: Settings) -> Known[str]:
    settings.KNOWN_SECONDS = 3600.0
    return Known(most=3)


def keep(known: Known[str], key: str, *topics: str, until: float | None = None) -> None:
    known.keep(key, f"{key}, as read", topics=topics, mark=known.before_reading(), until=until)


def test_what_was_read_is_found_until_anything_is_said_about_it(known: Known[str]) -> None:
    keep(known, "till", "session.1", ANA)
    keep(known, "tablet", "session.2", ANA)
    keep(known, "desk", "session.3", BEN)
    assert known.find("till") == "till, as read"

    known.hear("session.1", {"type": "force.close"})
    assert (known.find("till"), known.find("tablet")) == (None, "tablet, as read")

    known.hear(ANA, {"type": "force.close"})
    assert (known.find("tablet"), known.find("desk")) == (None, "desk, as read")


def test_it_is_known_for_some_seconds_and_no_longer(
    known: Known[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KNOWN_SECONDS = 5.0
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    keep(known, "till", ANA)
    keep(known, "token", ANA, until=now + 2)

    for later, found in ((1.9, {"till", "token"}), (2.0, {"till"}), (4.9, {"till"}), (5.0, set())):
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        assert {key for key in ("till", "token") if known.find(key)} == found


def test_a_shop_may_remember_nothing(known: Known[str], settings: Settings) -> None:
    settings.KNOWN_SECONDS = 0.0
    keep(known, "till", ANA)

    assert known.find("till") is None
    assert len(known) == 0


def test_the_oldest_goes_first_when_there_are_too_many(known: Known[str]) -> None:
    for key in ("1", "2", "3"):
        keep(known, key)
    keep(known, "1")  # anew
    keep(known, "4")

    assert [key for key in "1234" if known.find(key)] == ["1", "3", "4"]


def test_what_was_read_before_a_change_is_not_kept_after_it(known: Known[str]) -> None:
    mark = known.before_reading()
    as_read = "may sell"  # and now the right is taken away, and announced
    known.drop(ANA)
    known.keep("till", as_read, topics=[ANA], mark=mark)

    assert known.find("till") is None

    keep(known, "till", ANA)  # whoever reads from now on sees the change
    assert known.find("till")


def test_clearing_counts_as_a_change_of_everything(known: Known[str]) -> None:
    keep(known, "desk", BEN)
    mark = known.before_reading()
    known.clear()
    known.keep("till", "may sell", topics=[ANA], mark=mark)

    assert (known.find("desk"), known.find("till")) == (None, None)


def rights_that_outlive_their_end(known: Known[int], changes: int) -> int:
    """How often a reader keeps a version that a change has overtaken, as it looks afterwards.

    Two threads look and keep, as requests do; another changes and announces, as a use case does.
    """
    version, over, stale = [0], threading.Event(), [0]

    def look() -> None:
        while not over.is_set():
            mark = known.before_reading()
            read = version[0]
            time.sleep(0)  # the reading takes a moment, in which the world goes on
            known.keep("till", read, topics=[ANA], mark=mark)

    readers = [threading.Thread(target=look) for _reader in range(2)]
    for reader in readers:
        reader.start()
    for _change in range(changes):
        version[0] += 1
        known.drop(ANA)
        time.sleep(0)
        found = known.find("till")
        stale[0] += found is not None and found < version[0]
    over.set()
    for reader in readers:
        reader.join()
    return stale[0]


def test_no_right_outlives_its_end_however_the_readers_race(settings: Settings) -> None:
    settings.KNOWN_SECONDS = 3600.0

    assert rights_that_outlive_their_end(Known(), 20_000) == 0


def test_control_without_the_mark_one_would(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KNOWN_SECONDS = 3600.0
    known: Known[int] = Known()
    ordinary = Known.keep

    def keep_anyhow(self: Known[int], key: str, value: int, *, mark: int, **how: object) -> None:
        ordinary(self, key, value, mark=self.before_reading(), **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Known, "keep", keep_anyhow)

    assert rights_that_outlive_their_end(known, 20_000) > 0
