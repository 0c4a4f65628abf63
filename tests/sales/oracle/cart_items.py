"""What a code stands for, and how many of it can go in, in plain ORM."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from unittest.mock import patch
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.services.stock import OutOfStock
from people.models import StoreRules
from regalpos.barcodes import GTIN_LENGTHS, weighed
from regalpos.errors import Invalid
from regalpos.templatetags.shop import quantity as figure
from sales.checkout_sql.goods import Goods
from sales.forms import LineBody
from sales.models import Cart, CartLine, Favourite
from sales.sealing import amount
from sales.services import priced
from sales.services.cart_items import (
    EAN,
    LONGEST_TILE,
    BrokenScan,
    Item,
    _bad_count,
    check_count,
    only_left,
)
from sales.services.cart_view import elsewhere
from sales.services.priced import UnknownProduct, asks_for, find_products
from tests.sales.oracle.cart_view import available
from tests.sales.oracle.checkout import read_goods

NOTHING = Decimal(0)


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
        with patch.object(priced, "read_goods", read_goods):
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
