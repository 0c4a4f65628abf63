"""What there is, what it costs, and how much of it is on the shelf."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bench.reference.tables.declared import Base, Counted, Key, Long, Text


class TaxRate(Base):
    __tablename__ = "inventory_taxrate"

    id: Mapped[Key]
    code: Mapped[str]


class TaxPercent(Base):
    __tablename__ = "inventory_taxpercent"

    id: Mapped[Key]
    rate_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_taxrate.id"))
    store_id: Mapped[UUID | None] = mapped_column(ForeignKey("people_store.id"))
    percent: Mapped[Decimal]
    parts: Mapped[list[Any]]
    valid_from: Mapped[date]


class Product(Base):
    __tablename__ = "inventory_product"

    id: Mapped[Key]
    sku: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str]
    limited: Mapped[bool]
    stocked: Mapped[bool]
    active: Mapped[bool]
    markdown_percent: Mapped[Decimal]
    tax_rate_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_taxrate.id"))
    tax_rate: Mapped[TaxRate] = relationship()

    @property
    def by_piece(self) -> bool:
        """Sold in whole pieces only."""
        return self.unit == "each"


class Barcode(Base):
    __tablename__ = "inventory_barcode"

    id: Mapped[Counted]
    lookup: Mapped[str]
    quantity: Mapped[Decimal]
    price: Mapped[Decimal | None]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_product.id"))
    product: Mapped[Product] = relationship()


class Price(Base):
    __tablename__ = "inventory_price"

    id: Mapped[Key]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_product.id"))
    store_id: Mapped[UUID | None] = mapped_column(ForeignKey("people_store.id"))
    currency: Mapped[str]
    amount: Mapped[Decimal]
    valid_from: Mapped[datetime]


class StockLevel(Base):
    __tablename__ = "inventory_stocklevel"

    id: Mapped[Counted]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_product.id"))
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    on_hand: Mapped[Decimal]
    average_cost: Mapped[Decimal]
    strict: Mapped[bool]
    version: Mapped[Long]


class StockHold(Base):
    __tablename__ = "inventory_stockhold"

    id: Mapped[Counted]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_product.id"))
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    quantity: Mapped[Decimal]
    until: Mapped[datetime]


class StockMove(Base):
    __tablename__ = "inventory_stockmove"

    id: Mapped[Counted]
    level_id: Mapped[Long] = mapped_column(ForeignKey("inventory_stocklevel.id"))
    quantity: Mapped[Decimal]
    balance: Mapped[Decimal]
    kind: Mapped[str]
    unit_cost: Mapped[Decimal]
    bin: Mapped[Text]
    reason: Mapped[Text]
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    source_line: Mapped[int]
    who_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    at: Mapped[datetime]
