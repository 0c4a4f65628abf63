"""What lies on a store's shelves: the list of levels, one product of it, and its movements.

Every function reads the database: call it in a lane.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from inventory.models import Product, StockLevel, StockMove, StockRule
from inventory.models.finding import ProductQuerySet, seek
from inventory.models.stock import NOTHING
from people.access import Actor, own_stores
from people.models import Store
from regalpos.errors import NotHere

MOST_COUNTED = 10_000  # a count beyond this tells nobody anything, and takes its time
MOVES_SHOWN = 20
SHOWN = ("all", "low", "none")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How much another store has."""

    store: str
    on_hand: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfRow:
    """One product as a store holds it. `version` is the level's: a screen keeps the highest."""

    product_id: UUID
    sku: str
    name: str
    unit: str
    bin: str
    on_hand: Decimal
    version: int
    order_at: Decimal | None
    known_here: bool
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def is_out(self) -> bool:
        """None left of something that this store has, or should have."""
        return self.known_here and self.on_hand <= 0

    @property
    def is_low(self) -> bool:
        """At or under its reorder point."""
        return self.order_at is not None and self.on_hand <= self.order_at

    @property
    def best_elsewhere(self) -> Elsewhere | None:
        """The other store that has most."""
        return max(self.elsewhere, key=lambda other: other.on_hand, default=None)


@dataclass(frozen=True, slots=True)
class Count:
    """A number that stops counting when it is large enough."""

    number: int

    @property
    def is_full(self) -> bool:
        """There are at least so many."""
        return self.number >= MOST_COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One page of a store's levels. `earlier` and `later` are the ids to go on from, if any."""

    store: Store
    stores: list[Store]
    rows: list[ShelfRow]
    counts: dict[str, Count]
    earlier: UUID | None
    later: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One move as a person reads it."""

    at: datetime
    kind: str
    quantity: Decimal
    balance: Decimal
    who: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfItem:
    """One product on one store's shelf, and how it came to be there."""

    store: Store
    stores: list[Store]
    row: ShelfRow
    limited: bool
    stocked: bool
    image: str
    average_cost: Decimal
    moves: list[Movement]


def own_store(actor: Actor, code: str) -> tuple[Store, list[Store]]:
    """The store somebody asks for by code, or their first; and all of theirs.

    NotHere for any other, whether or not it exists.
    """
    stores = own_stores(actor)
    chosen = [store for store in stores if store.code == code] if code else stores[:1]
    if not chosen:
        raise NotHere
    return chosen[0], stores


def read_shelf(
    actor: Actor,
    *,
    store_code: str = "",
    show: str = "all",
    text: str = "",
    after: UUID | None = None,
    before: UUID | None = None,
) -> Shelf:
    """A page of levels by name, narrowed by a filter and by what was typed or scanned."""
    store, stores = own_store(actor, store_code)
    held = Product.objects.filter(active=True, stocked=True)
    rows = _searched(_shown(held, store, show), store, text)
    page = page_of(rows, after=after, before=before, size=settings.PAGE_SIZE)
    return Shelf(
        store=store,
        stores=stores,
        rows=_rows(page.rows, store),
        counts={name: _count(held, store, name) for name in SHOWN},
        earlier=page.earlier,
        later=page.later,
    )


def read_item(actor: Actor, *, sku: str, store_code: str = "") -> ShelfItem:
    """One product on the shelf, where else there is some, and its last movements."""
    store, stores = own_store(actor, store_code)
    product = Product.objects.filter(sku=sku).first()
    if product is None:
        raise NotHere
    level = StockLevel.objects.filter(store=store, product=product).first()
    return ShelfItem(
        store=store,
        stores=stores,
        row=_rows([product], store)[0],
        limited=product.limited,
        stocked=product.stocked,
        image=product.image.url if product.image else "",
        average_cost=level.average_cost if level else NOTHING,
        moves=read_moves(level) if level else [],
    )


def read_rows(store: Store, product_ids: Iterable[UUID]) -> list[ShelfRow]:
    """The rows of these products, as the list shows them: what a socket sends after a change."""
    return _rows(Product.objects.filter(pk__in=list(product_ids)), store)


def read_moves(level: StockLevel) -> list[Movement]:
    """The last movements of a level, the newest first."""
    moves = StockMove.objects.filter(level=level).select_related("who").order_by("-id")
    return [
        Movement(
            at=move.at,
            kind=str(StockMove.Kind(move.kind).label),
            quantity=move.quantity,
            balance=move.balance,
            who=move.who.get_short_name(),
            reason=move.reason,
        )
        for move in moves[:MOVES_SHOWN]
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """Products that follow each other by name, and whether there are some on either side."""

    rows: list[Product]
    earlier: UUID | None
    later: UUID | None


def page_of(
    products: ProductQuerySet, *, after: UUID | None, before: UUID | None, size: int
) -> Page:
    """A page by key: as quick at the end of a million as at the start.

    What is ordered by likeness (a misspelt search) has one page only.
    """
    if "likeness" in products.query.annotations:
        return Page(list(products[:size]), None, None)
    if before is not None:
        found = list(products.before(before).by_name().reverse()[: size + 1])
        rows = found[:size][::-1]
        has_earlier, has_later = len(found) > size, bool(rows)
    else:
        found = list((products.after(after) if after else products).by_name()[: size + 1])
        rows = found[:size]
        has_earlier, has_later = after is not None and bool(rows), len(found) > size
    first, last = (rows[0].pk, rows[-1].pk) if rows else (None, None)
    return Page(rows, first if has_earlier else None, last if has_later else None)


def count(products: ProductQuerySet) -> Count:
    """How many, up to a bound."""
    return Count(products.order_by()[:MOST_COUNTED].count())


def levels_of(store: Store, product_ids: Sequence[UUID]) -> dict[UUID, StockLevel]:
    """The store's levels of these products, to look at."""
    levels = StockLevel.objects.filter(store=store, product_id__in=product_ids)
    return {level.product_id: level for level in levels}


def rules_of(store: Store, product_ids: Sequence[UUID]) -> dict[UUID, StockRule]:
    """What this store wants to have of these products."""
    rules = StockRule.objects.filter(store=store, product_id__in=product_ids)
    return {rule.product_id: rule for rule in rules}


def _shown(products: ProductQuerySet, store: Store, show: str) -> ProductQuerySet:
    if show == "all":
        return products
    levels, missing = _short(store, show)
    return products.filter(
        Q(pk__in=levels.values("product_id")) | Q(pk__in=missing.values("product_id"))
    )


def _count(products: ProductQuerySet, store: Store, show: str) -> Count:
    """How many of a filter there are, counted from the short side."""
    if show == "all":
        return count(products)
    kept = Q(product__active=True, product__stocked=True)
    found = [rows.filter(kept)[:MOST_COUNTED].count() for rows in _short(store, show)]
    return Count(min(sum(found), MOST_COUNTED))


def _short(store: Store, show: str) -> tuple[QuerySet[StockLevel], QuerySet[StockRule]]:
    """What is low or out: levels that say so, and products that should be here and never were."""
    levels = StockLevel.objects.filter(store=store)
    here = StockLevel.objects.filter(store=store, product_id=OuterRef("product_id"))
    missing = StockRule.objects.filter(~Exists(here), store=store)
    return levels.running_low() if show == "low" else levels.none_left(), missing


def _searched(products: ProductQuerySet, store: Store, text: str) -> ProductQuerySet:
    """By the name of a shelf, or else as products are found."""
    text = seek(text)
    if not text:
        return products
    shelved = StockRule.objects.filter(store=store, bin__iexact=text)
    if shelved.exists():
        return products.filter(pk__in=shelved.values("product_id"))
    return products.matching(text)


def _rows(products: Iterable[Product], store: Store) -> list[ShelfRow]:
    products = list(products)
    keys = [product.pk for product in products]
    levels, rules, others = levels_of(store, keys), rules_of(store, keys), _elsewhere(keys, store)
    return [
        _row(product, levels.get(product.pk), rules.get(product.pk), others.get(product.pk, []))
        for product in products
    ]


def _row(
    product: Product,
    level: StockLevel | None,
    rule: StockRule | None,
    elsewhere: list[Elsewhere],
) -> ShelfRow:
    return ShelfRow(
        product_id=product.pk,
        sku=product.sku,
        name=product.name,
        unit=product.unit,
        bin=rule.bin if rule else "",
        on_hand=level.on_hand if level else NOTHING,
        version=level.version if level else 0,
        order_at=rule.reorder_point if rule else None,
        known_here=bool(level or rule),
        elsewhere=tuple(elsewhere),
    )


def _elsewhere(product_ids: Sequence[UUID], store: Store) -> dict[UUID, list[Elsewhere]]:
    """Other stores' figures, for whoever has to send a customer on. Figures only."""
    levels = StockLevel.objects.filter(
        product_id__in=product_ids, on_hand__gt=0, store__active=True
    ).exclude(store=store)
    found: dict[UUID, list[Elsewhere]] = {}
    for level in levels.select_related("store").order_by("store__code"):
        found.setdefault(level.product_id, []).append(Elsewhere(level.store.name, level.on_hand))
    return found
