"""Does the journal hold? Gaps, breaks, cut tails, rewrites, and books that say something else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import batched
from operator import attrgetter
from typing import Any

from django.db.models import F, Q

from sales.models import JournalHead, JournalRecord, Sale
from sales.sealing import FIRST, HASH_VERSION, amount, hash_of, instant
from sales.services.answers import money

NOTHING = Decimal(0)
BATCH = 1000


@dataclass(frozen=True)
class Break:
    """The first record of a chain that does not hold, and why."""

    register: str
    epoch: int
    seq: int
    why: str


@dataclass(frozen=True)
class Verdict:
    records: int
    chains: int
    breaks: list[Break]

    @property
    def holds(self) -> bool:
        return not self.breaks


def check_journal() -> Verdict:
    """Read every chain from its first record to its head. One break a chain: the first."""
    heads = list(JournalHead.objects.select_related("register").order_by("register_id"))
    checks = [ChainCheck(head) for head in heads]
    breaks = [found for check in checks if (found := check.first_break())]
    return Verdict(sum(check.seen for check in checks), len(heads), breaks)


class ChainCheck:
    """One register's chain, walked once. Keeps what the next record must follow from."""

    def __init__(self, head: JournalHead) -> None:
        self.head = head
        self.seen = 0
        self.epoch, self.seq, self.prev = 1, 0, FIRST
        self.sales = self.returns = NOTHING

    def first_break(self) -> Break | None:
        for record, sale in self._records():
            if why := self._wrong_with(record, sale):
                return Break(str(self.head.register_id), record.epoch, record.seq, why)
            self._follow(record)
        if why := self._wrong_with_head():
            return Break(str(self.head.register_id), self.epoch, self.seq, why)
        return None

    def _records(self) -> Iterator[tuple[JournalRecord, Sale | None]]:
        """The chain in order, each record with the sale it speaks of, a batch at a time.

        As far as the head that was read: a shop that sells meanwhile adds to both.
        """
        epoch, seq = self.head.epoch, self.head.seq
        known = Q(epoch__lt=epoch) | Q(epoch=epoch, seq__lte=seq)
        records = JournalRecord.objects.filter(known, register_id=self.head.register_id)
        in_order = records.order_by("epoch", "seq").iterator(chunk_size=BATCH)
        for batch in batched(in_order, BATCH):
            sales = Sale.objects.prefetch_related("lines", "payments__tender").in_bulk(
                [record.business_id for record in batch]
            )
            yield from ((record, sales.get(record.business_id)) for record in batch)

    def _wrong_with(self, record: JournalRecord, sale: Sale | None) -> str:
        """Why this record does not follow from the one before it, or nothing."""
        payload = bytes(record.payload)
        if record.epoch == self.epoch + 1:
            self.epoch, self.seq, self.prev = record.epoch, 0, FIRST
        if (record.epoch, record.seq) != (self.epoch, self.seq + 1):
            return f"expected number {self.seq + 1}: records are missing or out of order"
        if hash_of(payload) != record.hash:
            return "its bytes are not those that were sealed"
        if record.prev_hash != self.prev:
            return "it does not follow the record before it"
        said = json.loads(payload)
        if said != {**said, **_envelope(record)}:
            return "its columns differ from what was sealed"
        return self._wrong_sums(record, said["what"]) or _wrong_projection(sale, said["what"])

    def _wrong_sums(self, record: JournalRecord, what: dict[str, Any]) -> str:
        lines = [Decimal(line["total"]) for line in what.get("lines", [])]
        sales = self.sales + sum((total for total in lines if total > 0), NOTHING)
        returns = self.returns - sum((total for total in lines if total < 0), NOTHING)
        kept = (record.perpetual_sales, record.perpetual_returns, record.perpetual_net)
        return "" if kept == (sales, returns, sales - returns) else "its totals do not add up"

    def _follow(self, record: JournalRecord) -> None:
        self.seen += 1
        self.epoch, self.seq, self.prev = record.epoch, record.seq, record.hash
        self.sales, self.returns = record.perpetual_sales, record.perpetual_returns

    def _wrong_with_head(self) -> str:
        head = self.head
        if (head.epoch, head.seq, head.hash) != (self.epoch, self.seq, self.prev):
            return "the head says otherwise: the tail was cut or the head was moved"
        if (head.perpetual_sales, head.perpetual_returns) != (self.sales, self.returns):
            return "the head's perpetual totals are not the last record's"
        # In one statement, so that head and records are of one moment.
        epoch, seq = F("register__journal__epoch"), F("register__journal__seq")
        beyond = Q(epoch__gt=epoch) | Q(epoch=epoch, seq__gt=seq)
        records = JournalRecord.objects.filter(beyond, register_id=head.register_id)
        return "records stand beyond the head: it was moved back" if records.exists() else ""


def _envelope(record: JournalRecord) -> dict[str, Any]:
    return {
        "version": HASH_VERSION,
        "store": str(record.store_id),
        "register": str(record.register_id),
        "epoch": record.epoch,
        "seq": record.seq,
        "prev": record.prev_hash,
        "series": record.series,
        "business_id": str(record.business_id),
        "occurred_at": instant(record.occurred_at),
        "recorded_at": instant(record.recorded_at),
        "perpetual": {
            "sales": amount(record.perpetual_sales),
            "returns": amount(record.perpetual_returns),
            "net": amount(record.perpetual_net),
        },
    }


def _wrong_projection(sale: Sale | None, what: dict[str, Any]) -> str:
    """Whether the sale's own rows still say what was sealed."""
    if what.get("event") != "sale.posted":
        return ""
    if sale is None:
        return "its sale is gone"
    return "" if _told(sale) == _sealed(what) else "the sale's rows differ from what was sealed"


def _told(sale: Sale) -> dict[str, Any]:
    """What the rows of a sale say, in the words of the journal."""
    currency = sale.currency
    return {
        "receipt_number": sale.receipt_number,
        "kind": sale.kind,
        "currency": currency,
        "cashier": str(sale.cashier_id),
        "totals": [
            money(value, currency)
            for value in (sale.net, sale.tax, sale.discount, sale.total, sale.payable)
        ],
        "lines": [
            (line.number, line.description, amount(line.quantity), money(line.total, currency))
            for line in sorted(sale.lines.all(), key=attrgetter("number"))
        ],
        "payments": [
            (payment.tender.code, money(payment.amount, currency))
            for payment in sorted(sale.payments.all(), key=attrgetter("number"))
        ],
    }


def _sealed(what: dict[str, Any]) -> dict[str, Any]:
    totals = what["totals"]
    return {
        **{name: what[name] for name in ("receipt_number", "kind", "currency", "cashier")},
        "totals": [totals[name] for name in ("net", "tax", "discount", "total", "payable")],
        "lines": [
            (line["number"], line["description"], line["quantity"], line["total"])
            for line in what["lines"]
        ],
        "payments": [(row["tender"], row["amount"]) for row in what["payments"]],
    }
