"""Receipts: found by number or leafed through, looked at, printed; the way into returns."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from people.access import Request, requires
from people.permissions import Permission
from regalpos import lanes
from regalpos.barcodes import clean_scan
from regalpos.screens import render_screen
from sales.receipts import Receipt
from sales.reports.receipts import ReceiptList, find_receipt, read_receipt, read_receipts
from sales.services.returns import ReturnSheet, read_return
from sales.views.till import uuid_of


@requires(Permission.SELL)
@require_safe
async def receipts(request: Request) -> HttpResponse:
    """The latest receipts within reach; a whole number, typed or scanned, leads to its receipt."""
    actor, asked = request.actor, request.GET
    text = clean_scan(asked.get("number", ""))
    before, after = uuid_of(asked.get("before", "")), uuid_of(asked.get("after", ""))

    def unit() -> UUID | ReceiptList:
        found = find_receipt(text, actor) if text else None
        return found or read_receipts(actor, text=text, before=before, after=after)

    found = await lanes.run(unit, actor)
    if isinstance(found, UUID):
        return HttpResponseRedirect(reverse("sales:receipt", args=[found]))
    context = {
        "list": found,
        "text": text,
        "earlier": found.earlier and _address(text, before=str(found.earlier)),
        "later": found.later and _address(text, after=str(found.later)),
    }
    return render_screen(request, "sales/receipts.html", context=context)


@requires(Permission.SELL)
@require_safe
async def receipt(request: Request, sale_id: UUID) -> HttpResponse:
    """One receipt, to look at, to print (`?print=1`: at once) or to take goods back on."""
    actor = request.actor

    def unit() -> tuple[Receipt, ReturnSheet]:
        return read_receipt(sale_id, actor), read_return(sale_id, actor)

    found, sheet = await lanes.run(unit, actor)
    context = {"receipt": found, "sheet": sheet, "print_now": request.GET.get("print") == "1"}
    return render_screen(request, "sales/receipt.html", context=context)


def _address(text: str, **key: str) -> str:
    query = urlencode({**({"number": text} if text else {}), **key})
    return f"{reverse('sales:receipts')}?{query}"
