"""A cart's steps in plain ORM, one row after another: what the set-based ones are held against.

It shares the rules (what a count may be, what is refused and in which words) and none of the SQL:
how a cart is locked, read and written is all its own. Call inside a transaction.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from regalpos.barcodes import clean_scan
from regalpos.errors import NotHere
from sales.forms import MOST_LINES
from sales.models import Cart, CartLine, CartStep
from sales.services.cart import CartFull, NothingToUndo
from sales.services.cart_items import (
    Item,
    check_count,
    only_left,
)
from sales.services.cart_view import CartView, elsewhere
from tests.sales.oracle.cart_gate import changed, done_before, lock_cart, must_be_open
from tests.sales.oracle.cart_items import find_item, item_of, room_for
from tests.sales.oracle.cart_view import read_cart

NOTHING = Decimal(0)
Kind = CartStep.Kind


def add_to_cart(
    *,
    step_id: UUID,
    cart_id: UUID,
    actor: Actor,
    count: Decimal = Decimal(1),
    code: str = "",
    product_id: UUID | None = None,
    scanned: bool = False,
) -> CartView:
    """`count` more of a product are in the cart: by its code, its tile's number, or itself.

    A second scan adds to its line. Of a limited product no more goes in than can be sold; the
    notice says so. `scanned` says that a scanner sent the code, so that its stump is told from
    an unknown one. Raises UnknownProduct, BrokenScan, NoPrice, OutOfStock, CartFull, Invalid, and
    what `must_be_open` raises.
    """
    cart = lock_cart(cart_id, actor)
    if step := done_before(step_id, cart, Kind.ADD):
        return _again(cart, step, count)
    rules = must_be_open(cart, actor)
    code = clean_scan(code)
    item = find_item(cart, rules, code, product_id, count, scanned)
    lines = list(cart.lines.all())
    line = _line_of(item, lines) or _new_line(cart, item, lines)
    room, notice = room_for(cart, item, lines, asked=item.count)
    check_count(line.quantity + room, item.product)
    _step(step_id, cart, line, Kind.ADD, after=line.quantity + room, actor=actor, code=code)
    return changed(cart, rules, notice=notice, notice_line=line.number)


def set_quantity(
    *,
    step_id: UUID,
    cart_id: UUID,
    number: int,
    actor: Actor,
    count: Decimal | None = None,
    change: Decimal | None = None,
) -> CartView:
    """A line counts `count`, or `change` more or fewer than before. Raises as `add_to_cart`."""
    cart = lock_cart(cart_id, actor)
    if step := done_before(step_id, cart, Kind.SET):
        return _again(cart, step, None)
    rules = must_be_open(cart, actor)
    lines = list(cart.lines.all())
    line = _numbered(lines, number)
    target = line.quantity + change if change is not None else (count or NOTHING)
    item = item_of(cart, rules, line, target)
    check_count(target, item.product, labelled=bool(line.barcode))
    notice = ""
    if target > line.quantity:
        room, notice = room_for(cart, item, lines, asked=target - line.quantity, set_to=True)
        target = line.quantity + room
    if target != line.quantity:
        _step(step_id, cart, line, Kind.SET, after=target, actor=actor, code=line.barcode)
    return changed(cart, rules, notice=notice, notice_line=number)


def remove_line(*, step_id: UUID, cart_id: UUID, number: int, actor: Actor) -> CartView:
    """A line is gone from the cart; an undo brings it back. Gone already is as good."""
    cart = lock_cart(cart_id, actor)
    if done_before(step_id, cart, Kind.REMOVE):
        return read_cart(cart)
    rules = must_be_open(cart, actor)
    line = next((line for line in cart.lines.all() if line.number == number), None)
    if line is None:
        return read_cart(cart, rules)
    _step(step_id, cart, line, Kind.REMOVE, after=NOTHING, actor=actor, code=line.barcode)
    return changed(cart, rules)


def undo_step(*, step_id: UUID, cart_id: UUID, actor: Actor) -> CartView:
    """The last change that still stands is taken back. Raises NothingToUndo."""
    cart = lock_cart(cart_id, actor)
    if done_before(step_id, cart, Kind.UNDO):
        return read_cart(cart)
    rules = must_be_open(cart, actor)
    standing = cart.steps.filter(kind__in=(Kind.ADD, Kind.SET, Kind.REMOVE), undone_by=None)
    last = standing.order_by("-at", "-id").first()
    if last is None or last.line is None or last.product_id is None:
        raise NothingToUndo
    line = cart.lines.filter(number=last.line).first() or CartLine(
        cart=cart,
        number=last.line,
        product_id=last.product_id,
        quantity=NOTHING,
        barcode=last.code if last.kind == Kind.REMOVE else "",
    )
    _step(
        step_id, cart, line, Kind.UNDO, after=last.before, actor=actor, code=last.code, undoes=last
    )
    return changed(cart, rules, notice_line=line.number)


def _line_of(item: Item, lines: Sequence[CartLine]) -> CartLine | None:
    same = (item.product.id, item.barcode)
    return next((line for line in lines if (line.product_id, line.barcode) == same), None)


def _numbered(lines: Sequence[CartLine], number: int) -> CartLine:
    line = next((line for line in lines if line.number == number), None)
    if line is None:
        raise NotHere(_("That line is gone already. Nothing has changed."))
    return line


def _new_line(cart: Cart, item: Item, lines: Sequence[CartLine]) -> CartLine:
    if len(lines) >= MOST_LINES:
        raise CartFull(most=MOST_LINES)
    highest = cart.steps.aggregate(highest=Max("line"))["highest"] or 0
    return CartLine(
        cart=cart,
        number=highest + 1,
        product_id=item.product.id,
        quantity=NOTHING,
        barcode=item.barcode,
    )


def _step(
    step_id: UUID,
    cart: Cart,
    line: CartLine,
    kind: CartStep.Kind,
    *,
    after: Decimal,
    actor: Actor,
    code: str = "",
    undoes: CartStep | None = None,
) -> None:
    """The line counts `after`, or is gone at 0, and the step is written down."""
    before = line.quantity
    line.quantity = after
    if after:
        line.save()
    elif line.pk:
        line.delete()
    CartStep.objects.create(
        pk=step_id,
        cart=cart,
        kind=kind,
        line=line.number,
        product_id=line.product_id,
        code=code,
        before=before,
        after=after,
        who_id=actor.user_id,
        at=timezone.now(),
        undoes=undoes,
    )


def _again(cart: Cart, step: CartStep, asked: Decimal | None) -> CartView:
    """The answer to a step that was taken before: the cart, and nothing new in it."""
    notice = ""
    if asked is not None and step.product_id and step.after - step.before < asked:
        others = elsewhere(step.product_id, store_id=cart.store_id)
        notice = only_left(step.after, others)
    return read_cart(cart, notice=notice, notice_line=step.line)
