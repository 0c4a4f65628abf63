"""The catalogue changes here: products, their codes and their prices. Every change is on record.

Lock order: the product's row, then its levels by store. Nobody else locks a product's row but
`ensure_levels`, which does so before it makes a level.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms import ProductDetails
from inventory.models import Barcode, Price, Product, StockLevel, StockMove
from people.access import Actor
from people.models import Store
from people.services import trail
from people.services.saving import Taken, changes, check_fields, facts_of, save_valid
from regalpos.barcodes import GTIN_LENGTHS, check_digit, clean_scan, is_gtin, lookup_key
from regalpos.errors import BodyMismatch, Invalid, NotHere, Refusal
from regalpos.money import NotAnAmount, minor_digits, round_to
from regalpos.shapes import plain

DETAILS = (
    "name",
    "description",
    "tax_rate_id",
    "markdown_percent",
    "category_id",
    "brand_id",
    "vendor_id",
    "parent_id",
    "unit",
    "options",
    "attributes",
    "limited",
    "stocked",
    "minimum_age",
    "active",
)
SKU_TAKEN: Taken = {
    "inventory_product_sku_key": ("sku", gettext_lazy("Another product has this SKU."))
}
SHORTEST_CHECKED = 12  # eight digits are as often a shop's own numbers as an EAN-8
MOST_PRICE = Decimal("99999999999.9999")
UNIT_PLACES = 4
PERCENT_PLACES = 3


class BelowZero(Refusal):
    """A product with less than nothing on hand cannot become limited. `stores`: where it is so."""

    code = "below_zero"
    message = gettext_lazy("Somewhere there is less than nothing of this. Count it there first.")


class StillOnShelf(Refusal):
    """What lies on a shelf cannot stop being kept in stock. `stores`: where it lies."""

    code = "still_on_shelf"
    message = gettext_lazy("Some of this is still on a shelf. Adjust it to zero there first.")


@transaction.atomic(durable=True)
def add_product(
    *, product_id: UUID, sku: str, details: ProductDetails, actor: Actor, image: str = ""
) -> Product:
    """The product is in the catalogue, without codes or prices yet.

    The same id and content again change nothing; other content is BodyMismatch. `image` is the
    name of a stored picture. Raises Invalid with `fields` (a SKU that is taken, for one).
    """
    product = Product(pk=product_id, sku=sku.strip(), image=image)
    _apply(product, details)
    if (first := Product.objects.filter(pk=product_id).first()) is not None:
        _refuse_other(facts_of(first, "sku", *DETAILS), facts_of(product, "sku", *DETAILS))
        return first
    _refuse_same_sku(product.sku)
    save_valid(product, taken=SKU_TAKEN)
    after = facts_of(product, "sku", *DETAILS)
    trail.record("product.added", actor=actor, subject=product, after=after)
    return product


@transaction.atomic(durable=True)
def change_product(
    *, product_id: UUID, details: ProductDetails, actor: Actor, image: str | None = None
) -> Product:
    """The product is as the details say; its SKU is what it was. `image`: None leaves it.

    A product that becomes limited makes its levels strict, so that the database itself refuses to
    oversell it. Raises BelowZero or StillOnShelf where the shelves do not allow the change,
    NotHere, and Invalid with `fields`. Calling it again with the same details changes nothing.
    """
    product = _lock(product_id)
    before = facts_of(product, *DETAILS, "image")
    was_unit, was_stocked, was_limited = product.unit, product.stocked, product.limited
    _apply(product, details)
    if image is not None:
        product.image = image
    then, now = changes(before, facts_of(product, *DETAILS, "image"))
    if not now:
        return product
    if product.unit != was_unit:
        _refuse_other_unit(product, was_unit)
    if was_stocked and not product.stocked:
        _refuse_on_shelf(product)
    if product.limited != was_limited:
        _set_strict(product)
    save_valid(product)
    trail.record("product.changed", actor=actor, subject=product, before=then, after=now)
    return product


@transaction.atomic(durable=True)
def retire_product(*, product_id: UUID, actor: Actor) -> Product:
    """The product is sold no more. What was sold, and what is on the shelf, stays on record."""
    product = _lock(product_id)
    if product.active:
        product.active = False
        product.save(update_fields=["active", "updated_at"])
        before, after = {"active": True}, {"active": False}
        trail.record("product.retired", actor=actor, subject=product, before=before, after=after)
    return product


@transaction.atomic(durable=True)
def set_price(
    *,
    price_id: UUID,
    product_id: UUID,
    amount: Decimal,
    currency: str,
    actor: Actor,
    store_id: UUID | None = None,
    valid_from: datetime | None = None,
) -> Price:
    """From `valid_from` on (now, if left out) the product costs this, in one store or in all.

    Past prices stay: a price is a new row. The same id again changes nothing; with other content
    it is BodyMismatch. Raises NotHere for a foreign store or no such product, and Invalid with
    `fields`.
    """
    product = _lock(product_id)
    facts: dict[str, object] = {
        "product_id": str(product_id),
        "store_id": str(store_id) if store_id else None,
        "currency": currency,
        "amount": str(amount.normalize()) if amount.is_finite() else "",
    }
    if (first := Price.objects.filter(pk=price_id).first()) is not None:
        stored = facts_of(first, "product_id", "store_id", "currency")
        _refuse_other({**stored, "amount": str(first.amount.normalize())}, facts)
        return first
    _check_price(amount, currency, store_id, actor)
    price = Price(
        pk=price_id,
        product=product,
        store_id=store_id,
        currency=currency,
        amount=amount,
        valid_from=valid_from or timezone.now(),
    )
    save_valid(
        price,
        taken={"price_one_per_instant": ("valid_from", _("There is a price from then on."))},
    )
    trail.record(
        "price.set",
        actor=actor,
        subject=product,
        store_id=store_id,
        after={**facts, "valid_from": price.valid_from.isoformat()},
    )
    return price


@transaction.atomic(durable=True)
def add_barcode(
    *,
    product_id: UUID,
    code: str,
    actor: Actor,
    quantity: Decimal = Decimal(1),
    price: Decimal | None = None,
) -> Barcode:
    """A scan of this code means so much of the product. A UPC-A and its EAN-13 are one code.

    Adding it again as it is changes nothing. Raises Invalid for a code that another product has,
    or whose check digit is wrong; NotHere for no such product.
    """
    product = _lock(product_id)
    barcode = Barcode(product=product, code=clean_scan(code), quantity=quantity, price=price)
    barcode.lookup = lookup_key(barcode.code)
    _check_code(barcode.code)
    first = Barcode.objects.filter(lookup=barcode.lookup).select_related("product").first()
    if first is not None:
        if (first.product_id, first.quantity, first.price) == (product_id, quantity, price):
            return first
        words = _("%(name)s has this code already.") % {"name": first.product.name}
        raise Invalid(fields={"code": [words]})
    taken: Taken = {
        "inventory_barcode_lookup_key": ("code", _("Another product has this code.")),
        "barcode_counts_something": ("quantity", _("A quantity above zero.")),
    }
    save_valid(barcode, taken=taken)
    after = {"code": barcode.code, "quantity": str(quantity), "price": price and str(price)}
    trail.record("barcode.added", actor=actor, subject=product, after=after)
    return barcode


@transaction.atomic(durable=True)
def remove_barcode(*, product_id: UUID, code: str, actor: Actor) -> None:
    """A scan of this code means the product no more. Removing what is not there changes nothing."""
    product = _lock(product_id)
    gone = Barcode.objects.filter(product=product, lookup=lookup_key(clean_scan(code)))
    if (barcode := gone.first()) is not None:
        before = {"code": barcode.code, "quantity": str(barcode.quantity)}
        barcode.delete()
        trail.record("barcode.removed", actor=actor, subject=product, before=before)


def prices_of(products: Iterable[UUID], store: Store, at: datetime) -> dict[UUID, Price]:
    """The price in force of each product in a store, in one read. No entry: it has none there."""
    rows = Price.objects.filter(product_id__in=list(products))
    found = rows.in_force(store_id=store.pk, currency=store.currency, at=at)
    return {price.product_id: price for price in found}


def _lock(product_id: UUID) -> Product:
    product = Product.objects.select_for_update(no_key=True).filter(pk=product_id).first()
    if product is None:
        raise NotHere
    return product


def _apply(product: Product, details: ProductDetails) -> None:
    for name, value in asdict(details).items():
        setattr(product, name, value.strip() if isinstance(value, str) else value)
    check_fields(product)
    # As the column holds it: 5 and 5.000 are no change.
    product.markdown_percent = round_to(product.markdown_percent, PERCENT_PLACES)


def _refuse_other(stored: dict[str, object], sent: dict[str, object]) -> None:
    if differs := [name for name in sent if stored.get(name) != sent[name]]:
        words = _("Not as it was posted the first time.")
        raise BodyMismatch(fields={name: [words] for name in sorted(differs)})


def _refuse_same_sku(sku: str) -> None:
    """`ab-1` and `AB-1` are one SKU to whoever types it."""
    if Product.objects.with_code(sku).filter(sku__iexact=sku).exists():
        raise Invalid(fields={"sku": [_("Another product has this SKU.")]})


def _refuse_other_unit(product: Product, was: str) -> None:
    """A unit gives all past quantities their meaning."""
    if StockMove.objects.filter(level__product=product).exists():
        unit = Product.Unit(was).label
        words = _("It has moved by the %(unit)s. Make a new product instead.") % {"unit": unit}
        raise Invalid(fields={"unit": [words]})


def _refuse_on_shelf(product: Product) -> None:
    levels = list(_levels(product))
    if left := _where([level for level in levels if level.on_hand]):
        raise StillOnShelf(stores=left)


def _set_strict(product: Product) -> None:
    """Every level does as the product does, decided under the levels' locks."""
    levels = list(_levels(product))
    if product.limited and (short := _where([level for level in levels if level.on_hand < 0])):
        raise BelowZero(stores=short)
    StockLevel.objects.filter(pk__in=[level.pk for level in levels]).update(strict=product.limited)


def _levels(product: Product) -> Iterable[StockLevel]:
    levels = StockLevel.objects.filter(product=product).order_by("store_id")
    return levels.select_related("store").select_for_update(no_key=True, of=("self",))


def _where(levels: Iterable[StockLevel]) -> list[dict[str, str]]:
    return [{"store": level.store.name, "on_hand": plain(level.on_hand)} for level in levels]


def _check_price(amount: Decimal, currency: str, store_id: UUID | None, actor: Actor) -> None:
    fields: dict[str, list[str]] = {}
    if not amount.is_finite() or amount < 0 or amount > MOST_PRICE:
        fields["amount"] = [_("A price of zero or more.")]
    elif amount != amount.quantize(Decimal(1).scaleb(-UNIT_PLACES)):
        fields["amount"] = [_("No more than four decimals.")]
    try:
        minor_digits(currency)
    except (ValueError, NotAnAmount):
        fields["currency"] = [_("This is not a currency.")]
    if store_id is not None:
        actor.must_work_at(store_id)
        store = Store.objects.filter(pk=store_id).first()
        if store is None:
            raise NotHere
        if store.currency != currency:
            words = _("%(store)s trades in %(currency)s.")
            facts = {"store": store.name, "currency": store.currency}
            fields["currency"] = [words % facts]
    if fields:
        raise Invalid(fields=fields)


def _check_code(code: str) -> None:
    if not code:
        raise Invalid(fields={"code": [_("Scan or type a code.")]})
    digits = code.isascii() and code.isdigit()
    long = len(code) in GTIN_LENGTHS and len(code) >= SHORTEST_CHECKED
    if digits and long and not is_gtin(code):
        words = _("The last digit of this code should be %(digit)s. Scan it again.")
        raise Invalid(fields={"code": [words % {"digit": check_digit(code[:-1])}]})
