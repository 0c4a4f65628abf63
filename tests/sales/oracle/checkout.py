"""The checkout in plain ORM, one row after another: what the set-based one is held against.

It shares the rules (pricing, settlement, what is refused and in which order) and none of the SQL:
how things are read, locked and written is all its own.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from inventory.models import Barcode, Price, Product, StockHold, StockLevel, StockMove, TaxPercent
from inventory.services.stock import move_many
from people.access import Actor
from people.models import Customer, Salesman, Store
from people.permissions import Permission
from people.services import trail
from regalpos.canonical import digest
from regalpos.errors import Invalid, NotAllowed, NotHere, Refusal
from sales.checkout_sql.claim import Claim
from sales.checkout_sql.goods import Goods, Pack, Shelf
from sales.forms import SaleBody
from sales.models import (
    Cart,
    CashMove,
    JournalHead,
    JournalRecord,
    Payment,
    ProductDay,
    Register,
    RegisterDay,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
    Shift,
    ShiftTender,
    ShiftTotals,
    Tender,
)
from sales.pricing import Settlement, TaxPart
from sales.services import checkout as fast
from sales.services import priced
from sales.services.answers import sale_content
from sales.services.basket import Basket, fill_basket
from sales.services.checkout import Answer
from sales.services.journal import next_record
from sales.services.posting import returned_facts, sealed_facts
from sales.services.sale_rows import goods_changes, new_cash_move, new_lines, new_payments, new_sale
from sales.services.selling_rules import (
    refuse_beyond_limits,
    refuse_changed_total,
    refuse_short_shelves,
    refuse_unknown_names,
    settle_payments,
)
from sales.services.shifts import ShiftClosed, open_shift_of

NOTHING = Decimal(0)


def check_out(
    *,
    sale_id: UUID,
    body: SaleBody,
    actor: Actor,
    source: str,
    cart_id: UUID | None = None,
) -> Answer:
    """As `sales.services.checkout.check_out`, inside somebody's transaction."""
    register = _register(body.register, actor)
    if any(line.returns for line in body.lines) and not actor.may(Permission.REFUND):
        raise NotAllowed
    document = body.document()
    attempt = SaleAttempt(
        pk=sale_id,
        store_id=register.store_id,
        user_id=actor.user_id,
        body=document,
        body_hash=digest(document),
        state=SaleAttempt.State.POSTED,
        at=timezone.now(),
    )
    try:
        with transaction.atomic():
            attempt.save(force_insert=True)
    except IntegrityError:
        return fast._replay(attempt, cart_id)
    try:
        with transaction.atomic():
            content = _post(attempt, body, register, actor, source, fast._now())
        answer = Answer(status=201, state="posted", content=content)
    except Refusal as refusal:
        if refusal.status != fast.FINAL:
            raise
        kept = {"code": refusal.code, "message": refusal.message, **refusal.facts}
        answer = Answer(status=fast.FINAL, state="refused", content=kept)
    SaleAttempt.objects.filter(pk=sale_id).update(state=answer.state, answer=answer.content)
    if cart_id is not None:
        cart = Cart.objects.filter(pk=cart_id, attempt=sale_id, state=Cart.State.OPEN)
        if answer.state == "posted":
            cart.update(state=Cart.State.SOLD, changed_at=timezone.now())
        else:
            cart.update(attempt=None, attempt_body=None, changed_at=timezone.now())
    return answer


def read_goods(
    *,
    store_id: UUID,
    currency: str,
    at: datetime,
    day: date,
    ids: Collection[UUID] = (),
    skus: Collection[str] = (),
    lookups: Collection[str] = (),
) -> Shelf:
    """As `sales.checkout_sql.goods.read_goods`, a query for each kind of thing."""
    codes = list(Barcode.objects.filter(lookup__in=lookups))
    wanted = Q(pk__in=ids) | Q(sku__in=skus) | Q(pk__in=[code.product_id for code in codes])
    products = list(Product.objects.filter(wanted).select_related("tax_rate"))
    found = {product.pk for product in products}
    prices = {
        price.product_id: price.amount
        for price in Price.objects.filter(product_id__in=found).in_force(
            store_id=store_id, currency=currency, at=at
        )
    }
    levels = StockLevel.objects.filter(store_id=store_id, product_id__in=found)
    on_hand = dict(levels.values_list("product_id", "on_hand"))
    taxes = _taxes({product.tax_rate_id for product in products}, store_id, day)
    return Shelf(
        {code.lookup: Pack(code.product_id, code.quantity, code.price) for code in codes},
        {product.pk: _goods(product, taxes, prices, on_hand) for product in products},
    )


def _goods(
    product: Product,
    taxes: Mapping[UUID, TaxPercent],
    prices: Mapping[UUID, Decimal],
    on_hand: Mapping[UUID, Decimal],
) -> Goods:
    tax = taxes.get(product.tax_rate_id)
    return Goods(
        id=product.pk,
        sku=product.sku,
        name=product.name,
        unit=product.unit,
        limited=product.limited,
        stocked=product.stocked,
        active=product.active,
        markdown_percent=product.markdown_percent,
        tax_code=product.tax_rate.code,
        tax_percent=tax.percent if tax else NOTHING,
        parts=tuple(TaxPart.from_json(part) for part in tax.parts) if tax else (),
        price=prices.get(product.pk),
        on_hand=on_hand.get(product.pk),
    )


def _taxes(rates: set[UUID], store_id: UUID, day: date) -> dict[UUID, TaxPercent]:
    rows = TaxPercent.objects.filter(
        Q(store_id=store_id) | Q(store=None), rate_id__in=rates, valid_from__lte=day
    ).order_by("rate_id", F("store_id").desc(nulls_last=True), "-valid_from")
    return {row.rate_id: row for row in rows.distinct("rate_id")}


def _lock_levels(
    _levels: Any, *, store_id: UUID, product_ids: Collection[UUID]
) -> dict[UUID, StockLevel]:
    rows = StockLevel.objects.filter(store_id=store_id, product_id__in=list(product_ids))
    rows = rows.order_by("product_id").select_for_update(no_key=True)
    return {level.product_id: level for level in rows}


def _register(register_id: UUID, actor: Actor) -> Register:
    register = Register.objects.select_related("store").filter(pk=register_id, active=True).first()
    if register is None or not actor.works_at(register.store_id):
        raise NotHere
    if register.kind != Register.Kind.TILL:
        raise Invalid(fields={"register": ["Only a till rings up sales."]})
    return register


def _post(
    attempt: SaleAttempt,
    body: SaleBody,
    register: Register,
    actor: Actor,
    source: str,
    at: datetime,
) -> dict[str, Any]:
    codes = {payment.tender for payment in body.payments}
    tenders = {t.code: t for t in Tender.objects.filter(code__in=codes, active=True)}
    claim = Claim(
        taken=True,
        register=register,
        rules=priced.rules_of(register.store, at),
        tenders=tenders,
        customer=_is_there(Customer, body.customer),
        salesman=_is_there(Salesman, body.salesman),
    )
    refuse_unknown_names(body, claim)
    with (
        patch.object(priced, "read_goods", read_goods),
        patch.object(type(StockLevel.objects.all()), "lock", _lock_levels),
    ):
        basket = fill_basket(body, register, claim.rules, actor, at)
    refuse_changed_total(basket)
    refuse_beyond_limits(basket)
    settlement = settle_payments(basket, tenders)
    refuse_short_shelves(basket)
    shift = _lock_shift(register, actor, basket)
    head = JournalHead.objects.lock(register.pk)
    sale = new_sale(attempt.pk, basket, settlement, shift, head, source, attempt.body_hash)
    sale.save(force_insert=True)
    lines = new_lines(sale, basket)
    _write_lines(lines, basket)
    for payment in new_payments(sale, settlement, tenders, body.payments):
        payment.save(force_insert=True)
    if move := new_cash_move(sale, settlement, shift, actor.user_id):
        move.save(force_insert=True)
    _move_goods(sale, lines, basket)
    _add_to_shift(shift, sale, basket, settlement)
    _add_to_days(sale, lines)
    content = sale_content(sale, lines, basket.bill, settlement, tenders)
    record = next_record(head, **sealed_facts(sale, content, basket.bill))
    head.save()
    record.save(force_insert=True)
    if basket.taken:
        after = returned_facts(sale, lines)
        trail.record(
            "sale.returned", actor=actor, subject=sale, store_id=register.store_id, after=after
        )
    return {**content, "journal": {"seq": record.seq, "hash": record.hash}}


def _is_there(model: type[Customer | Salesman], key: UUID | None) -> bool:
    return key is not None and model._default_manager.filter(pk=key).exists()


def _lock_shift(register: Register, actor: Actor, basket: Basket) -> Shift:
    shift = open_shift_of(register.pk)
    if shift is None:
        raise ShiftClosed
    ShiftTotals.objects.lock(shift.pk)
    if Shift.objects.filter(pk=shift.pk, closed_at__isnull=False).exists():
        raise ShiftClosed
    if shift.cashier_id != actor.user_id and not basket.rules.shared_drawers:
        raise ShiftClosed("Not sold: the open drawer is somebody else's.")
    return shift


def _write_lines(lines: list[SaleLine], basket: Basket) -> None:
    for line in lines:
        line.save(force_insert=True)
        if line.quantity > 0:
            ReturnedQuantity.objects.create(line=line, sold=line.quantity)
    for item in sorted(basket.taken.values(), key=lambda item: item.sold.pk):
        guard = ReturnedQuantity.objects.filter(line_id=item.sold.pk)
        guard.update(returned=F("returned") - item.line.quantity)


def _move_goods(sale: Sale, lines: list[SaleLine], basket: Basket) -> None:
    if changes := goods_changes(lines, basket):
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


def _add_to_shift(shift: Shift, sale: Sale, basket: Basket, settlement: Settlement) -> None:
    back = -sum((line.total for line in basket.bill.lines if line.quantity < 0), NOTHING)
    ShiftTotals.objects.filter(shift=shift).update(
        sales=F("sales") + int(sale.kind != Sale.Kind.RETURN),
        returns=F("returns") + int(sale.kind != Sale.Kind.SALE),
        net=F("net") + sale.net,
        tax=F("tax") + sale.tax,
        discount=F("discount") + sale.discount,
        total=F("total") + sale.total,
        rounding=F("rounding") + sale.rounding,
        returned=F("returned") + back,
        expected_cash=F("expected_cash") + settlement.in_drawer,
    )
    for kept in settlement.payments:
        row, _new = ShiftTender.objects.get_or_create(shift=shift, tender_id=kept.tendered.tender)
        row.payments += 1
        row.amount += kept.amount
        row.save()


def _add_to_days(sale: Sale, lines: list[SaleLine]) -> None:
    back = sale.kind == Sale.Kind.RETURN
    day, _new = RegisterDay.objects.get_or_create(
        register=sale.register, business_day=sale.business_day
    )
    day.sales += int(not back)
    day.returns += int(back)
    day.refunded -= sale.payable if back else NOTHING
    for name in ("net", "tax", "discount", "total", "payable"):
        setattr(day, name, getattr(day, name) + getattr(sale, name))
    day.save()
    for line in lines:
        if line.product_id is None:
            continue
        goods, _new = ProductDay.objects.get_or_create(
            store=sale.store, product_id=line.product_id, business_day=sale.business_day
        )
        goods.sold += max(line.quantity, NOTHING)
        goods.returned += max(-line.quantity, NOTHING)
        goods.cost += line.cost * line.quantity
        for name in ("net", "tax", "discount", "total"):
            setattr(goods, name, getattr(goods, name) + getattr(line, name))
        goods.save()


BOOKS = (
    Cart, CashMove, JournalHead, JournalRecord, Payment, ProductDay, RegisterDay, ReturnedQuantity,
    Sale, SaleAttempt, SaleLine, ShiftTender, ShiftTotals, StockHold, StockLevel, StockMove, Store,
)  # fmt: skip
