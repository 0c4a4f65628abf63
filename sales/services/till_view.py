"""The till's screen in one read: where it stands, what can be touched, what is in the cart.

Only reads. Every function asks the database: call it in a lane.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Product
from inventory.reports.shelf import Elsewhere, ShelfRow
from people.access import Actor, own_stores
from people.models import Store
from regalpos.errors import NotHere
from regalpos.money import round_money
from sales.checkout_sql import tiles as sql
from sales.models import Cart, Register, Shift, Tender
from sales.pricing import Ask, marked_down
from sales.services.cart_gate import must_sell_at
from sales.services.cart_seen import see_cart
from sales.services.cart_view import CartView, view_of
from sales.services.priced import rules_of

NOTHING = Decimal(0)
MOST_TILES = 60
MOST_TABS = 12
MOST_FOUND = 8
FEW = Decimal(5)  # limited goods: from here on the tile says how many are left


@dataclass(frozen=True, kw_only=True)
class TillChoice:
    """A till somebody could stand at. `shift` is open there now; `mine` says whose it is."""

    register: Register
    store: Store
    shift: Shift | None
    cashier: str
    mine: bool
    shared: bool


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A product as something to touch. `code` is what can be typed for it, if anything."""

    product_id: UUID
    name: str
    sku: str
    unit: str
    category: str
    price: Decimal | None
    limited: bool
    shelf: ShelfRow | None  # None: it is not kept in stock.
    code: int | None = None

    @property
    def out(self) -> bool:
        """Nothing left of something that cannot be sold beyond what is there."""
        return self.limited and self.shelf is not None and self.shelf.on_hand <= 0

    @property
    def few(self) -> bool:
        """So little left that it matters now."""
        if self.shelf is None:
            return False
        return (
            self.shelf.is_low or self.shelf.is_out or (self.limited and self.shelf.on_hand <= FEW)
        )


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A shelf of tiles: the favourites, or a category."""

    key: str
    name: str


@dataclass(frozen=True, kw_only=True)
class TillScreen:
    """Everything that the page of one cart shows."""

    store: Store
    register: Register
    shift: Shift | None
    cart: CartView
    tabs: tuple[Tab, ...]
    tab: str
    tiles: tuple[Tile, ...]
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, kw_only=True)
class ParkedCart:
    """A sale that waits to be recalled."""

    id: UUID
    name: str
    cashier: str
    till: str
    since: datetime
    lines: int


def read_choices(actor: Actor) -> list[TillChoice]:
    """The tills of the actor's stores, and who has each one open."""
    stores = {store.pk: store for store in own_stores(actor)}
    now = timezone.now()
    shared = {pk: rules_of(store, now).shared_drawers for pk, store in stores.items()}
    tills = Register.objects.filter(store__in=stores, active=True, kind=Register.Kind.TILL)
    open_now = {
        shift.register_id: shift
        for shift in Shift.objects.standing().filter(register__in=tills).select_related("cashier")
    }
    return [
        TillChoice(
            register=register,
            store=stores[register.store_id],
            shift=(shift := open_now.get(register.pk)),
            cashier=str(shift.cashier) if shift else "",
            mine=shift is not None and shift.cashier_id == actor.user_id,
            shared=shared[register.store_id],
        )
        for register in tills.order_by("store__code", "number")
    ]


def own_till(actor: Actor) -> UUID | None:
    """The register at which the actor's own drawer is open, if it is."""
    standing = Shift.objects.standing().filter(cashier_id=actor.user_id)
    return standing.values_list("register_id", flat=True).first()


def read_register(register_id: UUID, actor: Actor) -> TillChoice:
    """One till of the actor's stores. Raises NotHere."""
    found = [till for till in read_choices(actor) if till.register.pk == register_id]
    if not found:
        raise NotHere
    return found[0]


def read_screen(*, cart_id: UUID, actor: Actor, tab: str = "") -> TillScreen:
    """The page of one cart. Raises NotHere, and CartElsewhere where another till has it open."""
    seen = see_cart(cart_id, actor)
    desk, store = seen.rows.desk, seen.store
    if seen.cart.state == Cart.State.OPEN and (desk.shift is not None or desk.on_shift):
        must_sell_at(desk, actor)
    tabs = read_tabs(store)
    tab = tab or (tabs[0].key if tabs else "")
    return TillScreen(
        store=store,
        register=desk.register,
        shift=desk.shift,
        cart=view_of(seen),
        tabs=tuple(tabs),
        tab=tab,
        tiles=tuple(read_tiles(store, tab)),
        tenders=tuple(Tender.objects.filter(active=True).order_by("position", "code")),
    )


def read_tabs(store: Store) -> list[Tab]:
    """The favourites, if there are any, then the categories that have something to sell."""
    has_favourites, filled = sql.read_tabs(store.pk, MOST_TABS)
    tabs = [Tab(key="favourites", name=_("Favourites"))] if has_favourites else []
    return [*tabs, *(Tab(key=str(key), name=name) for key, name in filled)][:MOST_TABS]


def read_tiles(store: Store, tab: str) -> list[Tile]:
    """The tiles of one tab: the favourites by number, or a category's products by name."""
    place = _place(store)
    if tab == "favourites":
        return _tiles(sql.favourites(place, MOST_TILES), store)
    try:
        category = UUID(tab)
    except ValueError:
        return []
    return _tiles(sql.of_category(place, category, MOST_TILES), store)


def find_tiles(*, cart_id: UUID, text: str, actor: Actor) -> tuple[Store, list[Tile]]:
    """What somebody means who types this, the surest first."""
    store = _store_of(cart_id, actor)
    found = Product.objects.on_sale().best(text, MOST_FOUND)
    if not found:
        return store, []
    return store, _tiles(sql.these(_place(store), [product.pk for product in found]), store)


def read_tiles_of(*, cart_id: UUID, tab: str, actor: Actor) -> tuple[Store, list[Tile]]:
    """The tiles of one tab at this cart's store."""
    store = _store_of(cart_id, actor)
    return store, read_tiles(store, tab)


def read_parked(*, cart_id: UUID, actor: Actor) -> list[ParkedCart]:
    """The parked sales of this cart's store, the newest first."""
    cart = Cart.objects.filter(pk=cart_id).first()
    if cart is None or not actor.works_at(cart.store_id):
        raise NotHere
    rows = Cart.objects.filter(store_id=cart.store_id, state=Cart.State.PARKED)
    rows = rows.select_related("cashier", "register").annotate(size=Count("lines"))
    return [
        ParkedCart(
            id=row.pk,
            name=row.name,
            cashier=row.cashier.get_short_name(),
            till=row.register.name,
            since=row.changed_at,
            lines=row.size,
        )
        for row in rows.order_by("-changed_at")[:50]
    ]


def _store_of(cart_id: UUID, actor: Actor) -> Store:
    """The store of a cart of the actor's. Raises NotHere."""
    store = Store.objects.filter(pk__in=Cart.objects.filter(pk=cart_id).values("store_id")).first()
    if store is None or not actor.works_at(store.pk):
        raise NotHere
    return store


def _place(store: Store) -> sql.Place:
    return sql.Place(store=store.pk, currency=store.currency, at=timezone.now())


def _tiles(rows: Iterable[sql.TileRow], store: Store) -> list[Tile]:
    return [
        Tile(
            product_id=row.product,
            name=row.name,
            sku=row.sku,
            unit=row.unit,
            category=row.category,
            price=None if row.price is None else _each(row, row.price, store.currency),
            limited=row.limited and row.stocked,
            shelf=_shelf(row) if row.stocked else None,
            code=row.number,
        )
        for row in rows
    ]


def _shelf(row: sql.TileRow) -> ShelfRow:
    there, left = row.elsewhere, row.left_there
    return ShelfRow(
        product_id=row.product,
        sku=row.sku,
        name=row.name,
        unit=row.unit,
        bin=row.bin or "",
        on_hand=NOTHING if row.on_hand is None else row.on_hand,
        version=row.version or 0,
        order_at=row.order_at,
        known_here=row.on_hand is not None or row.order_at is not None,
        elsewhere=(Elsewhere(there, left),) if there and left else (),
    )


def _each(row: sql.TileRow, price: Decimal, currency: str) -> Decimal:
    """What one unit costs, markdown taken off."""
    ask = Ask(
        number=1,
        quantity=Decimal(1),
        list_price=price,
        tax_percent=NOTHING,
        tax_code="",
        markdown_percent=row.markdown_percent,
    )
    return round_money(marked_down(ask), currency)
