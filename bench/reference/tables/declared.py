"""How Python's types stand in the database, and the kinds of columns that come again and again."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, Numeric
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, mapped_column

from regalpos import ids


class Base(DeclarativeBase):
    """Every table's parent."""

    type_annotation_map = {
        datetime: TIMESTAMP(timezone=True),
        Decimal: Numeric(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


Key = Annotated[UUID, mapped_column(primary_key=True, default=ids.new)]
Counted = Annotated[int, mapped_column(BigInteger, primary_key=True)]
Sum = Annotated[Decimal, mapped_column(default=Decimal(0))]
Count = Annotated[int, mapped_column(default=0)]
Long = Annotated[int, mapped_column(BigInteger)]
Text = Annotated[str, mapped_column(default="")]
