"""A checkout as the services know it, and the one document that means it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from regalpos.shapes import plain


@dataclass(frozen=True)
class LineBody:
    """One line as asked for: what, how much, and what a person changed about its price.

    A return names the line it takes back; then the quantity is negative and the product known.
    """

    product: UUID | None
    barcode: str | None
    quantity: Decimal
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_reason: str = ""
    price: Decimal | None = None
    price_reason: str = ""
    returns: UUID | None = None
    reason: str = ""
    disposition: str = ""

    def document(self) -> dict[str, Any]:
        """The line as it travels, every field in its place."""
        return {
            "product": _id(self.product),
            "barcode": self.barcode,
            "quantity": plain(self.quantity),
            "discount": self._discount(),
            "price": None
            if self.price is None
            else {"amount": plain(self.price), "reason": self.price_reason},
            "returns": _id(self.returns),
            "reason": self.reason,
            "disposition": self.disposition,
        }

    def _discount(self) -> dict[str, str] | None:
        if self.discount_percent is not None:
            return {"percent": plain(self.discount_percent), "reason": self.discount_reason}
        if self.discount_amount is not None:
            return {"amount": plain(self.discount_amount), "reason": self.discount_reason}
        return None


@dataclass(frozen=True)
class PaymentBody:
    """What was handed over in one tender, by its code. Money paid back is negative."""

    tender: str
    amount: Decimal
    reference: str = ""
    last4: str = ""

    def document(self) -> dict[str, Any]:
        """The payment as it travels."""
        return {
            "tender": self.tender,
            "amount": plain(self.amount),
            "reference": self.reference,
            "last4": self.last4,
        }


@dataclass(frozen=True)
class SaleBody:
    """A whole checkout: where, what, how it is paid, and the total the customer was told."""

    register: UUID
    lines: tuple[LineBody, ...]
    payments: tuple[PaymentBody, ...]
    shown_total: Decimal
    customer: UUID | None = None
    salesman: UUID | None = None
    quote: UUID | None = None
    approvals: tuple[UUID, ...] = ()

    def document(self) -> dict[str, Any]:
        """The one form that is kept and hashed; `parse_sale` reads it back to an equal body."""
        return {
            "register": str(self.register),
            "lines": [line.document() for line in self.lines],
            "payments": [payment.document() for payment in self.payments],
            "customer": _id(self.customer),
            "salesman": _id(self.salesman),
            "quote": _id(self.quote),
            "shown_total": plain(self.shown_total),
            "approvals": sorted(str(approval) for approval in self.approvals),
        }


@dataclass(frozen=True)
class QuoteBody:
    """What a bill is asked for: the same lines as a sale's, and nobody has paid yet."""

    register: UUID
    lines: tuple[LineBody, ...]
    customer: UUID | None = None

    def document(self) -> dict[str, Any]:
        """The form that is kept and hashed."""
        return {
            "register": str(self.register),
            "lines": [line.document() for line in self.lines],
            "customer": _id(self.customer),
        }


def differing(kept: dict[str, Any], sent: dict[str, Any]) -> dict[str, list[str]]:
    """The fields in which two documents differ, for `body_mismatch`: `lines.0.quantity`."""
    paths = sorted(_differing(kept, sent))
    return {path: [_("It differs from what was sent before under this id.")] for path in paths}


def _differing(kept: Any, sent: Any, path: str = "") -> set[str]:
    if isinstance(kept, dict) and isinstance(sent, dict):
        pairs = [(key, kept.get(key), sent.get(key)) for key in kept.keys() | sent.keys()]
    elif isinstance(kept, list) and isinstance(sent, list) and len(kept) == len(sent):
        pairs = [(str(i), *both) for i, both in enumerate(zip(kept, sent, strict=True))]
    else:
        return {path} if kept != sent else set()
    return {
        found
        for key, one, other in pairs
        for found in _differing(one, other, f"{path}.{key}" if path else key)
    }


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
