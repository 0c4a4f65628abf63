"""Writing the journal: one record after another, per register."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from regalpos import version
from sales.models import JournalHead, JournalRecord
from sales.sealing import HASH_VERSION, Place, seal

NOTHING = Decimal("0")


def append_record(
    head: JournalHead,
    *,
    store_id: UUID,
    series: str,
    business_id: UUID,
    occurred_at: datetime,
    recorded_at: datetime,
    what: Mapping[str, Any],
    sold: Decimal = NOTHING,
    returned: Decimal = NOTHING,
) -> JournalRecord:
    """The chain is one record longer, and its head has moved on. A step: call it in a transaction.

    `head` was locked by `JournalHead.objects.lock()`, as the last lock of the unit. `sold` and
    `returned` are positive sums that the perpetual totals grow by. Whatever else the caller set on
    the head (receipt and closing numbers) is kept with it. A rollback leaves no gap.
    """
    record = next_record(
        head,
        store_id=store_id,
        series=series,
        business_id=business_id,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        what=what,
        sold=sold,
        returned=returned,
    )
    head.save()
    record.save(force_insert=True)
    return record


def next_record(
    head: JournalHead,
    *,
    store_id: UUID,
    series: str,
    business_id: UUID,
    occurred_at: datetime,
    recorded_at: datetime,
    what: Mapping[str, Any],
    sold: Decimal = NOTHING,
    returned: Decimal = NOTHING,
) -> JournalRecord:
    """The record that follows the head, sealed and to be saved; the head has moved on to it."""
    head.seq += 1
    head.perpetual_sales += sold
    head.perpetual_returns += returned
    head.perpetual_net += sold - returned
    place = Place(
        store=store_id,
        register=head.register_id,
        epoch=head.epoch,
        seq=head.seq,
        prev=head.hash,
        perpetual_sales=head.perpetual_sales,
        perpetual_returns=head.perpetual_returns,
        perpetual_net=head.perpetual_net,
    )
    sealed = seal(
        place,
        series=series,
        business_id=business_id,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        what={**what, "software": version.SOFTWARE},
    )
    head.hash = sealed.hash
    return JournalRecord(
        register_id=head.register_id,
        store_id=store_id,
        epoch=head.epoch,
        seq=head.seq,
        series=series,
        business_id=business_id,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        payload=sealed.payload,
        prev_hash=place.prev,
        hash=sealed.hash,
        hash_version=HASH_VERSION,
        perpetual_sales=place.perpetual_sales,
        perpetual_returns=place.perpetual_returns,
        perpetual_net=place.perpetual_net,
    )
