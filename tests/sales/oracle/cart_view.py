"""A cart read in plain ORM, a query for each kind of thing, as people then read it.

It shares the rules with the set-based one (pricing, what is a problem, what is said of it) and
none of the SQL.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from unittest.mock import patch
from uuid import UUID

from django.utils import timezone

from inventory.models import Product, StockHold, StockLevel
from people.access import Actor
from people.models import Store, StoreRules
from regalpos.errors import NotHere, Refusal
from sales.models import Cart, CartLine, CartStep
from sales.pricing import Bill, PricedLine, Unpriceable, price
from sales.services import priced
from sales.services.cart_view import (
    CartView,
    LineView,
    _place,
    _reason,
    _warned,
    version_of,
    wanted,
)
from sales.services.priced import Found, asks_for, find_products, rules_of
from tests.sales.oracle.checkout import read_goods

NOTHING = Decimal(0)
UNDOABLE = (CartStep.Kind.ADD, CartStep.Kind.SET, CartStep.Kind.REMOVE)


def view_cart(*, cart_id: UUID, actor: Actor) -> CartView:
    """As `sales.services.cart_view.view_cart`."""
    cart = Cart.objects.select_related("store").filter(pk=cart_id).first()
    if cart is None or not actor.works_at(cart.store_id):
        raise NotHere
    return read_cart(cart)


def read_cart(
    cart: Cart,
    rules: StoreRules | None = None,
    *,
    notice: str = "",
    notice_line: int | None = None,
) -> CartView:
    """The cart as it is now, in about seven reads."""
    store, now = cart.store, timezone.now()
    rules = rules or rules_of(store, now)
    rows = list(cart.lines.all())
    with patch.object(priced, "read_goods", read_goods):
        lines, bill = price_rows(rows, store=store, rules=rules, at=now)
    steps = CartStep.objects.filter(cart=cart, kind__in=UNDOABLE, undone_by=None)
    return CartView(
        id=cart.pk,
        store_id=store.pk,
        register_id=cart.register_id,
        state=cart.state,
        name=cart.name,
        attempt=cart.attempt,
        attempt_body=cart.attempt_body,
        version=version_of(cart),
        currency=store.currency,
        inclusive=rules.prices_include_tax,
        cash_step=rules.cash_step,
        lines=tuple(_with_warnings(lines, store, now)),
        bill=bill,
        undoable=steps.exists(),
        parked=Cart.objects.filter(store=store, state=Cart.State.PARKED).count(),
        notice=notice,
        notice_line=notice_line,
    )


def price_rows(
    rows: Sequence[CartLine], *, store: Store, rules: StoreRules, at: datetime
) -> tuple[list[LineView], Bill]:
    """Every row as a line, priced where it can be, and the bill of those that can."""
    problems: dict[int, str] = {}
    while True:
        good = [row for row in rows if row.number not in problems]
        try:
            found = find_products([wanted(row) for row in good], store=store, rules=rules, at=at)
            asks = asks_for(found, costs={})
            bill = price(asks, store.currency, rules.prices_include_tax, rules.cash_step)
        except (Refusal, Unpriceable) as trouble:
            # Of lines that are too much together the last one gives way.
            place = _place(trouble) or (isinstance(trouble, Unpriceable) and len(good))
            if not 1 <= place <= len(good):
                raise
            problems[good[place - 1].number] = _reason(trouble)
            continue
        break
    by_number = {
        row.number: (item, line) for row, item, line in zip(good, found, bill.lines, strict=True)
    }
    names = _names([row for row in rows if row.number in problems])
    return [
        _line(row, by_number.get(row.number), problems.get(row.number, ""), names, bill.inclusive)
        for row in rows
    ], bill


def _line(
    row: CartLine,
    sold: tuple[Found, PricedLine] | None,
    problem: str,
    names: Mapping[UUID, tuple[str, str]],
    inclusive: bool,
) -> LineView:
    if sold is None:
        name, unit = names[row.product_id]
        return LineView(
            number=row.number,
            product_id=row.product_id,
            name=name,
            unit=unit,
            by_piece=unit == "each",
            count=row.quantity,
            quantity=row.quantity,
            barcode=row.barcode,
            problem=problem,
        )
    item, priced = sold
    return LineView(
        number=row.number,
        product_id=row.product_id,
        name=item.product.name,
        unit=item.product.unit,
        by_piece=item.product.by_piece,
        count=row.quantity,
        quantity=priced.quantity,
        barcode=row.barcode,
        limited=item.product.limited and item.product.stocked,
        priced=priced,
        amount=priced.total if inclusive else priced.net,
    )


def _names(rows: Sequence[CartLine]) -> dict[UUID, tuple[str, str]]:
    found = Product.objects.filter(pk__in=[row.product_id for row in rows])
    return {pk: (name, unit) for pk, name, unit in found.values_list("pk", "name", "unit")}


def available(product_ids: Sequence[UUID], *, store_id: UUID, at: datetime) -> dict[UUID, Decimal]:
    """What can be taken off the shelf of each product now: on hand less what quotes hold."""
    held = StockHold.objects.held_by_others(
        store_id=store_id, product_ids=product_ids, holder=None, at=at
    )
    levels = StockLevel.objects.filter(store_id=store_id, product_id__in=product_ids)
    on_hand = dict(levels.values_list("product_id", "on_hand"))
    return {pk: on_hand.get(pk, NOTHING) - held.get(pk, NOTHING) for pk in product_ids}


def _with_warnings(lines: Sequence[LineView], store: Store, at: datetime) -> list[LineView]:
    """Lines that take more than the shelf holds say so."""
    sold = [line for line in lines if line.priced is not None and line.priced.stocked]
    if not sold:
        return list(lines)
    there = available([line.product_id for line in sold], store_id=store.pk, at=at)
    short: set[UUID] = set()
    taken: dict[UUID, Decimal] = {}
    for line in sold:
        taken[line.product_id] = taken.get(line.product_id, NOTHING) + line.quantity
        if taken[line.product_id] > there[line.product_id]:
            short.add(line.product_id)
    return [
        _warned(line, max(there[line.product_id], NOTHING))
        if line.product_id in short and not line.problem
        else line
        for line in lines
    ]
