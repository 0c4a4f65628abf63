"""From what is wanted to a bill: products, prices and taxes as the server knows them now.

Steps that only read. The cart's view, a quote and a sale all price here, so they agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from people.models import Store, StoreRules
from regalpos.barcodes import WeighedLabel, clean_scan, lookup_key, weighed
from regalpos.errors import Invalid, Refusal
from regalpos.money import from_minor, round_money
from sales.checkout_sql.goods import Goods, Shelf, read_goods
from sales.forms import LineBody
from sales.pricing import Ask, marked_down, quantity_of_label

MOST_OF_ONE = Decimal("999999.999")
NOTHING = Decimal(0)


class UnknownProduct(Refusal):
    code = "unknown_product"
    message = _("Not in the catalogue: %(scanned)s. Nothing was added.")


class NoPrice(Refusal):
    code = "no_price"
    message = _("%(name)s has no price here. Nothing was added.")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A wanted line and its product. `quantity` is in the product's unit, whatever was scanned."""

    number: int
    line: LineBody
    product: Goods
    quantity: Decimal
    label_price: Decimal | None = None  # For the whole line: a pack's or a printed price.
    label_each: Decimal | None = None  # A printed price of one scan whose weight it hides.


def rules_of(store: Store, at: datetime) -> StoreRules:
    """The rules in force at a store. Every store has had some since it was set up."""
    return store.rules.filter(valid_from__lte=at).order_by("-version")[0]


def find_products(
    lines: Sequence[LineBody],
    *,
    store: Store,
    rules: StoreRules,
    at: datetime,
    numbers: Iterable[int] | None = None,
) -> list[Found]:
    """The product behind every line, in one read. Raises UnknownProduct for the first without.

    `numbers` are the lines' own, where others stand between them; else 1, 2, 3.
    A code is looked up as it is, then as a weighed label by the store's patterns, then as a SKU.
    """
    if not lines:
        return []
    codes = {clean_scan(line.barcode) for line in lines if line.barcode}
    labels = labels_of(codes, rules)
    wanted = codes | references(labels)
    shelf = read_goods(
        store_id=store.pk,
        currency=store.currency,
        at=at,
        day=store.business_day(at),
        ids={line.product for line in lines if line.product},
        skus=wanted,
        lookups={lookup_key(code) for code in wanted},
    )
    return find_on(shelf, lines, labels=labels, currency=store.currency, numbers=numbers)


def find_on(
    shelf: Shelf,
    lines: Sequence[LineBody],
    *,
    labels: Mapping[str, WeighedLabel],
    currency: str,
    numbers: Iterable[int] | None = None,
) -> list[Found]:
    """As `find_products`, on a shelf that was read already."""
    return [
        _found(number, line, labels, shelf, currency)
        for number, line in zip(numbers or range(1, len(lines) + 1), lines, strict=True)
    ]


def labels_of(codes: Iterable[str], rules: StoreRules) -> dict[str, WeighedLabel]:
    """Those of the codes that a scale printed, and what it says on them."""
    read = {code: weighed(code, rules.barcode_patterns) for code in codes}
    return {code: label for code, label in read.items() if label}


def references(labels: Mapping[str, WeighedLabel]) -> set[str]:
    """What the labels' goods are found by: a code or SKU each."""
    return {label.reference for label in labels.values()}


def asks_for(found: Sequence[Found], *, costs: Mapping[UUID, Decimal]) -> list[Ask]:
    """What the pricing module needs to know of every line. Raises NoPrice."""
    return [_ask(item, costs) for item in found]


def _found(
    number: int,
    line: LineBody,
    labels: Mapping[str, WeighedLabel],
    shelf: Shelf,
    currency: str,
) -> Found:
    if line.product:
        return _sellable(Found, number, line, shelf.by_id.get(line.product), line.quantity)
    code = clean_scan(line.barcode or "")
    if pack := shelf.packs.get(lookup_key(code)):
        price = pack.price and round_money(pack.price * abs(line.quantity), currency)
        inside = shelf.by_id[pack.product]
        return _sellable(Found, number, line, inside, line.quantity * pack.quantity, price)
    if product := shelf.by_sku.get(code):
        return _sellable(Found, number, line, product, line.quantity)
    if label := labels.get(code):
        coded = shelf.packs.get(lookup_key(label.reference))
        weighed_out = shelf.by_id[coded.product] if coded else shelf.by_sku.get(label.reference)
        if label.price_minor is None:
            weight = (label.quantity or NOTHING) * line.quantity
            return _sellable(Found, number, line, weighed_out, weight)
        each = from_minor(label.price_minor, currency)
        return _sellable(
            Found, number, line, weighed_out, line.quantity, each * abs(line.quantity), each
        )
    raise UnknownProduct(scanned=code, line=number, barcode=code)


def _sellable(
    make: type[Found],
    number: int,
    line: LineBody,
    product: Goods | None,
    quantity: Decimal,
    label_price: Decimal | None = None,
    label_each: Decimal | None = None,
) -> Found:
    """The line, if its product is there, active and sold in such quantities."""
    if product is None or not product.active:
        scanned = line.barcode or str(line.product)
        raise UnknownProduct(scanned=scanned, line=number, product=str(line.product or ""))
    if product.by_piece and quantity != quantity.to_integral_value():
        raise _bad_quantity(number, str(_("Sold by the piece: whole numbers only.")))
    if abs(quantity) > MOST_OF_ONE:
        raise _bad_quantity(number, str(_("More than one sale can hold.")))
    return make(
        number=number,
        line=line,
        product=product,
        quantity=quantity,
        label_price=label_price,
        label_each=label_each,
    )


def _bad_quantity(number: int, words: str) -> Invalid:
    return Invalid(fields={f"lines.{number - 1}.quantity": [words]})


def _ask(item: Found, costs: Mapping[UUID, Decimal]) -> Ask:
    product, line = item.product, item.line
    if product.price is None:
        raise NoPrice(name=product.name, product=str(product.id), line=item.number)
    ask = Ask(
        number=item.number,
        quantity=item.quantity,
        list_price=product.price,
        tax_percent=product.tax_percent,
        tax_code=product.tax_code,
        tax_parts=product.parts,
        product_id=product.id,
        sku=product.sku,
        description=product.name,
        unit=product.unit,
        markdown_percent=product.markdown_percent,
        label_price=item.label_price,
        override_price=line.price,
        override_reason=line.price_reason,
        discount_percent=line.discount_percent,
        discount_amount=line.discount_amount,
        discount_reason=line.discount_reason,
        cost=costs.get(product.id, NOTHING),
        limited=product.limited,
        stocked=product.stocked,
    )
    return ask if item.label_each is None else _weigh_by_price(ask, item.label_each)


def _weigh_by_price(ask: Ask, label_each: Decimal) -> Ask:
    """A printed price hides its weight: the quantity is derived from it, once per label."""
    scans = ask.quantity
    weight = quantity_of_label(label_each, marked_down(ask)) * scans
    return Ask(**{**vars(ask), "quantity": weight})
