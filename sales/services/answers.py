"""What a posted sale answers: kept with its id, read out by screens, receipts and programs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from regalpos.money import round_money
from sales.models import Sale, SaleLine, Tender
from sales.pricing import Bill, Settlement
from sales.sealing import amount

# What of the answer is evidence: everything but what the journal adds itself.
JOURNALED = ("receipt_number", "kind", "currency", "business_day", "lines", "totals", "payments")


def sale_content(
    sale: Sale,
    lines: Sequence[SaleLine],
    bill: Bill,
    settlement: Settlement,
    tenders: Mapping[str, Tender],
) -> dict[str, Any]:
    """The answer that is kept with the id, and read out by screens, receipts and programs."""
    currency = sale.currency
    by_id = {tender.pk: tender for tender in tenders.values()}
    return {
        "id": str(sale.pk),
        "receipt_number": sale.receipt_number,
        "kind": sale.kind,
        "register": str(sale.register_id),
        "shift": str(sale.shift_id),
        "currency": currency,
        "prices_include_tax": sale.prices_include_tax,
        "occurred_at": sale.occurred_at.isoformat(),
        "business_day": sale.business_day.isoformat(),
        "lines": [_line_content(line, currency) for line in lines],
        "totals": {
            "net": money(bill.net, currency),
            "tax": money(bill.tax, currency),
            "discount": money(bill.discount, currency),
            "total": money(bill.total, currency),
            "rounding": money(settlement.rounding, currency),
            "payable": money(settlement.payable, currency),
            "taxes": [
                {
                    "code": tax.code,
                    "percent": amount(tax.percent),
                    "net": money(tax.net, currency),
                    "tax": money(tax.tax, currency),
                    "gross": money(tax.gross, currency),
                }
                for tax in bill.taxes
            ],
        },
        "payments": [
            {
                "tender": by_id[kept.tendered.tender].code,
                "amount": money(kept.amount, currency),
                "handed_over": money(kept.handed_over, currency),
                "change": money(kept.change, currency),
            }
            for kept in settlement.payments
        ],
        "change": money(settlement.change, currency),
    }


def _line_content(line: SaleLine, currency: str) -> dict[str, Any]:
    return {
        "id": str(line.pk),
        "number": line.number,
        "kind": line.kind,
        "product": str(line.product_id or ""),
        "sku": line.sku,
        "description": line.description,
        "unit": line.unit,
        "quantity": amount(line.quantity),
        "unit_price": amount(line.unit_price),
        "discount": money(line.discount, currency),
        "net": money(line.net, currency),
        "tax_code": line.tax_code,
        "tax_percent": amount(line.tax_percent),
        "tax": money(line.tax, currency),
        "total": money(line.total, currency),
        "returns": str(line.returns_id or ""),
    }


def money(value: Decimal, currency: str) -> str:
    """An amount as a JSON string, with the currency's own number of decimals."""
    return f"{round_money(value, currency):f}"
