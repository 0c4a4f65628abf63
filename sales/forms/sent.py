"""A checkout as it travels: what may be in it, and what goes together."""

from typing import Annotated, Literal, Self
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
    wrong,
)
from sales.forms.bodies import LineBody, PaymentBody, QuoteBody, SaleBody

MOST_LINES = 400
MOST_PAYMENTS = 20
MOST_APPROVALS = 20

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

    def body(self) -> SaleBody:
        """The checkout as the services know it."""
        return SaleBody(
            register=self.register_id,
            lines=tuple(line.body() for line in self.lines),
            payments=tuple(payment.body() for payment in self.payments),
            shown_total=self.shown_total,
            customer=self.customer,
            salesman=self.salesman,
            quote=self.quote,
            approvals=tuple(sorted(set(self.approvals), key=str)),
        )


class QuoteSent(Shape):
    """A bill that is asked for before anybody pays."""

    register_id: UUID = Field(alias="register")
    lines: Lines
    customer: UUID | None = None

    def body(self) -> QuoteBody:
        """The bill as the services know it."""
        lines = tuple(line.body() for line in self.lines)
        return QuoteBody(register=self.register_id, lines=lines, customer=self.customer)
