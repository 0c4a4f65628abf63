"""The rows of a posted sale: lines, payments, cash, stock, running sums. Steps that only write."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from inventory.models import StockHold, StockMove
from inventory.services.stock import Change, move_many
from people.models import Customer, Salesman
from regalpos.errors import Invalid
from sales.forms import PaymentBody
from sales.models import (
    CashMove,
    JournalHead,
    Payment,
    ReturnedQuantity,
    Sale,
    SaleLine,
    Shift,
    ShiftTender,
    ShiftTotals,
    Tender,
)
from sales.pricing import Bill, PricedLine, Settlement
from sales.services.basket import Basket, Taken

NOTHING = Decimal(0)
Kind = StockMove.Kind


def write_sale(
    sale_id: UUID,
    basket: Basket,
    settlement: Settlement,
    shift: Shift,
    head: JournalHead,
    source: str,
    body_hash: str,
) -> Sale:
    """The sale itself, under the next receipt number of its register. The head is locked."""
    sale = new_sale(sale_id, basket, settlement, shift, head, source, body_hash)
    sale.save(force_insert=True)
    return sale


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
        salesman=_known(Salesman, basket.body.salesman, "salesman"),
        customer=_known(Customer, basket.body.customer, "customer"),
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


def _known[M: (Customer, Salesman)](model: type[M], key: UUID | None, field: str) -> M | None:
    if key is None:
        return None
    row = model.objects.filter(pk=key).first()
    if row is None:
        raise Invalid(fields={field: [str(_("There is nobody by this id."))]})
    return row


def write_lines(sale: Sale, basket: Basket) -> list[SaleLine]:
    """The sale's lines, and how much of each sold one has come back: none of the new ones yet."""
    lines = new_lines(sale, basket)
    SaleLine.objects.bulk_create(lines)
    ReturnedQuantity.objects.bulk_create(
        [ReturnedQuantity(line=line, sold=line.quantity) for line in lines if line.quantity > 0]
    )
    for item in sorted(basket.taken.values(), key=lambda item: item.sold.pk):
        guard = ReturnedQuantity.objects.filter(line_id=item.sold.pk)
        guard.update(returned=F("returned") - item.line.quantity)
    return lines


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


def write_payments(
    sale: Sale,
    settlement: Settlement,
    tenders: Mapping[str, Tender],
    shift: Shift,
    basket: Basket,
) -> None:
    """Payments as they were made, and the cash among them into the drawer."""
    Payment.objects.bulk_create(new_payments(sale, settlement, tenders, basket.body.payments))
    if move := new_cash_move(sale, settlement, shift, basket.actor.user_id):
        move.save(force_insert=True)


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


def move_goods(sale: Sale, lines: Sequence[SaleLine], basket: Basket) -> None:
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
    if changes:
        move_many(
            changes,
            source_type="sale",
            source_id=sale.pk,
            who_id=sale.cashier_id,
            at=sale.recorded_at,
            cause=basket.register.name,
        )
    if basket.body.quote:
        StockHold.objects.filter(holder=basket.body.quote).delete()


def add_to_shift(
    shift: Shift,
    sale: Sale,
    bill: Bill,
    settlement: Settlement,
) -> None:
    """The running sums grow by `SET n = n + x`; their row is locked already."""
    _sold, returned = sold_and_returned(bill)
    ShiftTotals.objects.filter(shift=shift).update(
        sales=F("sales") + int(sale.kind != Sale.Kind.RETURN),
        returns=F("returns") + int(sale.kind != Sale.Kind.SALE),
        net=F("net") + bill.net,
        tax=F("tax") + bill.tax,
        discount=F("discount") + bill.discount,
        total=F("total") + bill.total,
        rounding=F("rounding") + settlement.rounding,
        returned=F("returned") + returned,
        expected_cash=F("expected_cash") + settlement.in_drawer,
    )
    for kept in settlement.payments:
        row, _new = ShiftTender.objects.get_or_create(shift=shift, tender_id=kept.tendered.tender)
        ShiftTender.objects.filter(pk=row.pk).update(
            payments=F("payments") + 1, amount=F("amount") + kept.amount
        )


def sold_and_returned(bill: Bill) -> tuple[Decimal, Decimal]:
    """The positive sums of what went out and of what came back."""
    sold = sum((line.total for line in bill.lines if line.quantity > 0), NOTHING)
    returned = -sum((line.total for line in bill.lines if line.quantity < 0), NOTHING)
    return sold, returned
