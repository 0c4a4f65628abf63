"""What was sold, and how it was paid."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bench.reference.tables.declared import Base, Key, Long, Sum, Text


class SaleAttempt(Base):
    __tablename__ = "sales_saleattempt"

    id: Mapped[Key]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    body: Mapped[dict[str, Any]]
    body_hash: Mapped[str]
    state: Mapped[str]
    answer: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


class ReturnedQuantity(Base):
    __tablename__ = "sales_returnedquantity"

    line_id: Mapped[UUID] = mapped_column(ForeignKey("sales_saleline.id"), primary_key=True)
    sold: Mapped[Decimal]
    returned: Mapped[Sum]


class SaleLine(Base):
    __tablename__ = "sales_saleline"

    id: Mapped[Key]
    sale_id: Mapped[UUID] = mapped_column(ForeignKey("sales_sale.id"))
    number: Mapped[int]
    kind: Mapped[str]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_product.id"))
    description: Mapped[str]
    sku: Mapped[str]
    unit: Mapped[str]
    quantity: Mapped[Decimal]
    list_price: Mapped[Decimal]
    unit_price: Mapped[Decimal]
    price_basis: Mapped[str]
    discount: Mapped[Decimal]
    discount_reason: Mapped[str]
    net: Mapped[Decimal]
    tax_code: Mapped[str]
    tax_percent: Mapped[Decimal]
    tax_parts: Mapped[list[Any]]
    tax: Mapped[Decimal]
    total: Mapped[Decimal]
    cost: Mapped[Decimal]
    reason: Mapped[Text]
    disposition: Mapped[Text]


class Payment(Base):
    __tablename__ = "sales_payment"

    id: Mapped[Key]
    sale_id: Mapped[UUID] = mapped_column(ForeignKey("sales_sale.id"))
    number: Mapped[int]
    tender_id: Mapped[UUID] = mapped_column(ForeignKey("sales_tender.id"))
    amount: Mapped[Decimal]
    handed_over: Mapped[Decimal]
    change: Mapped[Decimal]
    reference: Mapped[str]
    last4: Mapped[str]


class Sale(Base):
    __tablename__ = "sales_sale"

    id: Mapped[Key]
    kind: Mapped[str]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    register_id: Mapped[UUID] = mapped_column(ForeignKey("sales_register.id"))
    shift_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_shift.id"))
    cashier_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    salesman_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    currency: Mapped[str]
    prices_include_tax: Mapped[bool]
    rules_version: Mapped[int]
    epoch: Mapped[int]
    number: Mapped[Long]
    receipt_number: Mapped[str]
    net: Mapped[Decimal]
    tax: Mapped[Decimal]
    discount: Mapped[Decimal]
    total: Mapped[Decimal]
    rounding: Mapped[Decimal]
    payable: Mapped[Decimal]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    business_day: Mapped[date]
    source: Mapped[str]
    body_hash: Mapped[str]
    payments: Mapped[list[Payment]] = relationship(order_by=Payment.number)


class CashMove(Base):
    __tablename__ = "sales_cashmove"

    id: Mapped[Key]
    shift_id: Mapped[UUID] = mapped_column(ForeignKey("sales_shift.id"))
    kind: Mapped[str]
    amount: Mapped[Decimal]
    reason: Mapped[Text]
    sale_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_sale.id"))
    who_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    at: Mapped[datetime]
