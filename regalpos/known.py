"""What was looked up a moment ago about whoever asks, so that the next request need not.

An entry lives for a few seconds at most. It is dropped at once when something is announced about
what it was read from: in this process in the very thread that committed it, in every other by the
topic `identity` of the channel layer. Should that layer be deaf, the seconds are the limit.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

MOST = 4096  # entries; a person at a till has one


@dataclass(frozen=True, slots=True)
class _Entry[T]:
    value: T
    until: float  # by time.time(), as whatever may end sooner counts
    topics: frozenset[str]


class Known[T]:
    """Values by key, each with the topics on which its end would be announced. For any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._entries: dict[str, _Entry[T]] = {}
        self._lock = threading.Lock()
        self._drops = 0

    def find(self, key: str) -> T | None:
        """What is kept under `key` and still holds."""
        entry = self._entries.get(key)
        return entry.value if entry is not None and time.time() < entry.until else None

    def before_reading(self) -> int:
        """A mark to hand to `keep`: what is read after it may already be on its way out."""
        return self._drops

    def keep(
        self, key: str, value: T, *, topics: Iterable[str], mark: int, until: float | None = None
    ) -> None:
        """Kept for `settings.KNOWN_SECONDS`, and not beyond `until`.

        Not kept if anything was dropped since `mark`: the value may be from before that.
        """
        end = time.time() + settings.KNOWN_SECONDS
        entry = _Entry(value, end if until is None else min(end, until), frozenset(topics))
        with self._lock:
            if mark != self._drops or settings.KNOWN_SECONDS <= 0:
                return
            self._entries.pop(key, None)
            self._entries[key] = entry  # the newest stands last
            while len(self._entries) > self._most:
                del self._entries[next(iter(self._entries))]

    def drop(self, topic: str) -> None:
        """Nothing that was read from what `topic` is about is known any more."""
        with self._lock:
            self._drops += 1
            for key in [key for key, one in self._entries.items() if topic in one.topics]:
                del self._entries[key]

    def clear(self) -> None:
        """Nothing is known."""
        with self._lock:
            self._drops += 1
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def hear(self, topic: str, message: dict[str, Any]) -> None:
        """Something was announced about a person or a sign-in, in whichever process."""
        self.drop(topic)

    def missed(self, group: str) -> None:
        """Something may have been announced and not heard."""
        self.clear()
