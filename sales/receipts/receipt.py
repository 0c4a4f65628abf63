"""What stands on a receipt, ready to be written out: no rows, no queries, nothing to work out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sales.receipts.bars import Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One line as the customer reads it.

    `amount` is before the discount, with tax where prices include it. `unit_price` is None where
    it does not make the amount: a single piece, a pack or a label with a price of its own.
    """

    name: str
    quantity: Decimal  # never negative; `returned` says which way it went
    unit: str
    by_piece: bool
    unit_price: Decimal | None
    amount: Decimal
    discount: Decimal  # as it changes the amount: below zero, or above it when it comes back
    letter: str
    returned: bool = False
    returned_from: str = ""  # the receipt that it was bought on


@dataclass(frozen=True, slots=True)
class TaxShare:
    """One of the taxes that a rate is made of."""

    name: str
    rate: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTax:
    """All that was taxed at one rate. `rate` is 0.23 for 23 percent."""

    letter: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    parts: tuple[TaxShare, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptTender:
    """What was handed over in one tender; below zero: paid back."""

    name: str
    last4: str
    handed_over: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A posted sale in the words of its store: its language, currency and clock."""

    id: UUID
    number: str
    is_return: bool
    language: str
    currency: str
    inclusive: bool
    store: str
    address: tuple[str, ...]
    tax_number: str
    header: tuple[str, ...]
    footer: tuple[str, ...]
    till: str
    cashier: str
    at: datetime  # the store's clock, without a zone, so that no reader's zone moves it
    lines: tuple[ReceiptLine, ...]
    net: Decimal
    tax: Decimal
    total: Decimal
    rounding: Decimal
    payable: Decimal
    tenders: tuple[ReceiptTender, ...]
    change: Decimal
    taxes: tuple[ReceiptTax, ...]
    bars: Bars
    seal: str

    @property
    def paid_back(self) -> Decimal | None:
        """What the customer got, where more came back than was bought."""
        return -self.payable if self.payable < 0 else None
