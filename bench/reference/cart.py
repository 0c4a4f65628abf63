"""One scan more in a cart: the step, its line, and the cart as it then stands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from bench.reference.access import Person
from bench.reference.goods import NOTHING, Found, find, read_terms, rules_of
from bench.reference.refusals import Refused, invalid, not_here
from bench.reference.tables import (
    Cart,
    CartLine,
    CartStep,
    Product,
    Shift,
    StockHold,
    StockLevel,
    StoreRules,
)
from regalpos.barcodes import clean_scan
from regalpos.shapes import plain
from sales.forms import MOST_LINES, LineBody
from sales.pricing import Bill, PricedLine, price

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Scan(BaseModel):
    """What the till's page sends."""

    id: UUID
    code: str = ""
    quantity: Decimal = Decimal(1)
    product: UUID | None = None
    scanned: str = ""


@dataclass(frozen=True, kw_only=True)
class LineView:
    """One line on the screen."""

    row: CartLine
    priced: PricedLine
    amount: Decimal
    warning: str = ""
    left: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class CartView:
    """A cart, priced now."""

    cart: Cart
    rules: StoreRules
    lines: list[LineView]
    bill: Bill
    undoable: bool
    parked: int
    version: int
    notice: str = ""
    notice_line: int | None = None


async def add_to_cart(
    session: AsyncSession, *, cart_id: UUID, scan: Scan, person: Person
) -> CartView:
    """The step is written once, its line counts more, and this is the cart; committed."""
    now = datetime.now(UTC)
    cart = await _lock_cart(session, cart_id, person)
    step = await session.get(CartStep, scan.id)
    if step is not None and (step.cart_id != cart.id or step.kind != "add"):
        raise Refused("body_mismatch", 422)
    rules = await rules_of(session, cart.store_id, now)
    if step is not None:
        return await _view(session, cart, rules, now, notice_line=step.line)
    await _must_be_open(session, cart, rules, person)
    _check_count(scan.quantity)
    code = clean_scan(scan.code)
    wanted = LineBody(scan.product, None if scan.product else code, scan.quantity)
    [item] = await find(session, [wanted], cart.store.currency)
    line = _line_for(item, cart) or await _new_line(session, item, cart)
    room, notice = await _room(session, item, cart, now)
    before, line.quantity = line.quantity, line.quantity + room
    session.add(
        CartStep(
            id=scan.id,
            cart_id=cart.id,
            kind="add",
            line=line.number,
            product_id=item.product.id,
            code=code,
            before=before,
            after=line.quantity,
            who_id=person.id,
            at=now,
        )
    )
    cart.changed_at = max(now, cart.changed_at)
    await session.flush()
    view = await _view(session, cart, rules, now, notice=notice, notice_line=line.number)
    await session.commit()
    return view


async def _lock_cart(session: AsyncSession, cart_id: UUID, person: Person) -> Cart:
    cart = await session.scalar(
        select(Cart)
        .where(Cart.id == cart_id)
        .options(
            joinedload(Cart.store),
            selectinload(Cart.lines).joinedload(CartLine.product).joinedload(Product.tax_rate),
        )
        .with_for_update(of=Cart, key_share=True)
    )
    if cart is None:
        raise not_here()
    person.must_work_at(cart.store_id)
    return cart


async def _must_be_open(
    session: AsyncSession, cart: Cart, rules: StoreRules, person: Person
) -> None:
    """The cart may change now, and this person may sell at its register."""
    if cart.attempt is not None or cart.state != "open":
        raise Refused("cart_frozen" if cart.state == "open" else f"cart_{cart.state}")
    shift = await session.scalar(
        select(Shift).where(Shift.register_id == cart.register_id, Shift.closed_at.is_(None))
    )
    if shift is None:
        raise Refused("shift_closed")
    if shift.cashier_id != person.id and not rules.shared_drawers:
        raise Refused("drawer_of_another")


def _check_count(count: Decimal) -> None:
    if not count.is_finite() or count <= 0 or count != count.quantize(Decimal("0.001")):
        raise invalid("quantity", "That is not a quantity. Nothing has changed.")


def _line_for(item: Found, cart: Cart) -> CartLine | None:
    same = (item.product.id, _label(item))
    return next((line for line in cart.lines if (line.product_id, line.barcode) == same), None)


def _label(item: Found) -> str:
    """A pack with a price of its own stands on a line of its own, under its code."""
    return item.line.barcode or "" if item.label_price is not None else ""


async def _new_line(session: AsyncSession, item: Found, cart: Cart) -> CartLine:
    """Behind every number that the cart ever had."""
    if len(cart.lines) >= MOST_LINES:
        raise Refused("cart_full", most=MOST_LINES)
    highest = await session.scalar(
        select(func.max(CartStep.line)).where(CartStep.cart_id == cart.id)
    )
    line = CartLine(
        number=(highest or 0) + 1,
        product_id=item.product.id,
        product=item.product,
        quantity=NOTHING,
        barcode=_label(item),
        discount_reason="",
    )
    cart.lines.append(line)
    return line


async def _room(
    session: AsyncSession, item: Found, cart: Cart, now: datetime
) -> tuple[Decimal, str]:
    """How many more go in, and what to say if that is less than was asked."""
    product, asked = item.product, item.line.quantity if _label(item) else item.quantity
    if not (product.limited and product.stocked):
        return asked, ""
    there = (await _available(session, cart, [product.id], now)).get(product.id, NOTHING)
    taken = sum((line.quantity for line in cart.lines if _plainly(line, product.id)), start=NOTHING)
    each = item.quantity / item.line.quantity if _label(item) else Decimal(1)
    step = Decimal(1) if product.by_piece or _label(item) else Decimal("0.001")
    left = (max(there - taken, NOTHING) / each).quantize(step, rounding=ROUND_DOWN)
    if asked <= left:
        return asked, ""
    if left <= 0:
        raise Refused("out_of_stock", products=[{"product": str(product.id)}])
    return left, f"Only {plain(there)} left here; the count is set to {plain(there)}."


def _plainly(line: CartLine, product_id: UUID) -> bool:
    return line.product_id == product_id and not line.barcode


async def _available(
    session: AsyncSession, cart: Cart, products: Collection[UUID], now: datetime
) -> dict[UUID, Decimal]:
    """What can be taken off the shelf of each product now: on hand less what quotes hold."""
    held = (
        select(func.coalesce(func.sum(StockHold.quantity), 0))
        .where(
            StockHold.store_id == StockLevel.store_id,
            StockHold.product_id == StockLevel.product_id,
            StockHold.until > now,
        )
        .scalar_subquery()
    )
    found = await session.execute(
        select(StockLevel.product_id, StockLevel.on_hand - held).where(
            StockLevel.store_id == cart.store_id, StockLevel.product_id.in_(products)
        )
    )
    return dict(iter(found))


# ---- reading -------------------------------------------------------------------------------------


async def _view(
    session: AsyncSession,
    cart: Cart,
    rules: StoreRules,
    now: datetime,
    *,
    notice: str = "",
    notice_line: int | None = None,
) -> CartView:
    store = cart.store
    found = [_found(place, row) for place, row in enumerate(cart.lines, start=1)]
    labelled = [item.line for item in found if item.line.barcode]
    if labelled:
        packs = iter(await find(session, labelled, store.currency))
        found = [
            _numbered(next(packs), item.number) if item.line.barcode else item for item in found
        ]
    products = [item.product for item in found]
    terms = await read_terms(session, products, store, now)
    bill = price(
        [terms.ask(item, NOTHING) for item in found],
        store.currency,
        rules.prices_include_tax,
        rules.cash_step,
    )
    stocked = {product.id for product in products if product.stocked}
    there = await _available(session, cart, stocked, now)
    parked = await session.scalar(
        select(func.count()).where(Cart.store_id == store.id, Cart.state == "parked")
    )
    return CartView(
        cart=cart,
        rules=rules,
        lines=_lines(cart.lines, bill, there),
        bill=bill,
        undoable=bool(cart.lines),  # something was added, and it still stands
        parked=parked or 0,
        version=(cart.changed_at - EPOCH) // timedelta(microseconds=1),
        notice=notice,
        notice_line=notice_line,
    )


def _found(number: int, row: CartLine) -> Found:
    line = LineBody(
        product=None if row.barcode else row.product_id,
        barcode=row.barcode or None,
        quantity=row.quantity,
        discount_percent=row.discount_percent,
        discount_reason=row.discount_reason,
    )
    return Found(number=number, line=line, product=row.product, quantity=row.quantity)


def _numbered(item: Found, number: int) -> Found:
    return Found(**{**vars(item), "number": number})


def _lines(rows: Collection[CartLine], bill: Bill, there: dict[UUID, Decimal]) -> list[LineView]:
    """The lines; those that take more than the shelf holds say so."""
    taken: dict[UUID, Decimal] = {}
    for priced in bill.lines:
        if priced.stocked and priced.product_id:
            taken[priced.product_id] = taken.get(priced.product_id, NOTHING) + priced.quantity
    short = {product for product, count in taken.items() if count > there.get(product, NOTHING)}
    views = []
    for row, priced in zip(rows, bill.lines, strict=True):
        warning, left = "", None
        if row.product_id in short:
            warning = "The shelf should be empty. It can be sold; a recount is asked for."
            if row.product.limited:
                left = max(there.get(row.product_id, NOTHING), NOTHING)
                warning = f"Only {plain(left)} left here."
        amount = priced.total if bill.inclusive else priced.net
        views.append(LineView(row=row, priced=priced, amount=amount, warning=warning, left=left))
    return views
