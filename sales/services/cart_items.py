"""What one scan, tap or typed code stands for, and how many of it can go into a cart.

Steps that only read: call them with the cart locked. Stock is looked at, never locked, because
nothing is sold yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.services.stock import OutOfStock
from people.models import StoreRules
from regalpos.barcodes import GTIN_LENGTHS, weighed
from regalpos.errors import Invalid, Refusal
from regalpos.templatetags.shop import quantity as figure
from sales.checkout_sql.goods import Goods
from sales.forms import LineBody
from sales.models import Cart, CartLine, Favourite
from sales.sealing import amount
from sales.services.cart_view import available, elsewhere
from sales.services.priced import MOST_OF_ONE, UnknownProduct, asks_for, find_products

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


def find_item(
    cart: Cart,
    rules: StoreRules,
    code: str,
    product_id: UUID | None,
    count: Decimal,
    scanned: bool,
) -> Item:
    """What was meant, priceable and in a quantity that makes sense."""
    check_count(count, None)
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


def _priceable(cart: Cart, rules: StoreRules, line: LineBody) -> Item:
    try:
        now = timezone.now()
        [found] = find_products([line], store=cart.store, rules=rules, at=now)
    except Invalid as wrong:
        raise _bad_count(next(iter(wrong.fields.values()))[0]) from wrong
    [ask] = asks_for([found], costs={})
    code = line.barcode or ""
    speaks = found.label_price is not None or (
        bool(code) and weighed(code, rules.barcode_patterns) is not None
    )
    if speaks:
        return Item(found.product, code, line.quantity, ask.quantity / line.quantity)
    return Item(found.product, "", found.quantity, Decimal(1))


def _tile(cart: Cart, code: str) -> UUID | None:
    """The product of the tile with this number, if it is one."""
    if not (code.isascii() and code.isdigit() and len(code) <= LONGEST_TILE):
        return None
    tiles = Favourite.objects.filter(store_id=cart.store_id, number=int(code))
    return tiles.values_list("product_id", flat=True).first()


def item_of(cart: Cart, rules: StoreRules, line: CartLine, count: Decimal) -> Item:
    """The item behind a line that stands in the cart already."""
    check_count(count, None)
    code = line.barcode or None
    return _priceable(cart, rules, LineBody(None if code else line.product_id, code, count))


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
    cart: Cart, item: Item, lines: Sequence[CartLine], *, asked: Decimal, set_to: bool = False
) -> tuple[Decimal, str]:
    """How many more can go in, and what to say if that is less than was asked."""
    product = item.product
    if not (product.limited and product.stocked):
        return asked, ""
    there = available([product.id], store_id=cart.store_id, at=timezone.now())[product.id]
    taken = sum(
        (line.quantity for line in lines if line.product_id == product.id and not line.barcode),
        NOTHING,
    )
    step = Decimal(1) if product.by_piece or item.barcode else Decimal("0.001")
    left = (max(there - taken, NOTHING) / item.each).quantize(step, rounding=ROUND_DOWN)
    if asked <= left:
        return asked, ""
    return _short(cart, product, there, taken, left, set_to)


def _short(
    cart: Cart,
    product: Goods,
    there: Decimal,
    taken: Decimal,
    left: Decimal,
    set_to: bool,
) -> tuple[Decimal, str]:
    others = elsewhere(product.id, store_id=cart.store_id)
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
