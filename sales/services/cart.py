"""What goes into a cart and out of it, one step at a time.

Every scan, tap, void and undo is a step with an id that its client made: a repeated id adds
nothing and answers the same. A step locks its cart, and only that; stock is looked at, never
locked, because nothing is sold yet. Each use case answers with the cart as it then stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import Product
from inventory.services.stock import OutOfStock
from people.access import Actor
from people.models import StoreRules
from regalpos.barcodes import GTIN_LENGTHS, clean_scan, weighed
from regalpos.errors import Invalid, NotHere, Refusal
from regalpos.templatetags.shop import quantity as figure
from sales.forms import MOST_LINES, LineBody
from sales.models import Cart, CartLine, CartStep, Favourite
from sales.sealing import amount
from sales.services.cart_gate import changed, done_before, lock_cart, must_be_open
from sales.services.cart_view import CartView, available, elsewhere, read_cart
from sales.services.priced import MOST_OF_ONE, UnknownProduct, asks_for, find_products

NOTHING = Decimal(0)
EAN = 13
LONGEST_TILE = 4  # digits of a tile's number; whatever is longer is a code
Kind = CartStep.Kind


class BrokenScan(Refusal):
    """A scanner sent a few digits of a code."""

    code = "broken_scan"
    message = _("Broken scan, %(seen)s of %(whole)s digits. Scan again.")


class CartFull(Refusal):
    """More lines than one sale can hold."""

    code = "cart_full"
    message = _("A sale holds %(most)s lines. Pay for these; the rest goes on the next sale.")


class NothingToUndo(Refusal):
    code = "nothing_to_undo"
    message = _("There is nothing to undo in this sale.")


@dataclass(frozen=True)
class _Item:
    """What one scan or tap stands for: a line's product, its label if that matters, how many."""

    product: Product
    barcode: str
    count: Decimal
    each: Decimal  # In the product's unit, per count.


def read_count(text: str) -> Decimal:
    """How many, as it was typed: `6`, `0.5` or `0,5`. Raises Invalid naming `quantity`."""
    text = text.strip().replace(",", ".")
    try:
        count = Decimal(text) if len(text) <= 30 else Decimal("NaN")
    except InvalidOperation:
        count = Decimal("NaN")
    if not count.is_finite() or "e" in text.lower():
        raise _bad_count(_("That is not a quantity. Nothing has changed."))
    return count


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
    cart = lock_cart(cart_id, actor)
    if step := done_before(step_id, cart, Kind.ADD):
        return _again(cart, step, count)
    rules = must_be_open(cart, actor)
    code = clean_scan(code)
    item = _find(cart, rules, code, product_id, count, scanned)
    lines = list(cart.lines.all())
    line = _line_of(item, lines) or _new_line(cart, item, lines)
    room, notice = _room(cart, item, lines, asked=item.count)
    _check_count(line.quantity + room, item.product)
    _step(step_id, cart, line, Kind.ADD, after=line.quantity + room, actor=actor, code=code)
    return changed(cart, rules, notice=notice, notice_line=line.number)


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
    cart = lock_cart(cart_id, actor)
    if step := done_before(step_id, cart, Kind.SET):
        return _again(cart, step, None)
    rules = must_be_open(cart, actor)
    lines = list(cart.lines.all())
    line = _numbered(lines, number)
    target = line.quantity + change if change is not None else (count or NOTHING)
    item = _item_of(cart, rules, line, target)
    _check_count(target, item.product, labelled=bool(line.barcode))
    notice = ""
    if target > line.quantity:
        room, notice = _room(cart, item, lines, asked=target - line.quantity, set_to=True)
        target = line.quantity + room
    if target != line.quantity:
        _step(step_id, cart, line, Kind.SET, after=target, actor=actor, code=line.barcode)
    return changed(cart, rules, notice=notice, notice_line=number)


@transaction.atomic(durable=True)
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


@transaction.atomic(durable=True)
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


# ---- finding ------------------------------------------------------------------------------------


def _find(
    cart: Cart,
    rules: StoreRules,
    code: str,
    product_id: UUID | None,
    count: Decimal,
    scanned: bool,
) -> _Item:
    """What was meant, priceable and in a quantity that makes sense."""
    _check_count(count, None)
    line = LineBody(product=product_id, barcode=None if product_id else code, quantity=count)
    if not product_id and not code:
        raise UnknownProduct(scanned="")
    try:
        item = _priceable(cart, rules, line)
    except UnknownProduct:
        tile = None if scanned else _tile(cart, code)
        if tile is not None:
            return _priceable(cart, rules, LineBody(tile, None, count))
        if scanned and code.isdigit() and len(code) < EAN and len(code) not in GTIN_LENGTHS:
            raise BrokenScan(seen=len(code), whole=EAN) from None
        raise
    return item


def _priceable(cart: Cart, rules: StoreRules, line: LineBody) -> _Item:
    try:
        [found] = find_products([line], store=cart.store, rules=rules)
    except Invalid as wrong:
        raise _bad_count(next(iter(wrong.fields.values()))[0]) from wrong
    [ask] = asks_for([found], store=cart.store, at=timezone.now(), costs={})
    code = line.barcode or ""
    speaks = found.label_price is not None or (
        bool(code) and weighed(code, rules.barcode_patterns) is not None
    )
    if speaks:
        return _Item(found.product, code, line.quantity, ask.quantity / line.quantity)
    return _Item(found.product, "", found.quantity, Decimal(1))


def _tile(cart: Cart, code: str) -> UUID | None:
    """The product of the tile with this number, if it is one."""
    if not (code.isascii() and code.isdigit() and len(code) <= LONGEST_TILE):
        return None
    tiles = Favourite.objects.filter(store_id=cart.store_id, number=int(code))
    return tiles.values_list("product_id", flat=True).first()


def _item_of(cart: Cart, rules: StoreRules, line: CartLine, count: Decimal) -> _Item:
    """The item behind a line that stands in the cart already."""
    _check_count(count, None)
    code = line.barcode or None
    return _priceable(cart, rules, LineBody(None if code else line.product_id, code, count))


def _line_of(item: _Item, lines: Sequence[CartLine]) -> CartLine | None:
    same = (item.product.pk, item.barcode)
    return next((line for line in lines if (line.product_id, line.barcode) == same), None)


def _numbered(lines: Sequence[CartLine], number: int) -> CartLine:
    line = next((line for line in lines if line.number == number), None)
    if line is None:
        raise NotHere(_("That line is gone already. Nothing has changed."))
    return line


def _new_line(cart: Cart, item: _Item, lines: Sequence[CartLine]) -> CartLine:
    if len(lines) >= MOST_LINES:
        raise CartFull(most=MOST_LINES)
    highest = cart.steps.aggregate(highest=Max("line"))["highest"] or 0
    return CartLine(
        cart=cart,
        number=highest + 1,
        product=item.product,
        quantity=NOTHING,
        barcode=item.barcode,
    )


# ---- how many -----------------------------------------------------------------------------------


def _check_count(count: Decimal, product: Product | None, *, labelled: bool = False) -> None:
    if count == 0:
        raise _bad_count(_("A quantity of 0 sells nothing. Nothing has changed."))
    if count < 0:
        raise _bad_count(_("A sale counts up. What comes back goes through Return (F7)."))
    if count > MOST_OF_ONE:
        raise _bad_count(_("That is more than one sale can hold. Nothing has changed."))
    if count != count.quantize(Decimal("0.001")):
        raise _bad_count(_("Three decimals at most. Nothing has changed."))
    whole = labelled or (product is not None and product.by_piece)
    if whole and count != count.to_integral_value():
        raise _bad_count(_("Sold by the piece: whole numbers only. Nothing has changed."))


def _bad_count(words: object) -> Invalid:
    return Invalid(str(words), fields={"quantity": [str(words)]})


def _room(
    cart: Cart, item: _Item, lines: Sequence[CartLine], *, asked: Decimal, set_to: bool = False
) -> tuple[Decimal, str]:
    """How many more can go in, and what to say if that is less than was asked."""
    product = item.product
    if not (product.limited and product.stocked):
        return asked, ""
    there = available([product.pk], store_id=cart.store_id, at=timezone.now())[product.pk]
    taken = sum(
        (line.quantity for line in lines if line.product_id == product.pk and not line.barcode),
        NOTHING,
    )
    step = Decimal(1) if product.by_piece or item.barcode else Decimal("0.001")
    left = (max(there - taken, NOTHING) / item.each).quantize(step, rounding=ROUND_DOWN)
    if asked <= left:
        return asked, ""
    return _short(cart, product, there, taken, left, set_to)


def _short(
    cart: Cart,
    product: Product,
    there: Decimal,
    taken: Decimal,
    left: Decimal,
    set_to: bool,
) -> tuple[Decimal, str]:
    others = elsewhere(product.pk, store_id=cart.store_id)
    shelf = [{"product": str(product.pk), "on_hand": amount(max(there, NOTHING))}]
    if there <= 0:
        words = _("None left here. Nothing was added. %(others)s") % {"others": others}
        raise OutOfStock(words.strip(), products=shelf)
    if left <= 0 and not set_to:
        raise OutOfStock(
            (
                _("Only %(left)s left here, and all are in this sale. %(others)s")
                % {"left": figure(there), "others": others}
            ).strip(),
            products=shelf,
        )
    return left, _only_left(there, others)


# ---- writing ------------------------------------------------------------------------------------


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
        notice = _only_left(step.after, others)
    return read_cart(cart, notice=notice, notice_line=step.line)


def _only_left(left: Decimal, others: str) -> str:
    words = _("Only %(left)s left here; the count is set to %(left)s. %(others)s")
    return (words % {"left": figure(left), "others": others}).strip()
