"""What a checkout asks for, read strictly: from the API, from a frozen cart, from a kept attempt.

`parse_sale` is the one reader. `document()` is the one writing: the same meaning gives the same
document, whatever the zeros behind a point or the fields left out, so its digest tells a resend
from another sale under the same id.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field, model_validator

from regalpos.shapes import (
    Amount,
    Line,
    Percent,
    Quantity,
    Shape,
    UnitPrice,
    UnsignedAmount,
    plain,
    read,
    wrong,
)

MOST_LINES = 400
MOST_PAYMENTS = 20
MOST_APPROVALS = 20


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


def parse_sale(raw: object) -> SaleBody:
    """The checkout that this value asks for. Invalid, naming each wrong field, if it cannot be."""
    sent = read(SaleSent, raw)
    return SaleBody(
        register=sent.register_id,
        lines=tuple(line.body() for line in sent.lines),
        payments=tuple(payment.body() for payment in sent.payments),
        shown_total=sent.shown_total,
        customer=sent.customer,
        salesman=sent.salesman,
        quote=sent.quote,
        approvals=tuple(sorted(set(sent.approvals), key=str)),
    )


def parse_quote(raw: object) -> QuoteBody:
    """The bill that this value asks for, or Invalid."""
    return read(QuoteSent, raw).body()


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


# ---- shapes: what may travel --------------------------------------------------------------------

Reason = Annotated[str, Line(200, shortest=1)]
Note = Annotated[str, Line(200)]
Code = Annotated[str, Line(64, shortest=1, free=False)]


class DiscountSent(Shape):
    """Off one line: either a percent or an amount, and why."""

    percent: Percent | None = None
    amount: UnsignedAmount | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise wrong(_("Either a percent or an amount."), "percent")
        if self.percent is not None and not 0 < self.percent <= 100:
            raise wrong(_("A percent is above 0 and at most 100."), "percent")
        if self.amount is not None and self.amount == 0:
            raise wrong(_("An amount off is above 0."), "amount")
        return self


class PriceSent(Shape):
    """Another price for one unit, and why."""

    amount: UnitPrice
    reason: Reason


class LineSent(Shape):
    """A product or a barcode, and how much of it; or a line of an earlier sale that comes back."""

    product: UUID | None = None
    barcode: Code | None = None
    quantity: Quantity
    discount: DiscountSent | None = None
    price: PriceSent | None = None
    returns: UUID | None = None
    reason: Note = ""
    disposition: Literal["", "restock", "damaged", "write_off"] = ""

    @model_validator(mode="after")
    def _sells_or_takes_back(self) -> Self:
        if self.quantity == 0:
            raise wrong(_("The quantity cannot be 0."), "quantity")
        if self.returns is None:
            self._sells()
        else:
            self._takes_back()
        return self

    def _sells(self) -> None:
        if self.quantity < 0:
            raise wrong(
                _("A negative quantity needs `returns`, the line that comes back."), "quantity"
            )
        if (self.product is None) == (self.barcode is None):
            raise wrong(_("Either a product or a barcode."), "product")
        if self.reason or self.disposition:
            raise wrong(_("A reason and a disposition belong to a return."), "reason")

    def _takes_back(self) -> None:
        if self.quantity > 0:
            raise wrong(_("What comes back has a negative quantity."), "quantity")
        if self.barcode is not None or self.discount or self.price:
            raise wrong(
                _("A return goes by the line that was sold: no barcode, discount, price."),
                "returns",
            )
        if not self.reason:
            raise wrong(_("A return needs a reason."), "reason")

    def body(self) -> LineBody:
        """The line as the services know it."""
        discount, price = self.discount, self.price
        return LineBody(
            product=self.product,
            barcode=self.barcode,
            quantity=self.quantity,
            discount_percent=discount.percent if discount else None,
            discount_amount=discount.amount if discount else None,
            discount_reason=discount.reason if discount else "",
            price=price.amount if price else None,
            price_reason=price.reason if price else "",
            returns=self.returns,
            reason=self.reason,
            disposition=self.disposition or ("restock" if self.returns else ""),
        )


class PaymentSent(Shape):
    """What was handed over in one tender; what comes back as change is the server's to say."""

    tender: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,20}$")]
    amount: Amount
    reference: Annotated[str, Line(64)] = ""
    last4: Annotated[str, Field(pattern=r"^([0-9]{4})?$")] = ""

    def body(self) -> PaymentBody:
        """The payment as the services know it."""
        return PaymentBody(self.tender, self.amount, self.reference, self.last4)


Lines = Annotated[list[LineSent], Field(min_length=1, max_length=MOST_LINES)]


class SaleSent(Shape):
    """A checkout."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "register": "019a3f0c-0000-7000-8000-000000000003",
                    "lines": [{"barcode": "2000000000015", "quantity": "2"}],
                    "payments": [{"tender": "cash", "amount": "5.00"}],
                    "shown_total": "2.46",
                }
            ]
        }
    )

    register_id: UUID = Field(alias="register")
    lines: Lines
    payments: Annotated[list[PaymentSent], Field(max_length=MOST_PAYMENTS)]
    shown_total: Amount
    customer: UUID | None = None
    salesman: UUID | None = None
    quote: UUID | None = None
    approvals: Annotated[list[UUID], Field(max_length=MOST_APPROVALS)] = []


class QuoteSent(Shape):
    """A bill that is asked for before anybody pays."""

    register_id: UUID = Field(alias="register")
    lines: Lines
    customer: UUID | None = None

    def body(self) -> QuoteBody:
        """The bill as the services know it."""
        lines = tuple(line.body() for line in self.lines)
        return QuoteBody(register=self.register_id, lines=lines, customer=self.customer)
