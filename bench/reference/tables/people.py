"""Who asks, and where they work."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bench.reference.tables.declared import Base, Counted, Key

works_at = Table(
    "people_user_stores",
    Base.metadata,
    Column("user_id", ForeignKey("people_user.id"), primary_key=True),
    Column("store_id", ForeignKey("people_store.id"), primary_key=True),
)


class Store(Base):
    __tablename__ = "people_store"

    id: Mapped[Key]
    code: Mapped[str]
    currency: Mapped[str]
    time_zone: Mapped[str]
    day_ends_at: Mapped[int]
    active: Mapped[bool]

    def business_day(self, at: datetime) -> date:
        """Local time less the cut-off hour."""
        local = at.astimezone(UTC).astimezone(ZoneInfo(self.time_zone))
        return (local - timedelta(hours=self.day_ends_at)).date()


class StoreRules(Base):
    __tablename__ = "people_storerules"

    id: Mapped[Key]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("people_store.id"))
    version: Mapped[int]
    valid_from: Mapped[datetime]
    prices_include_tax: Mapped[bool]
    cash_step: Mapped[Decimal]
    discount_limits: Mapped[dict[str, Any]]
    shared_drawers: Mapped[bool]

    def discount_limit(self, role: str) -> Decimal:
        """The largest percent off a line that a role may give alone."""
        return Decimal(str(self.discount_limits.get(role, "100" if role == "admin" else "0")))


class User(Base):
    __tablename__ = "people_user"

    id: Mapped[Key]
    password: Mapped[str]
    role: Mapped[str]
    session_epoch: Mapped[int]
    is_active: Mapped[bool]
    stores: Mapped[list[Store]] = relationship(secondary=works_at)


class UserSession(Base):
    """A browser's session as Django keeps it."""

    __tablename__ = "django_session"

    session_key: Mapped[str] = mapped_column(primary_key=True)
    session_data: Mapped[str]
    expire_date: Mapped[datetime]


class SignIn(Base):
    """Whose a session is, by name."""

    __tablename__ = "usersessions_usersession"

    id: Mapped[Counted]
    session_key: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))


class RefreshToken(Base):
    __tablename__ = "people_refreshtoken"

    id: Mapped[Key]
    family: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("people_user.id"))
    revoked_at: Mapped[datetime | None]
