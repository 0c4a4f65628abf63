"""Tries, counted in the database: they outlive a restart and hold for every process at once."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from people.models import Throttle


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` of one thing in one `window`, which starts with the first."""

    name: str
    tries: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Count:
    """Where a limit stands after one more try."""

    left: int
    retry_after: int  # seconds until the window ends

    @property
    def exceeded(self) -> bool:
        return self.left < 0


# The clock of the one database: processes need not agree on the time.
COUNT = """
INSERT INTO people_throttle AS kept (key, window_started_at, tries)
VALUES (%(key)s, clock_timestamp(), 1)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN kept.window_started_at <= clock_timestamp() - %(window)s
        THEN 1 ELSE least(kept.tries, 1000000) + 1 END,
    window_started_at = CASE WHEN kept.window_started_at <= clock_timestamp() - %(window)s
        THEN clock_timestamp() ELSE kept.window_started_at END
RETURNING tries, window_started_at + %(window)s - clock_timestamp()
"""


def count_try(limit: Limit, subject: str) -> Count:
    """One more try is counted, whatever comes of it. One statement, in no transaction of ours."""
    values: Any = {"key": _key(limit, subject), "window": limit.window}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        tries, remaining = cursor.fetchone()
    return Count(limit.tries - tries, max(1, round(remaining.total_seconds())))


def forget_tries(limit: Limit, subject: str) -> None:
    """The count starts anew: whoever tried has shown that they may."""
    Throttle.objects.filter(key=_key(limit, subject)).delete()


def give_back_try(limit: Limit, subject: str) -> None:
    """One try was a good one and does not count; those of others beside it do."""
    Throttle.objects.filter(key=_key(limit, subject), tries__gt=0).update(tries=F("tries") - 1)


def drop_old_tries(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Windows that ended long ago are gone; returns how many."""
    ended = datetime.now(UTC) - older_than
    return Throttle.objects.filter(window_started_at__lt=ended).delete()[0]


def _key(limit: Limit, subject: str) -> str:
    # Hashed: what was typed as a name may have been a password.
    return f"{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
