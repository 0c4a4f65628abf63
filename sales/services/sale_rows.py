"""The rows of a posted sale: the document, its lines and payments, its cash, its goods.

Nothing here is saved: posting writes them all at once.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from inventory.models import StockMove
from inventory.services.stock import Change
from sales.forms import PaymentBody
from sales.models import (
    CashMove,
    JournalHead,
    Payment,
    Sale,
    SaleLine,
    Shift,
    Tender,
)
from sales.pricing import Bill, PricedLine, Settlement
from sales.services.basket import Basket, Taken

NOTHING = Decimal(0)
Kind = StockMove.Kind


def new_sale(
    sale_id: UUID,
    basket: Basket,
    settlement: Settlement,
    shift: Shift,
    head: JournalHead,
    source: str,
    body_hash: str,
) -> Sale:
    """A sale to be saved, and its register's head one receipt further."""
    register, bill = basket.register, basket.bill
    store = register.store
    head.last_receipt += 1
    number = f"{store.code}-{register.number}-{head.epoch}-{head.last_receipt:06d}"
    return Sale(
        pk=sale_id,
        kind=_kind(basket),
        store=store,
        register=register,
        shift=shift,
        cashier_id=basket.actor.user_id,
        salesman_id=basket.body.salesman,
        customer_id=basket.body.customer,
        currency=bill.currency,
        prices_include_tax=basket.rules.prices_include_tax,
        rules_version=basket.rules.version,
        epoch=head.epoch,
        number=head.last_receipt,
        receipt_number=number,
        net=bill.net,
        tax=bill.tax,
        discount=bill.discount,
        total=bill.total,
        rounding=settlement.rounding,
        payable=settlement.payable,
        occurred_at=basket.at,
        recorded_at=basket.at,
        business_day=store.business_day(basket.at),
        source=source,
        body_hash=body_hash,
    )


def _kind(basket: Basket) -> Sale.Kind:
    if len(basket.taken) == len(basket.bill.lines):
        return Sale.Kind.RETURN
    return Sale.Kind.EXCHANGE if basket.taken else Sale.Kind.SALE


def new_lines(sale: Sale, basket: Basket) -> list[SaleLine]:
    """The lines of a sale, to be saved."""
    return [_new_line(sale, line, basket.taken.get(line.number)) for line in basket.bill.lines]


def _new_line(sale: Sale, line: PricedLine, taken: Taken | None) -> SaleLine:
    return SaleLine(
        sale=sale,
        number=line.number,
        kind=SaleLine.Kind.GOODS if line.stocked else SaleLine.Kind.SERVICE,
        product_id=line.product_id,
        description=line.description,
        sku=line.sku,
        unit=line.unit,
        quantity=line.quantity,
        list_price=line.list_price,
        unit_price=line.unit_price,
        price_basis=line.price_basis,
        discount=line.discount,
        discount_reason=line.discount_reason or line.override_reason,
        net=line.net,
        tax_code=line.tax_code,
        tax_percent=line.tax_percent,
        tax_parts=[part.as_json() for part in line.tax_parts],
        tax=line.tax,
        total=line.total,
        cost=line.cost,
        returns=taken.sold if taken else None,
        reason=taken.line.reason if taken else "",
        disposition=(taken.line.disposition or SaleLine.Disposition.RESTOCK) if taken else "",
    )


def new_payments(
    sale: Sale,
    settlement: Settlement,
    tenders: Mapping[str, Tender],
    sent: Sequence[PaymentBody],
) -> list[Payment]:
    """The payments of a sale, to be saved; `sent` in the settlement's order."""
    by_id = {tender.pk: tender for tender in tenders.values()}
    return [
        Payment(
            sale=sale,
            number=number,
            tender=by_id[kept.tendered.tender],
            amount=kept.amount,
            handed_over=kept.handed_over,
            change=kept.change,
            reference=payment.reference,
            last4=payment.last4,
        )
        for number, (kept, payment) in enumerate(
            zip(settlement.payments, sent, strict=True), start=1
        )
    ]


def new_cash_move(
    sale: Sale, settlement: Settlement, shift: Shift, who_id: UUID
) -> CashMove | None:
    """What the sale adds to the drawer, to be saved; nothing if no cash changed hands."""
    if not settlement.in_drawer:
        return None
    return CashMove(
        shift=shift,
        kind=CashMove.Kind.SALE if settlement.in_drawer > 0 else CashMove.Kind.RETURN,
        amount=settlement.in_drawer,
        sale=sale,
        who_id=who_id,
        at=sale.recorded_at,
    )


def goods_changes(lines: Sequence[SaleLine], basket: Basket) -> list[Change]:
    """Stock out for what was sold, in for what came back; what is damaged goes out again."""
    changes = []
    for line in lines:
        level = basket.levels.get(line.product_id) if line.product_id else None
        if level is None or line.kind != SaleLine.Kind.GOODS:
            continue
        kind = Kind.SALE if line.quantity > 0 else Kind.RETURN
        cost = line.cost if line.returns_id else None
        changes.append(
            Change(
                level=level,
                quantity=-line.quantity,
                kind=kind,
                source_line=line.number,
                unit_cost=cost,
            )
        )
        if line.disposition in (SaleLine.Disposition.DAMAGED, SaleLine.Disposition.WRITE_OFF):
            changes.append(
                Change(
                    level=level,
                    quantity=line.quantity,
                    kind=Kind.WRITE_OFF,
                    source_line=line.number,
                    unit_cost=cost,
                    reason=line.reason,
                )
            )
    return changes


def sold_and_returned(bill: Bill) -> tuple[Decimal, Decimal]:
    """The positive sums of what went out and of what came back."""
    sold = sum((line.total for line in bill.lines if line.quantity > 0), NOTHING)
    returned = -sum((line.total for line in bill.lines if line.quantity < 0), NOTHING)
    return sold, returned
