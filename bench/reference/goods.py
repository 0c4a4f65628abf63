"""From what is wanted to what it costs: products, prices and taxes as of now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from bench.reference.refusals import Refused, invalid
from bench.reference.tables import Barcode, Price, Product, Store, StoreRules, TaxPercent
from regalpos.barcodes import clean_scan, lookup_key
from regalpos.money import round_money
from sales.forms import LineBody
from sales.pricing import Ask, TaxPart

NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A wanted line and its product. `quantity` is in the product's unit."""

    number: int
    line: LineBody
    product: Product
    quantity: Decimal
    label_price: Decimal | None = None  # of the whole line: a pack's


@dataclass(frozen=True)
class Terms:
    """What products cost in one store at one instant."""

    prices: Mapping[UUID, Decimal]
    taxes: Mapping[UUID, TaxPercent]

    def ask(self, item: Found, cost: Decimal) -> Ask:
        """What the pricing module needs to know. Raises Refused."""
        product, line = item.product, item.line
        price, tax = self.prices.get(product.id), self.taxes.get(product.tax_rate_id)
        if price is None:
            raise Refused("no_price", product=str(product.id), line=item.number)
        return Ask(
            number=item.number,
            quantity=item.quantity,
            list_price=price,
            tax_percent=tax.percent if tax else NOTHING,
            tax_code=product.tax_rate.code,
            tax_parts=tuple(TaxPart.from_json(part) for part in tax.parts) if tax else (),
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
            cost=cost,
            limited=product.limited,
            stocked=product.stocked,
        )


async def rules_of(session: AsyncSession, store_id: UUID, at: datetime) -> StoreRules:
    """The rules in force at a store."""
    found = await session.scalars(
        select(StoreRules)
        .where(StoreRules.store_id == store_id, StoreRules.valid_from <= at)
        .order_by(StoreRules.version.desc())
        .limit(1)
    )
    return found.one()


async def find(session: AsyncSession, lines: Sequence[LineBody], currency: str) -> list[Found]:
    """The product behind every line. Raises Refused for the first without."""
    codes = {lookup_key(clean_scan(line.barcode)) for line in lines if line.barcode}
    ids = {line.product for line in lines if line.product}
    packs: dict[str, Barcode] = {}
    by_id: dict[UUID, Product] = {}
    if codes:
        coded = await session.scalars(
            select(Barcode)
            .where(Barcode.lookup.in_(codes))
            .options(joinedload(Barcode.product).joinedload(Product.tax_rate))
        )
        packs = {code.lookup: code for code in coded}
    if ids:
        products = await session.scalars(
            select(Product).where(Product.id.in_(ids)).options(joinedload(Product.tax_rate))
        )
        by_id = {product.id: product for product in products}
    return [
        _found(number, line, packs, by_id, currency) for number, line in enumerate(lines, start=1)
    ]


async def read_terms(
    session: AsyncSession, products: Collection[Product], store: Store, at: datetime
) -> Terms:
    """Prices and taxes in force: the store's own before the general ones, then the latest."""
    prices = await session.execute(
        select(Price.product_id, Price.amount)
        .ext(distinct_on(Price.product_id))
        .where(
            Price.product_id.in_([product.id for product in products]),
            Price.currency == store.currency,
            Price.valid_from <= at,
            (Price.store_id == store.id) | Price.store_id.is_(None),
        )
        .order_by(
            Price.product_id,
            Price.store_id.desc().nulls_last(),
            Price.valid_from.desc(),
            Price.id.desc(),
        )
    )
    day: date = store.business_day(at)
    taxes = await session.scalars(
        select(TaxPercent)
        .ext(distinct_on(TaxPercent.rate_id))
        .where(
            TaxPercent.rate_id.in_({product.tax_rate_id for product in products}),
            TaxPercent.valid_from <= day,
            (TaxPercent.store_id == store.id) | TaxPercent.store_id.is_(None),
        )
        .order_by(
            TaxPercent.rate_id,
            TaxPercent.store_id.desc().nulls_last(),
            TaxPercent.valid_from.desc(),
        )
    )
    return Terms(dict(iter(prices)), {tax.rate_id: tax for tax in taxes})


def _found(
    number: int,
    line: LineBody,
    packs: Mapping[str, Barcode],
    by_id: Mapping[UUID, Product],
    currency: str,
) -> Found:
    product, quantity, price = (
        by_id.get(line.product) if line.product else None,
        line.quantity,
        None,
    )
    if pack := packs.get(lookup_key(clean_scan(line.barcode))) if line.barcode else None:
        product, quantity = pack.product, line.quantity * pack.quantity
        if pack.price is not None:
            price = round_money(pack.price * abs(line.quantity), currency)
    if product is None or not product.active:
        raise Refused("unknown_product", line=number, barcode=line.barcode or "")
    if product.by_piece and quantity != quantity.to_integral_value():
        raise invalid(f"lines.{number - 1}.quantity", "Sold by the piece: whole numbers only.")
    return Found(number=number, line=line, product=product, quantity=quantity, label_price=price)
