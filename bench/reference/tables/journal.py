"""The tamper-evident journal."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bench.reference.tables.declared import Base, Counted, Long


class JournalHead(Base):
    __tablename__ = "sales_journalhead"

    register_id: Mapped[UUID] = mapped_column(ForeignKey("sales_register.id"), primary_key=True)
    epoch: Mapped[int]
    seq: Mapped[Long]
    hash: Mapped[str]
    last_receipt: Mapped[Long]
    perpetual_sales: Mapped[Decimal]
    perpetual_returns: Mapped[Decimal]
    perpetual_net: Mapped[Decimal]


class JournalRecord(Base):
    __tablename__ = "sales_journalrecord"

    id: Mapped[Counted]
    register_id: Mapped[UUID] = mapped_column(ForeignKey("sales_register.id"))
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    epoch: Mapped[int]
    seq: Mapped[Long]
    series: Mapped[str]
    business_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    payload: Mapped[bytes]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    hash_version: Mapped[int]
    perpetual_sales: Mapped[Decimal]
    perpetual_returns: Mapped[Decimal]
    perpetual_net: Mapped[Decimal]
