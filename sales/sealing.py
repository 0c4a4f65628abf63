"""The bytes of the journal. Pure: what is hashed is exactly what is kept, never a rendering of it.

A record's payload is canonical JSON (RFC 8785) of an envelope that names its place in the chain,
the record before it and what happened. Its hash is the SHA-256 of those bytes. Amounts are
strings, instants are UTC to the microsecond. No personal data.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from regalpos.canonical import canonical

HASH_VERSION = 1
FIRST = "0" * 64  # What the first record of an epoch follows.


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in which chain a record stands, and what the chain has added up to with it."""

    store: UUID
    register: UUID
    epoch: int
    seq: int
    prev: str
    perpetual_sales: Decimal
    perpetual_returns: Decimal
    perpetual_net: Decimal


@dataclass(frozen=True)
class Sealed:
    payload: bytes
    hash: str


def seal(
    place: Place,
    *,
    series: str,
    business_id: UUID,
    occurred_at: datetime,
    recorded_at: datetime,
    what: Mapping[str, Any],
) -> Sealed:
    """The payload and hash of one record."""
    payload = canonical(
        {
            "version": HASH_VERSION,
            "store": str(place.store),
            "register": str(place.register),
            "epoch": place.epoch,
            "seq": place.seq,
            "prev": place.prev,
            "series": series,
            "business_id": str(business_id),
            "occurred_at": instant(occurred_at),
            "recorded_at": instant(recorded_at),
            "perpetual": {
                "sales": amount(place.perpetual_sales),
                "returns": amount(place.perpetual_returns),
                "net": amount(place.perpetual_net),
            },
            "what": dict(what),
        }
    )
    return Sealed(payload, hash_of(payload))


def hash_of(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def amount(value: Decimal) -> str:
    """A figure as text, the same text for the same figure: no exponent, no trailing zeros."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seal_mark(record_hash: str) -> str:
    """The eight characters on a receipt: with them every customer holds an anchor."""
    mark = record_hash[:8].upper()
    return f"{mark[:4]} {mark[4:]}"
