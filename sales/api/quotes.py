"""Bills that stand for five minutes, for programs."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from people.access import Actor, requires
from people.api import actor_of
from people.permissions import Permission
from regalpos import ids, lanes
from regalpos.contract import (
    SAFE_TO_REPEAT,
    WRITES,
    answers,
    example,
    replayed,
)
from regalpos.errors import Invalid
from regalpos.shapes import Sent, plain
from sales.api.scope import money, must_be_here
from sales.forms import QuoteSent
from sales.models import Quote
from sales.pricing import Bill, PricedLine
from sales.services.quotes import make_quote

router = Router(tags=["Sales"])


class QuoteSentWithId(QuoteSent):
    """A bill that is asked for. With an `id` of yours it is safe to ask twice."""

    model_config = example(
        {
            "register": "019a3f0c-0000-7000-8000-000000000003",
            "lines": [{"barcode": "2000000000015", "quantity": "2"}],
        }
    )

    id: UUID | None = None


class QuoteLineOut(BaseModel):
    """One line priced."""

    number: int
    product: UUID | None
    sku: str
    description: str
    unit: str
    quantity: str
    unit_price: str
    discount: str
    net: str
    tax_code: str
    tax_percent: str
    tax: str
    total: str


class QuoteOut(BaseModel):
    """A bill that stands until `valid_until`: a sale that presents it is charged `total`."""

    id: UUID
    lines: list[QuoteLineOut]
    total: Annotated[str, Field(description="The `shown_total` of a sale that presents it.")]
    cash_payable: Annotated[str, Field(description="The total as coins pay it, all in cash.")]
    currency: str
    valid_until: datetime


@router.post(
    "",
    operation_id="make_quote",
    openapi_extra=SAFE_TO_REPEAT,
    summary="Price a basket and hold its limited goods",
    response=answers({201: QuoteOut, 200: QuoteOut}, WRITES | {409}),
)
@requires(Permission.SELL)
async def post_quote(
    request: HttpRequest, response: HttpResponse, payload: Body[Sent[QuoteSentWithId]]
) -> Any:
    """A sale that presents a quote in time is never refused for price or stock."""
    actor = actor_of(request)
    made_here = ids.new()
    quote, again = await lanes.run(partial(_quote, made_here, payload, actor), actor, write=True)
    return Status(replayed(response, again, else_status=201), quote)


def _quote(
    made_here: UUID, payload: Sent[QuoteSentWithId], actor: Actor
) -> tuple[dict[str, Any], bool]:
    try:
        sent = payload.read()
    except Invalid:
        must_be_here(payload.raw, actor)
        raise
    again = sent.id is not None and Quote.objects.filter(pk=sent.id).exists()
    quote, bill = make_quote(quote_id=sent.id or made_here, body=sent.body(), actor=actor)
    return _bill(quote, bill), again


def _bill(quote: Quote, bill: Bill) -> dict[str, Any]:
    return {
        "id": quote.pk,
        "lines": [_line(line, bill.currency) for line in bill.lines],
        "total": money(bill.total, bill.currency),
        "cash_payable": money(bill.cash_payable, bill.currency),
        "currency": bill.currency,
        "valid_until": quote.valid_until,
    }


def _line(line: PricedLine, currency: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "product": line.product_id,
        "sku": line.sku,
        "description": line.description,
        "unit": line.unit,
        "quantity": plain(line.quantity),
        "unit_price": plain(line.unit_price),
        "discount": money(line.discount, currency),
        "net": money(line.net, currency),
        "tax_code": line.tax_code,
        "tax_percent": plain(line.tax_percent),
        "tax": money(line.tax, currency),
        "total": money(line.total, currency),
    }
