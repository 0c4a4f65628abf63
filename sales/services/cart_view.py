"""A cart as people read it: its lines with today's prices, its sums, and what is wrong with it.

Only reads. A line that cannot be sold as it stands is shown with the reason and left out of the
sums, so that one bad line never hides the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from inventory.models import StockLevel
from people.access import Actor
from regalpos.errors import Invalid, Refusal
from regalpos.templatetags.shop import quantity as figure
from sales.checkout_sql.goods import Goods
from sales.forms import LineBody
from sales.models import Cart, CartLine
from sales.pricing import Bill, PricedLine, Unpriceable, price
from sales.services.cart_seen import Seen, see_cart
from sales.services.priced import Found, asks_for

NOTHING = Decimal(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class LineView:
    """One line on the screen. `count` is what the stepper changes: pieces, packs, kilograms.

    `quantity` is in the product's unit; it differs from `count` where a label says how much.
    """

    number: int
    product_id: UUID
    name: str
    unit: str
    by_piece: bool
    count: Decimal
    quantity: Decimal
    barcode: str
    limited: bool = False
    priced: PricedLine | None = None
    amount: Decimal | None = None
    problem: str = ""
    warning: str = ""
    left: Decimal | None = None  # Of a limited product that has less than the cart wants.

    @property
    def labelled(self) -> bool:
        """Its barcode says how much it is or what it costs."""
        return bool(self.barcode)


@dataclass(frozen=True, kw_only=True)
class CartView:
    """A cart, priced now. `version` rises with every change: an older one is never shown after it.

    `attempt` is the sale whose outcome is unknown; until it is known nothing here can change.
    """

    id: UUID
    store_id: UUID
    register_id: UUID
    state: str
    name: str
    attempt: UUID | None
    attempt_body: dict[str, object] | None
    version: int
    currency: str
    inclusive: bool
    cash_step: Decimal
    lines: tuple[LineView, ...]
    bill: Bill
    undoable: bool
    parked: int
    notice: str = ""
    notice_line: int | None = None

    @property
    def frozen(self) -> bool:
        return self.attempt is not None and self.state != Cart.State.SOLD

    @property
    def problems(self) -> int:
        """How many lines have to be settled before anybody can pay."""
        return sum(1 for line in self.lines if line.problem)

    @property
    def ready(self) -> bool:
        """Something to pay for, and nothing in its way."""
        return bool(self.lines) and not self.problems and not self.frozen


def view_cart(*, cart_id: UUID, actor: Actor) -> CartView:
    """The cart, if it belongs to a store of the actor's; else NotHere."""
    return view_of(see_cart(cart_id, actor))


def view_of(
    seen: Seen,
    *,
    lines: Sequence[CartLine] | None = None,
    undoable: bool | None = None,
    notice: str = "",
    notice_line: int | None = None,
) -> CartView:
    """The cart as it was read; or with these lines, as a step has just written them."""
    cart, store, rules = seen.cart, seen.store, seen.rules
    shown, bill = price_rows(seen.lines if lines is None else lines, seen)
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
        lines=tuple(_with_warnings(shown, seen)),
        bill=bill,
        undoable=seen.rows.standing > 0 if undoable is None else undoable,
        parked=seen.rows.parked,
        notice=notice,
        notice_line=notice_line,
    )


def version_of(cart: Cart) -> int:
    """Microseconds of the last change: a number that only rises."""
    return (cart.changed_at - EPOCH) // timedelta(microseconds=1)


def wanted(row: CartLine) -> LineBody:
    """A cart's line as a checkout asks for it: by its label if that says something, else plain."""
    return LineBody(
        product=None if row.barcode else row.product_id,
        barcode=row.barcode or None,
        quantity=row.quantity,
        discount_percent=row.discount_percent,
        discount_reason=row.discount_reason,
    )


def price_rows(rows: Sequence[CartLine], seen: Seen) -> tuple[list[LineView], Bill]:
    """Every row as a line, priced where it can be, and the bill of those that can."""
    problems: dict[int, str] = {}
    currency, rules = seen.store.currency, seen.rules
    while True:
        good = [row for row in rows if row.number not in problems]
        try:
            found = seen.find([wanted(row) for row in good])
            asks = asks_for(found, costs={})
            bill = price(asks, currency, rules.prices_include_tax, rules.cash_step)
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
    shelf = seen.rows.shelf.by_id
    return [
        _sold(row, *by_number[row.number], inclusive=bill.inclusive)
        if row.number in by_number
        else _not_sold(row, shelf[row.product_id], problems[row.number])
        for row in rows
    ], bill


def _not_sold(row: CartLine, product: Goods, problem: str) -> LineView:
    return LineView(
        number=row.number,
        product_id=row.product_id,
        name=product.name,
        unit=product.unit,
        by_piece=product.by_piece,
        count=row.quantity,
        quantity=row.quantity,
        barcode=row.barcode,
        problem=problem,
    )


def _sold(row: CartLine, item: Found, priced: PricedLine, *, inclusive: bool) -> LineView:
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


def _place(trouble: Refusal | Unpriceable) -> int:
    """Which of the asked lines it is about, from 1; 0 if none."""
    if isinstance(trouble, Unpriceable):
        return trouble.line
    if isinstance(trouble, Invalid):
        parts = next(iter(trouble.fields), "").split(".")
        return int(parts[1]) + 1 if parts[0] == "lines" and len(parts) > 1 else 0
    line = trouble.facts.get("line", 0)
    return line if isinstance(line, int) else 0


def _reason(trouble: Refusal | Unpriceable) -> str:
    if isinstance(trouble, Unpriceable):
        return _("This has no price that a till can take. Remove it to go on.")
    if isinstance(trouble, Invalid):
        return next(iter(trouble.fields.values()))[0]
    if trouble.code == "no_price":
        return _("It has no price here. Remove it to go on.")
    return _("It is not sold any more. Remove it to go on.")


# ---- stock --------------------------------------------------------------------------------------


def elsewhere(product_id: UUID, *, store_id: UUID) -> str:
    """Where else there is some: "22 at Mill Lane.", or nothing. The store with most comes first."""
    level = (
        StockLevel.objects.filter(product_id=product_id, on_hand__gt=0, store__active=True)
        .exclude(store_id=store_id)
        .select_related("store")
        .order_by("-on_hand")
        .first()
    )
    if level is None:
        return ""
    return _("%(count)s at %(store)s.") % {"count": figure(level.on_hand), "store": level.store}


def _with_warnings(lines: Sequence[LineView], seen: Seen) -> list[LineView]:
    """Lines that take more than the shelf holds say so."""
    sold = [line for line in lines if line.priced is not None and line.priced.stocked]
    there = {line.product_id: seen.available(line.product_id) for line in sold}
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


def _warned(line: LineView, there: Decimal) -> LineView:
    if line.limited:
        words = _("Only %(count)s left here.") % {"count": figure(there)}
        return replace(line, warning=words, left=there)
    words = _("The shelf should be empty. It can be sold; a recount is asked for.")
    return replace(line, warning=words)
