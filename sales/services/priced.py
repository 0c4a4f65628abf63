"""From what is wanted to a bill: products, prices and taxes as the server knows them now.

Steps that only read. The cart's view, a quote and a sale all price here, so they agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Barcode, Price, Product, TaxPercent
from people.models import Store, StoreRules
from regalpos.barcodes import WeighedLabel, clean_scan, lookup_key, weighed
from regalpos.errors import Invalid, Refusal
from regalpos.money import from_minor, round_money
from sales.forms import LineBody
from sales.pricing import Ask, TaxPart, marked_down, quantity_of_label

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
    product: Product
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
    numbers: Iterable[int] | None = None,
) -> list[Found]:
    """The product behind every line, in two reads. Raises UnknownProduct for the first without.

    `numbers` are the lines' own, where others stand between them; else 1, 2, 3.
    A code is looked up as it is, then as a weighed label by the store's patterns, then as a SKU.
    """
    codes = {clean_scan(line.barcode) for line in lines if line.barcode}
    labels = {code: weighed(code, rules.barcode_patterns) for code in codes}
    wanted = codes | {label.reference for label in labels.values() if label}
    barcodes = {
        barcode.lookup: barcode
        for barcode in Barcode.objects.filter(
            lookup__in={lookup_key(code) for code in wanted}
        ).select_related("product__tax_rate")
    }
    ids = {line.product for line in lines if line.product}
    products = Product.objects.filter(Q(pk__in=ids) | Q(sku__in=wanted)).select_related("tax_rate")
    shelf: dict[UUID | str, Product] = {}
    for product in products:
        shelf[product.pk] = shelf[product.sku] = product
    return [
        _found(number, line, labels, barcodes, shelf, store.currency)
        for number, line in zip(numbers or range(1, len(lines) + 1), lines, strict=True)
    ]


def asks_for(
    found: Sequence[Found], *, store: Store, at: datetime, costs: Mapping[UUID, Decimal]
) -> list[Ask]:
    """What the pricing module needs to know of every line, in two reads. Raises NoPrice."""
    products = {item.product.pk for item in found}
    prices = {
        price.product_id: price.amount
        for price in Price.objects.filter(product_id__in=products).in_force(
            store_id=store.pk, currency=store.currency, at=at
        )
    }
    taxes = _taxes({item.product.tax_rate_id for item in found}, store, store.business_day(at))
    return [_ask(item, prices, taxes, costs) for item in found]


def _found(
    number: int,
    line: LineBody,
    labels: Mapping[str, WeighedLabel | None],
    barcodes: Mapping[str, Barcode],
    shelf: Mapping[UUID | str, Product],
    currency: str,
) -> Found:
    if line.product:
        return _sellable(Found, number, line, shelf.get(line.product), line.quantity)
    code = clean_scan(line.barcode or "")
    if barcode := barcodes.get(lookup_key(code)):
        pack = barcode.price and round_money(barcode.price * abs(line.quantity), currency)
        return _sellable(
            Found, number, line, barcode.product, line.quantity * barcode.quantity, pack
        )
    if product := shelf.get(code):
        return _sellable(Found, number, line, product, line.quantity)
    if label := labels.get(code):
        inside = barcodes.get(lookup_key(label.reference))
        product = inside.product if inside else shelf.get(label.reference)
        if label.price_minor is None:
            weight = (label.quantity or NOTHING) * line.quantity
            return _sellable(Found, number, line, product, weight)
        each = from_minor(label.price_minor, currency)
        return _sellable(
            Found, number, line, product, line.quantity, each * abs(line.quantity), each
        )
    raise UnknownProduct(scanned=code, line=number, barcode=code)


def _sellable(
    make: type[Found],
    number: int,
    line: LineBody,
    product: Product | None,
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


def _ask(
    item: Found,
    prices: Mapping[UUID, Decimal],
    taxes: Mapping[UUID, TaxPercent],
    costs: Mapping[UUID, Decimal],
) -> Ask:
    product, line = item.product, item.line
    if product.pk not in prices:
        raise NoPrice(name=product.name, product=str(product.pk), line=item.number)
    tax = taxes.get(product.tax_rate_id)
    ask = Ask(
        number=item.number,
        quantity=item.quantity,
        list_price=prices[product.pk],
        tax_percent=tax.percent if tax else NOTHING,
        tax_code=product.tax_rate.code,
        tax_parts=tuple(TaxPart.from_json(part) for part in tax.parts) if tax else (),
        product_id=product.pk,
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
        cost=costs.get(product.pk, NOTHING),
        limited=product.limited,
        stocked=product.stocked,
    )
    return ask if item.label_each is None else _weigh_by_price(ask, item.label_each)


def _weigh_by_price(ask: Ask, label_each: Decimal) -> Ask:
    """A printed price hides its weight: the quantity is derived from it, once per label."""
    scans = ask.quantity
    weight = quantity_of_label(label_each, marked_down(ask)) * scans
    return Ask(**{**vars(ask), "quantity": weight})


def _taxes(rates: set[UUID], store: Store, day: date) -> dict[UUID, TaxPercent]:
    """The percent in force per rate: the store's own before the general, then the latest."""
    rows = TaxPercent.objects.filter(
        Q(store=store) | Q(store=None), rate_id__in=rates, valid_from__lte=day
    ).order_by("rate_id", F("store_id").desc(nulls_last=True), "-valid_from")
    return {row.rate_id: row for row in rows.distinct("rate_id")}
