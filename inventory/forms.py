"""What may be said of products and of goods that arrive: plain values, checked one by one."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDetails:
    """All that can be said of a product and may change. Its SKU and its id never do."""

    name: str
    tax_rate_id: UUID
    description: str = ""
    markdown_percent: Decimal = NOTHING
    category_id: UUID | None = None
    brand_id: UUID | None = None
    vendor_id: UUID | None = None
    parent_id: UUID | None = None
    unit: str = "each"
    options: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    limited: bool = False
    stocked: bool = True
    minimum_age: int | None = None
    active: bool = True
