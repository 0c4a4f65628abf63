"""Names for new rows: UUID version 7 (RFC 9562), which sort by the time they were made."""

import secrets
import threading
import time
from uuid import UUID

_TAIL = 74  # random bits: 12 beside the version, 62 beside the variant
_STEP = 32  # within one millisecond the tail grows by up to 2**32, so the next id stays unguessable

_lock = threading.Lock()
_last = (0, 0)  # the millisecond and the tail that were given out last


def new() -> UUID:
    """A fresh id, greater than every id this process has given out before.

    Safe to call from any thread. A clock that steps back changes nothing: ids go on
    from the last millisecond that was seen.
    """
    global _last
    now = time.time_ns() // 1_000_000
    with _lock:
        millisecond, tail = _last
        if now > millisecond:
            # The top bit starts at 0, which leaves room to grow in this millisecond.
            millisecond, tail = now, secrets.randbits(_TAIL - 1)
        else:
            tail += 1 + secrets.randbits(_STEP)
            if tail >> _TAIL:
                millisecond, tail = millisecond + 1, secrets.randbits(_TAIL - 1)
        _last = (millisecond, tail)
    return _compose(millisecond, tail)


def _compose(millisecond: int, tail: int) -> UUID:
    """The 128 bits of RFC 9562, section 5.7: time, version, 12 bits, variant, 62 bits."""
    high, low = tail >> 62, tail & ((1 << 62) - 1)
    return UUID(int=millisecond << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
