"""Filling a sale's basket: every stock level and returned quantity locked, every line priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from inventory.models import StockLevel
from inventory.services.stock import ensure_levels
from people.access import Actor
from people.models import StoreRules
from regalpos.errors import Invalid
from sales.forms import LineBody, SaleBody
from sales.models import Register, ReturnedQuantity, SaleLine
from sales.pricing import (
    Ask,
    Bill,
    PricedLine,
    TaxPart,
    Unpriceable,
    add_up,
    price_line,
    return_line,
)
from sales.sealing import amount
from sales.services.priced import Found, asks_for, find_products, rules_of
from sales.services.quotes import asks_of_quote, quote_of


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A sold line that comes back, in part or whole, and the product behind it."""

    number: int
    line: LineBody
    sold: SaleLine


@dataclass(frozen=True, kw_only=True)
class Basket:
    """Everything a sale is made of, once it is priced."""

    register: Register
    rules: StoreRules
    actor: Actor
    body: SaleBody
    bill: Bill
    taken: Mapping[int, Taken]
    levels: Mapping[UUID, StockLevel]
    at: datetime


def fill_basket(
    body: SaleBody, register: Register, rules: StoreRules, actor: Actor, at: datetime
) -> Basket:
    """The basket of a checkout, priced with its stock and returned quantities locked.

    A step: call inside a transaction. Raises UnknownProduct, NoPrice, Invalid.
    """
    store = register.store
    quote = quote_of(body.quote, body, register, at) if body.quote else None
    if quote:
        rules = rules_of(store, quote.made_at)  # A promise keeps the rules of then.
    goods = {n: line for n, line in enumerate(body.lines, 1) if not line.returns}
    taken = _taken(body, register)
    asks = asks_of_quote(quote) if quote else []
    wanted = [] if asks else list(goods.values())
    found = find_products(
        wanted, store=store, rules=rules, at=at, numbers=goods if wanted else None
    )
    ensure_levels(store.pk, _unlevelled(found))
    levels = StockLevel.objects.lock(store_id=store.pk, product_ids=_stocked(found, asks, taken))
    if not asks:
        costs = {product: level.average_cost for product, level in levels.items()}
        asks = asks_for(found, costs=costs)
    return Basket(
        register=register,
        rules=rules,
        actor=actor,
        body=body,
        bill=_bill(dict(zip(goods, asks, strict=True)), taken, store.currency, rules),
        taken=taken,
        levels=levels,
        at=at,
    )


def _unlevelled(found: Sequence[Found]) -> set[UUID]:
    """Stocked products that this store never had any of."""
    return {it.product.id for it in found if it.product.stocked and it.product.on_hand is None}


def _stocked(found: Sequence[Found], asks: Sequence[Ask], taken: Mapping[int, Taken]) -> set[UUID]:
    """The products whose stock this sale moves."""
    sold = {item.product.id for item in found if item.product.stocked}
    quoted = {ask.product_id for ask in asks if ask.stocked and ask.product_id}
    back = {
        item.sold.product_id
        for item in taken.values()
        if item.sold.product_id and item.sold.kind == SaleLine.Kind.GOODS
    }
    return sold | quoted | back


def _bill(
    asks: Mapping[int, Ask], taken: Mapping[int, Taken], currency: str, rules: StoreRules
) -> Bill:
    inclusive = rules.prices_include_tax
    try:
        lines = {n: price_line(ask, currency, inclusive) for n, ask in asks.items()}
        lines |= _price_returns(taken, currency)
    except Unpriceable as wrong:
        words = _("This cannot be sold like that.")
        raise Invalid(fields={_field(wrong): [str(words)]}) from wrong
    ordered = [replace(lines[number], number=number) for number in sorted(lines)]
    return add_up(ordered, currency, inclusive, rules.cash_step or None)


def _taken(body: SaleBody, register: Register) -> dict[int, Taken]:
    """The sold lines that come back, by line number. Only this store's, in its own currency."""
    wanted = {n: line for n, line in enumerate(body.lines, 1) if line.returns}
    if not wanted:
        return {}
    sold = SaleLine.objects.filter(
        pk__in={line.returns for line in wanted.values()},
        sale__store_id=register.store_id,
        sale__currency=register.store.currency,
        quantity__gt=0,
    ).select_related("sale", "product")
    by_id = {line.pk: line for line in sold}
    taken: dict[int, Taken] = {}
    for number, line in wanted.items():
        source = by_id.get(line.returns) if line.returns else None
        if source is None:
            raise Invalid(
                fields={f"lines.{number - 1}.returns": [str(_("No such line on a receipt here."))]}
            )
        if source.pk in {item.sold.pk for item in taken.values()}:
            raise Invalid(
                fields={f"lines.{number - 1}.returns": [str(_("This line is here already."))]}
            )
        if source.by_piece and line.quantity != line.quantity.to_integral_value():
            words = _("Sold by the piece: whole numbers only.")
            raise Invalid(fields={f"lines.{number - 1}.quantity": [str(words)]})
        taken[number] = Taken(number=number, line=line, sold=source)
    return taken


def _price_returns(taken: Mapping[int, Taken], currency: str) -> dict[int, PricedLine]:
    """What each return gives back: its share of what was paid, after what came back before.

    Locks the guard rows, so that two tills cannot give back the same piece.
    """
    if not taken:
        return {}
    guards = {
        row.line_id: row
        for row in ReturnedQuantity.objects.filter(
            line_id__in=[item.sold.pk for item in taken.values()]
        )
        .order_by("line_id")
        .select_for_update(no_key=True)
    }
    lines = {}
    for number, item in taken.items():
        guard, now = guards[item.sold.pk], -item.line.quantity
        if guard.returned + now > guard.sold:
            left = amount(guard.sold - guard.returned)
            words = _("Only %(left)s of these can still come back.") % {"left": left}
            raise Invalid(fields={f"lines.{number - 1}.quantity": [str(words)]})
        lines[number] = return_line(
            as_priced(item.sold),
            number=number,
            returned_before=guard.returned,
            returned_now=now,
            currency=currency,
            inclusive=item.sold.sale.prices_include_tax,
        )
    return lines


def as_priced(line: SaleLine) -> PricedLine:
    """A sold line as the pricing module knows it."""
    return PricedLine(
        number=line.number,
        quantity=line.quantity,
        list_price=line.list_price,
        tax_percent=line.tax_percent,
        tax_code=line.tax_code,
        product_id=line.product_id,
        sku=line.sku,
        description=line.description,
        unit=line.unit,
        tax_parts=tuple(TaxPart.from_json(part) for part in line.tax_parts),
        discount_reason=line.discount_reason,
        cost=line.cost,
        stocked=line.kind == SaleLine.Kind.GOODS,
        price_basis="label" if line.price_basis == SaleLine.Basis.LABEL else "unit",
        unit_price=line.unit_price,
        gross=line.total + line.discount,  # Not read by return_line().
        discount=line.discount,
        net=line.net,
        tax=line.tax,
        total=line.total,
    )


def _field(wrong: Unpriceable) -> str:
    return f"lines.{wrong.line - 1}.{wrong.field}" if wrong.line else "lines"
