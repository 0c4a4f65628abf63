"""What one scan, tap or typed code stands for, and how many of it can go into a cart.

Rules about what was read with the cart. Stock is looked at, never locked, because nothing is
sold yet.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from inventory.services.stock import OutOfStock
from regalpos.barcodes import GTIN_LENGTHS
from regalpos.errors import Invalid, Refusal
from regalpos.templatetags.shop import quantity as figure
from sales.checkout_sql.goods import Goods
from sales.forms import LineBody
from sales.models import CartLine
from sales.sealing import amount
from sales.services.cart_seen import Seen
from sales.services.cart_view import elsewhere
from sales.services.priced import MOST_OF_ONE, UnknownProduct, asks_for

NOTHING = Decimal(0)
EAN = 13
LONGEST_TILE = 4  # digits of a tile's number; whatever is longer is a code


class BrokenScan(Refusal):
    """A scanner sent a few digits of a code."""

    code = "broken_scan"
    message = _("Broken scan, %(seen)s of %(whole)s digits. Scan again.")


@dataclass(frozen=True)
class Item:
    """What one scan or tap stands for: a line's product, its label if that matters, how many."""

    product: Goods
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


def tile_number(code: str) -> int | None:
    """The number of a tile, if this could be one."""
    may_be = code.isascii() and code.isdigit() and len(code) <= LONGEST_TILE
    return int(code) if may_be else None


def find_item(
    seen: Seen, code: str, product_id: UUID | None, count: Decimal, scanned: bool
) -> Item:
    """What was meant, priceable and in a quantity that makes sense."""
    check_count(count, None)
    line = LineBody(product=product_id, barcode=None if product_id else code, quantity=count)
    if not product_id and not code:
        raise UnknownProduct(scanned="")
    try:
        item = _priceable(seen, line)
    except UnknownProduct:
        tile = None if scanned else seen.rows.tile
        if tile is not None:
            return _priceable(seen, LineBody(tile, None, count))
        if scanned and code.isdigit() and len(code) < EAN and len(code) not in GTIN_LENGTHS:
            raise BrokenScan(seen=len(code), whole=EAN) from None
        raise
    return item


def _priceable(seen: Seen, line: LineBody) -> Item:
    try:
        [found] = seen.find([line])
    except Invalid as wrong:
        raise _bad_count(next(iter(wrong.fields.values()))[0]) from wrong
    [ask] = asks_for([found], costs={})
    code = line.barcode or ""
    if found.label_price is not None or code in seen.labels:
        return Item(found.product, code, line.quantity, ask.quantity / line.quantity)
    return Item(found.product, "", found.quantity, Decimal(1))


def item_of(seen: Seen, line: CartLine, count: Decimal) -> Item:
    """The item behind a line that stands in the cart already."""
    check_count(count, None)
    code = line.barcode or None
    return _priceable(seen, LineBody(None if code else line.product_id, code, count))


# ---- how many -----------------------------------------------------------------------------------


def check_count(count: Decimal, product: Goods | None, *, labelled: bool = False) -> None:
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


def room_for(
    seen: Seen, item: Item, *, asked: Decimal, set_to: bool = False
) -> tuple[Decimal, str]:
    """How many more can go in, and what to say if that is less than was asked."""
    product = item.product
    if not (product.limited and product.stocked):
        return asked, ""
    there = seen.available(product.id)
    same = (line for line in seen.lines if line.product_id == product.id and not line.barcode)
    taken = sum((line.quantity for line in same), NOTHING)
    step = Decimal(1) if product.by_piece or item.barcode else Decimal("0.001")
    left = (max(there - taken, NOTHING) / item.each).quantize(step, rounding=ROUND_DOWN)
    if asked <= left:
        return asked, ""
    return _short(seen, product, there, left, set_to)


def _short(
    seen: Seen, product: Goods, there: Decimal, left: Decimal, set_to: bool
) -> tuple[Decimal, str]:
    others = elsewhere(product.id, store_id=seen.store.pk)
    shelf = [{"product": str(product.id), "on_hand": amount(max(there, NOTHING))}]
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
    return left, only_left(there, others)


def only_left(left: Decimal, others: str) -> str:
    words = _("Only %(left)s left here; the count is set to %(left)s. %(others)s")
    return (words % {"left": figure(left), "others": others}).strip()
