"""What goes into a cart and out of it, one step at a time.

Every scan, tap, void and undo is a step with an id that its client made: a repeated id adds
nothing and answers the same. A step locks its cart, and only that; stock is looked at, never
locked, because nothing is sold yet. Three statements: the lock, all that has to be known, and the
step written. Each use case answers with the cart as it then stands.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from regalpos.barcodes import clean_scan
from regalpos.errors import NotHere, Refusal
from sales.checkout_sql.cart import Asked
from sales.checkout_sql.cart_steps import touch, write_step
from sales.forms import MOST_LINES
from sales.models import CartLine, CartStep
from sales.services.cart_gate import changed, done_before, must_be_open
from sales.services.cart_items import (
    Item,
    check_count,
    find_item,
    item_of,
    only_left,
    room_for,
    tile_number,
)
from sales.services.cart_seen import Seen, lock_cart
from sales.services.cart_view import CartView, elsewhere, view_of

NOTHING = Decimal(0)
PLACES = Decimal("0.001")  # as quantities are kept
Kind = CartStep.Kind


class CartFull(Refusal):
    """More lines than one sale can hold."""

    code = "cart_full"
    message = _("A sale holds %(most)s lines. Pay for these; the rest goes on the next sale.")


class NothingToUndo(Refusal):
    code = "nothing_to_undo"
    message = _("There is nothing to undo in this sale.")


@transaction.atomic(durable=True)
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
    code = clean_scan(code)
    wanted = Asked(
        step=step_id,
        product=product_id,
        code="" if product_id else code,
        tile=None if product_id or scanned else tile_number(code),
    )
    seen = lock_cart(cart_id, actor, wanted)
    if step := done_before(seen, Kind.ADD):
        return _again(seen, step, count)
    must_be_open(seen, actor)
    item = find_item(seen, code, product_id, count, scanned)
    line = _line_of(item, seen.lines) or _new_line(seen, item)
    room, notice = room_for(seen, item, asked=item.count)
    check_count(line.quantity + room, item.product)
    step = _new_step(step_id, line, Kind.ADD, after=line.quantity + room, actor=actor, code=code)
    return _taken(seen, line, step, notice=notice, notice_line=line.number)


@transaction.atomic(durable=True)
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
    seen = lock_cart(cart_id, actor, Asked(step=step_id))
    if step := done_before(seen, Kind.SET):
        return _again(seen, step, None)
    must_be_open(seen, actor)
    line = _numbered(seen.lines, number)
    if line is None:
        raise NotHere(_("That line is gone already. Nothing has changed."))
    target = line.quantity + change if change is not None else (count or NOTHING)
    item = item_of(seen, line, target)
    check_count(target, item.product, labelled=bool(line.barcode))
    notice = ""
    if target > line.quantity:
        room, notice = room_for(seen, item, asked=target - line.quantity, set_to=True)
        target = line.quantity + room
    if target == line.quantity:
        changed(seen.cart)
        touch(seen.cart)
        return view_of(seen, notice=notice, notice_line=number)
    step = _new_step(step_id, line, Kind.SET, after=target, actor=actor, code=line.barcode)
    return _taken(seen, line, step, notice=notice, notice_line=number)


@transaction.atomic(durable=True)
def remove_line(*, step_id: UUID, cart_id: UUID, number: int, actor: Actor) -> CartView:
    """A line is gone from the cart; an undo brings it back. Gone already is as good."""
    seen = lock_cart(cart_id, actor, Asked(step=step_id))
    if done_before(seen, Kind.REMOVE):
        return view_of(seen)
    must_be_open(seen, actor)
    line = _numbered(seen.lines, number)
    if line is None:
        return view_of(seen)
    step = _new_step(step_id, line, Kind.REMOVE, after=NOTHING, actor=actor, code=line.barcode)
    return _taken(seen, line, step)


@transaction.atomic(durable=True)
def undo_step(*, step_id: UUID, cart_id: UUID, actor: Actor) -> CartView:
    """The last change that still stands is taken back. Raises NothingToUndo."""
    seen = lock_cart(cart_id, actor, Asked(step=step_id, undo=True))
    if done_before(seen, Kind.UNDO):
        return view_of(seen)
    must_be_open(seen, actor)
    last = seen.rows.last
    if last is None or last.line is None or last.product_id is None:
        raise NothingToUndo
    line = _numbered(seen.lines, last.line) or CartLine(
        cart=seen.cart,
        number=last.line,
        product_id=last.product_id,
        quantity=NOTHING,
        barcode=last.code if last.kind == Kind.REMOVE else "",
    )
    step = _new_step(step_id, line, Kind.UNDO, after=last.before, actor=actor, code=last.code)
    step.undoes = last
    return _taken(seen, line, step, undoable=seen.rows.standing > 1, notice_line=line.number)


def _line_of(item: Item, lines: Sequence[CartLine]) -> CartLine | None:
    same = (item.product.id, item.barcode)
    return next((line for line in lines if (line.product_id, line.barcode) == same), None)


def _numbered(lines: Sequence[CartLine], number: int) -> CartLine | None:
    return next((line for line in lines if line.number == number), None)


def _new_line(seen: Seen, item: Item) -> CartLine:
    if len(seen.lines) >= MOST_LINES:
        raise CartFull(most=MOST_LINES)
    return CartLine(
        cart=seen.cart,
        number=seen.rows.highest + 1,
        product_id=item.product.id,
        quantity=NOTHING,
        barcode=item.barcode,
    )


# ---- writing ------------------------------------------------------------------------------------


def _new_step(
    step_id: UUID,
    line: CartLine,
    kind: CartStep.Kind,
    *,
    after: Decimal,
    actor: Actor,
    code: str = "",
) -> CartStep:
    """The step from what the line counts to `after`; 0 is gone."""
    return CartStep(
        pk=step_id,
        cart_id=line.cart_id,
        kind=kind,
        line=line.number,
        product_id=line.product_id,
        code=code,
        before=line.quantity,
        after=after.quantize(PLACES),
        who_id=actor.user_id,
        at=timezone.now(),
    )


def _taken(
    seen: Seen,
    line: CartLine,
    step: CartStep,
    *,
    undoable: bool = True,
    notice: str = "",
    notice_line: int | None = None,
) -> CartView:
    """The cart with this step taken and written down. The last thing that a use case does."""
    changed(seen.cart)
    write_step(seen.cart, line, step)
    line.quantity = step.after
    others = [other for other in seen.lines if other.number != line.number]
    lines = sorted([*others, line] if step.after else others, key=lambda line: line.number)
    return view_of(seen, lines=lines, undoable=undoable, notice=notice, notice_line=notice_line)


def _again(seen: Seen, step: CartStep, asked: Decimal | None) -> CartView:
    """The answer to a step that was taken before: the cart, and nothing new in it."""
    notice = ""
    if asked is not None and step.product_id and step.after - step.before < asked:
        others = elsewhere(step.product_id, store_id=seen.store.pk)
        notice = only_left(step.after, others)
    return view_of(seen, notice=notice, notice_line=step.line)
