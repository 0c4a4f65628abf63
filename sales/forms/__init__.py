"""What a checkout asks for, read strictly: from the API, from a frozen cart, from a kept attempt.

`parse_sale` is the one reader. `document()` is the one writing: the same meaning gives the same
document, whatever the zeros behind a point or the fields left out, so its digest tells a resend
from another sale under the same id.
"""

from regalpos.shapes import read
from sales.forms.bodies import LineBody, PaymentBody, QuoteBody, SaleBody, differing
from sales.forms.sent import MOST_LINES, QuoteSent, SaleSent

__all__ = [
    "MOST_LINES",
    "LineBody",
    "PaymentBody",
    "QuoteBody",
    "QuoteSent",
    "SaleBody",
    "SaleSent",
    "differing",
    "parse_quote",
    "parse_sale",
]


def parse_sale(raw: object) -> SaleBody:
    """The checkout that this value asks for. Invalid, naming each wrong field, if it cannot be."""
    return read(SaleSent, raw).body()


def parse_quote(raw: object) -> QuoteBody:
    """The bill that this value asks for, or Invalid."""
    return read(QuoteSent, raw).body()
