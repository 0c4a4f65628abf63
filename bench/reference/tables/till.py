"""Where selling is done, and the sale being written."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bench.reference.tables.declared import Base, Counted, Key, Text
from bench.reference.tables.inventory import Product
from bench.reference.tables.people import Store


class Register(Base):
    __tablename__ = "sales_register"

    id: Mapped[Key]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    number: Mapped[int]
    name: Mapped[str]
    kind: Mapped[str]
    active: Mapped[bool]
    store: Mapped[Store] = relationship()


class Tender(Base):
    __tablename__ = "sales_tender"

    id: Mapped[Key]
    code: Mapped[str]
    in_drawer: Mapped[bool]
    may_exceed: Mapped[bool]
    refundable: Mapped[bool]
    rounds: Mapped[bool]
    active: Mapped[bool]


class Shift(Base):
    __tablename__ = "sales_shift"

    id: Mapped[Key]
    register_id: Mapped[UUID] = mapped_column(ForeignKey("sales_register.id"))
    cashier_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    closed_at: Mapped[datetime | None]


class CartLine(Base):
    __tablename__ = "sales_cartline"

    id: Mapped[Counted]
    cart_id: Mapped[UUID] = mapped_column(ForeignKey("sales_cart.id"))
    number: Mapped[int]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_product.id"))
    quantity: Mapped[Decimal]
    barcode: Mapped[Text]
    discount_percent: Mapped[Decimal | None]
    discount_reason: Mapped[Text]
    product: Mapped[Product] = relationship()


class Cart(Base):
    __tablename__ = "sales_cart"

    id: Mapped[Key]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    register_id: Mapped[UUID] = mapped_column(ForeignKey("sales_register.id"))
    state: Mapped[str]
    attempt: Mapped[UUID | None]
    changed_at: Mapped[datetime]
    store: Mapped[Store] = relationship()
    lines: Mapped[list[CartLine]] = relationship(order_by=CartLine.number)


class CartStep(Base):
    __tablename__ = "sales_cartstep"

    id: Mapped[Key]
    cart_id: Mapped[UUID] = mapped_column(ForeignKey("sales_cart.id"))
    kind: Mapped[str]
    line: Mapped[int | None]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_product.id"))
    code: Mapped[Text]
    before: Mapped[Decimal]
    after: Mapped[Decimal]
    who_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    at: Mapped[datetime]
    undoes_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_cartstep.id"))
