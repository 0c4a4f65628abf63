"""Sums that are kept as sales come."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bench.reference.tables.declared import Base, Count, Counted, Sum
from bench.reference.tables.till import Shift


class ShiftTotals(Base):
    __tablename__ = "sales_shifttotals"

    shift_id: Mapped[UUID] = mapped_column(ForeignKey("sales_shift.id"), primary_key=True)
    sales: Mapped[Count]
    net: Mapped[Sum]
    tax: Mapped[Sum]
    discount: Mapped[Sum]
    total: Mapped[Sum]
    rounding: Mapped[Sum]
    expected_cash: Mapped[Sum]
    shift: Mapped[Shift] = relationship()


class ShiftTender(Base):
    __tablename__ = "sales_shifttender"

    id: Mapped[Counted]
    shift_id: Mapped[UUID] = mapped_column(ForeignKey("sales_shift.id"))
    tender_id: Mapped[UUID] = mapped_column(ForeignKey("sales_tender.id"))
    payments: Mapped[Count]
    amount: Mapped[Sum]


class RegisterDay(Base):
    __tablename__ = "sales_registerday"

    id: Mapped[Counted]
    register_id: Mapped[UUID] = mapped_column(ForeignKey("sales_register.id"))
    business_day: Mapped[date]
    sales: Mapped[Count]
    returns: Mapped[Count]
    net: Mapped[Sum]
    tax: Mapped[Sum]
    discount: Mapped[Sum]
    total: Mapped[Sum]
    payable: Mapped[Sum]
    refunded: Mapped[Sum]


class ProductDay(Base):
    __tablename__ = "sales_productday"

    id: Mapped[Counted]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_product.id"))
    business_day: Mapped[date]
    sold: Mapped[Sum]
    returned: Mapped[Sum]
    net: Mapped[Sum]
    tax: Mapped[Sum]
    discount: Mapped[Sum]
    total: Mapped[Sum]
    cost: Mapped[Sum]
