"""The rows of a posted sale, and what it answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.reference.tables import JournalHead, Payment, Sale, Tender
from regalpos import ids
from regalpos.money import round_money
from sales.forms import SaleBody
from sales.pricing import Bill, PricedLine, Settlement
from sales.sealing import amount

if TYPE_CHECKING:
    from bench.reference.posting import Till

type Row = dict[str, Any]


def new_sale(
    sale_id: UUID,
    bill: Bill,
    settlement: Settlement,
    body: SaleBody,
    body_hash: str,
    till: "Till",
    shift_id: UUID,
    head: JournalHead,
) -> Sale:
    """A sale with its lines and payments; its register's head is one receipt further."""
    register, store = till.register, till.register.store
    head.last_receipt += 1
    return Sale(
        id=sale_id,
        kind="sale",
        store_id=store.id,
        register_id=register.id,
        shift_id=shift_id,
        cashier_id=till.person.id,
        salesman_id=body.salesman,
        customer_id=body.customer,
        currency=bill.currency,
        prices_include_tax=till.rules.prices_include_tax,
        rules_version=till.rules.version,
        epoch=head.epoch,
        number=head.last_receipt,
        receipt_number=f"{store.code}-{register.number}-{head.epoch}-{head.last_receipt:06d}",
        net=bill.net,
        tax=bill.tax,
        discount=bill.discount,
        total=bill.total,
        rounding=settlement.rounding,
        payable=settlement.payable,
        occurred_at=till.at,
        recorded_at=till.at,
        business_day=store.business_day(till.at),
        source="api",
        body_hash=body_hash,
        payments=_new_payments(settlement, body),
    )


def new_lines(sale_id: UUID, bill: Bill) -> list[Row]:
    """The lines of a sale, as columns: they are inserted in bulk."""
    return [_new_line(sale_id, line) for line in bill.lines]


def _new_line(sale_id: UUID, line: PricedLine) -> Row:
    return {
        "id": ids.new(),
        "sale_id": sale_id,
        "number": line.number,
        "kind": "goods" if line.stocked else "service",
        "product_id": line.product_id,
        "description": line.description,
        "sku": line.sku,
        "unit": line.unit,
        "quantity": line.quantity,
        "list_price": line.list_price,
        "unit_price": line.unit_price,
        "price_basis": line.price_basis,
        "discount": line.discount,
        "discount_reason": line.discount_reason or line.override_reason,
        "net": line.net,
        "tax_code": line.tax_code,
        "tax_percent": line.tax_percent,
        "tax_parts": [part.as_json() for part in line.tax_parts],
        "tax": line.tax,
        "total": line.total,
        "cost": line.cost,
        "reason": "",
        "disposition": "",
    }


def _new_payments(settlement: Settlement, body: SaleBody) -> list[Payment]:
    return [
        Payment(
            number=number,
            tender_id=kept.tendered.tender,
            amount=kept.amount,
            handed_over=kept.handed_over,
            change=kept.change,
            reference=sent.reference,
            last4=sent.last4,
        )
        for number, (kept, sent) in enumerate(
            zip(settlement.payments, body.payments, strict=True), start=1
        )
    ]


def content(
    sale: Sale,
    lines: Sequence[Row],
    bill: Bill,
    settlement: Settlement,
    tenders: Mapping[str, Tender],
) -> dict[str, Any]:
    """The answer that is kept with the id, in the contract's words."""
    currency = sale.currency
    codes = {tender.id: tender.code for tender in tenders.values()}
    return {
        "id": str(sale.id),
        "receipt_number": sale.receipt_number,
        "kind": sale.kind,
        "register": str(sale.register_id),
        "shift": str(sale.shift_id),
        "currency": currency,
        "prices_include_tax": sale.prices_include_tax,
        "occurred_at": sale.occurred_at.isoformat(),
        "business_day": sale.business_day.isoformat(),
        "lines": [_line(line, currency) for line in lines],
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
                "tender": codes[kept.tendered.tender],
                "amount": money(kept.amount, currency),
                "handed_over": money(kept.handed_over, currency),
                "change": money(kept.change, currency),
            }
            for kept in settlement.payments
        ],
        "change": money(settlement.change, currency),
    }


def _line(line: Row, currency: str) -> dict[str, Any]:
    return {
        "id": str(line["id"]),
        "number": line["number"],
        "kind": line["kind"],
        "product": str(line["product_id"] or ""),
        "sku": line["sku"],
        "description": line["description"],
        "unit": line["unit"],
        "quantity": amount(line["quantity"]),
        "unit_price": amount(line["unit_price"]),
        "discount": money(line["discount"], currency),
        "net": money(line["net"], currency),
        "tax_code": line["tax_code"],
        "tax_percent": amount(line["tax_percent"]),
        "tax": money(line["tax"], currency),
        "total": money(line["total"], currency),
        "returns": "",
    }


def money(value: Decimal, currency: str) -> str:
    """An amount as a JSON string, with the currency's own number of decimals."""
    return f"{round_money(value, currency):f}"
