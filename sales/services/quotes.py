"""A bill that stands for five minutes, with its limited goods held."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import StockHold, StockLevel
from inventory.services.stock import OutOfStock, lock_levels
from people.access import Actor
from people.models import Store, StoreRules
from regalpos.canonical import digest
from regalpos.errors import Invalid, NotHere, Refusal
from sales.forms import LineBody, QuoteBody, SaleBody
from sales.models import Quote, Register
from sales.pricing import Ask, Bill, TaxPart, Unpriceable, price
from sales.sealing import amount
from sales.services.priced import asks_for, find_products, rules_of

STANDS_FOR = timedelta(minutes=5)
NOTHING = Decimal(0)
FIGURES = {
    "quantity", "list_price", "tax_percent", "markdown_percent", "label_price",
    "override_price", "discount_percent", "discount_amount", "cost",
}  # fmt: skip


class QuoteMismatch(Refusal):
    code = "body_mismatch"
    status = 422
    message = _("This id was used for another quote. Nothing has changed.")


@transaction.atomic(durable=True)
def make_quote(*, quote_id: UUID, body: QuoteBody, actor: Actor) -> tuple[Quote, Bill]:
    """A bill that a sale may present until `valid_until`; its limited goods are held meanwhile.

    A sale that presents it is refused neither for price nor for stock: a card may be charged
    already. Safe to repeat with the same id. Locks stock levels. Raises NotHere, Invalid,
    UnknownProduct, NoPrice, OutOfStock, QuoteMismatch.
    """
    register = (
        Register.objects.select_related("store").filter(pk=body.register, active=True).first()
    )
    if register is None or not actor.works_at(register.store_id):
        raise NotHere
    if any(line.returns for line in body.lines):
        raise Invalid(fields={"lines": [str(_("A return needs no quote."))]})
    store, now = register.store, timezone.now()
    rules = rules_of(store, now)
    if quote := _made_before(quote_id, body):
        return quote, _bill(asks_of_quote(quote), store, rules_of(store, quote.made_at))
    found = find_products(body.lines, store=store, rules=rules, at=now)
    levels = lock_levels(store.pk, {it.product.id for it in found if it.product.stocked})
    costs = {product: level.average_cost for product, level in levels.items()}
    asks = asks_for(found, costs=costs)
    bill = _bill(asks, store, rules)
    quote = Quote(
        pk=quote_id,
        store=store,
        register=register,
        user_id=actor.user_id,
        lines=[_as_json(ask) for ask in asks],
        lines_hash=_hash(body.lines),
        total=bill.total,
        currency=store.currency,
        made_at=now,
        valid_until=now + STANDS_FOR,
    )
    try:
        with transaction.atomic():
            quote.save(force_insert=True)
    except IntegrityError:  # Its twin was quicker: the key had the last word.
        if twin := _made_before(quote_id, body):
            return twin, _bill(asks_of_quote(twin), store, rules)
        raise
    _hold(quote, asks, levels, now)
    return quote, bill


def quote_of(quote_id: UUID, body: SaleBody, register: Register, at: datetime) -> Quote:
    """The quote that a sale presents. Raises Invalid if it is not this sale's or has run out."""
    quote = Quote.objects.filter(pk=quote_id, register=register).first()
    goods = [line for line in body.lines if not line.returns]
    if quote is None or quote.lines_hash != _hash(goods):
        raise Invalid(fields={"quote": [str(_("This quote is for something else."))]})
    if quote.valid_until <= at:
        raise Invalid(fields={"quote": [str(_("This quote has run out. Ask for a new one."))]})
    return quote


def asks_of_quote(quote: Quote) -> list[Ask]:
    """The lines as they were promised."""
    return [_from_json(row) for row in quote.lines]


def _made_before(quote_id: UUID, body: QuoteBody) -> Quote | None:
    """The quote of this id, if it was made. Raises QuoteMismatch for another one's."""
    quote = Quote.objects.filter(pk=quote_id).first()
    if quote and (quote.lines_hash, quote.register_id) != (_hash(body.lines), body.register):
        raise QuoteMismatch
    return quote


def _bill(asks: Sequence[Ask], store: Store, rules: StoreRules) -> Bill:
    try:
        return price(asks, store.currency, rules.prices_include_tax, rules.cash_step or None)
    except Unpriceable as wrong:
        words = _("This cannot be sold like that.")
        field = f"lines.{wrong.line - 1}.{wrong.field}" if wrong.line else "lines"
        raise Invalid(fields={field: [str(words)]}) from wrong


def _hold(
    quote: Quote, asks: Sequence[Ask], levels: Mapping[UUID, StockLevel], now: datetime
) -> None:
    """Keep the limited goods for this quote; the levels are locked, so no two can keep the same."""
    wanted: dict[UUID, Decimal] = {}
    for ask in asks:
        product = ask.product_id
        if product and product in levels and levels[product].strict:
            wanted[product] = wanted.get(product, NOTHING) + ask.quantity
    held = StockHold.objects.held_by_others(
        store_id=quote.store_id, product_ids=wanted, holder=quote.pk, at=now
    )
    free = {product: levels[product].on_hand - held.get(product, NOTHING) for product in wanted}
    short = [
        {"product": str(product), "on_hand": amount(max(free[product], NOTHING))}
        for product in sorted(wanted)
        if wanted[product] > free[product]
    ]
    if short:
        raise OutOfStock(products=short)
    StockHold.objects.bulk_create(
        StockHold(
            holder=quote.pk,
            product_id=product,
            store_id=quote.store_id,
            quantity=quantity,
            until=quote.valid_until,
        )
        for product, quantity in sorted(wanted.items())
    )


def _hash(lines: Sequence[LineBody]) -> str:
    return digest([line.document() for line in lines])


def _as_json(ask: Ask) -> dict[str, Any]:
    row = {field.name: getattr(ask, field.name) for field in fields(ask)}
    row["product_id"] = str(ask.product_id)
    row["tax_parts"] = [part.as_json() for part in ask.tax_parts]
    return {
        name: str(value) if name in FIGURES and value is not None else value
        for name, value in row.items()
    }


def _from_json(row: dict[str, Any]) -> Ask:
    figures = {name: Decimal(row[name]) for name in FIGURES if row[name] is not None}
    parts = tuple(TaxPart.from_json(part) for part in row["tax_parts"])
    return Ask(**{**row, **figures, "tax_parts": parts, "product_id": UUID(row["product_id"])})
