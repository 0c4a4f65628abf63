"""The figures of a basket: what is asked, what each line costs, what it all comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from regalpos.money import NO_MONEY


class Unpriceable(ValueError):
    """What was asked has no price: `line` is its number (0: the whole bill), `field` what is wrong.

    Not yet a refusal: whoever asked decides whether this is bad input or a fault of ours.
    """

    def __init__(self, line: int, field: str, reason: str) -> None:
        super().__init__(f"Line {line}, {field}: {reason}.")
        self.line, self.field, self.reason = line, field, reason


@dataclass(frozen=True)
class TaxPart:
    """A named part of a tax: state and city, each with its percent and its tax."""

    name: str
    percent: Decimal
    tax: Decimal = NO_MONEY

    @classmethod
    def from_json(cls, row: Mapping[str, object]) -> "TaxPart":
        # By way of text: a percent that somebody wrote as a JSON number is a float by now.
        return cls(str(row["name"]), Decimal(str(row["percent"])), Decimal(str(row.get("tax", 0))))

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "percent": str(self.percent), "tax": str(self.tax)}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One line as it is asked for, with the server's prices and taxes and nothing computed.

    `label_price` is what a price-embedded label says for the whole line; it wins over the unit
    price. `override_price` is a unit price. Discounts are positive whatever the sign of the line.
    """

    number: int
    quantity: Decimal
    list_price: Decimal
    tax_percent: Decimal
    tax_code: str
    product_id: UUID | None = None
    sku: str = ""
    description: str = ""
    unit: str = ""
    tax_parts: tuple[TaxPart, ...] = ()
    markdown_percent: Decimal = NO_MONEY
    label_price: Decimal | None = None
    override_price: Decimal | None = None
    override_reason: str = ""
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_reason: str = ""
    cost: Decimal = NO_MONEY
    limited: bool = False
    stocked: bool = True


@dataclass(frozen=True, kw_only=True)
class PricedLine(Ask):
    """A line with every figure that a receipt shows and a ledger keeps.

    total = net + tax. `gross` is unit price x quantity, or the label, before the discount;
    gross - discount is the total where prices include tax, else the net.
    """

    price_basis: Literal["unit", "label"]
    unit_price: Decimal
    gross: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True)
class TaxTotal:
    """What a bill holds of one tax code and percent."""

    code: str
    percent: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Lines and their exact sums. `cash_payable` is the total as coins pay it, all in cash."""

    currency: str
    inclusive: bool
    lines: tuple[PricedLine, ...]
    net: Decimal
    tax: Decimal
    discount: Decimal
    total: Decimal
    cash_payable: Decimal
    taxes: tuple[TaxTotal, ...]
