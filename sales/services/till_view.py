"""The till's screen in one read: where it stands, what can be touched, what is in the cart.

Only reads. Every function asks the database: call it in a lane.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Category, Price, Product
from inventory.reports.shelf import ShelfRow, read_rows
from people.access import Actor, own_stores
from people.models import Store
from regalpos.errors import NotHere
from regalpos.money import round_money
from sales.models import Cart, Favourite, Register, Shift, Tender
from sales.pricing import Ask, marked_down
from sales.services.cart_gate import must_sell_at
from sales.services.cart_view import CartView, read_cart
from sales.services.priced import rules_of
from sales.services.shifts import open_shift_of

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
    carts = Cart.objects.select_related("store", "register__store")
    cart = carts.filter(pk=cart_id).first()
    if cart is None or not actor.works_at(cart.store_id):
        raise NotHere
    rules = rules_of(cart.store, timezone.now())
    shift = open_shift_of(cart.register_id)
    if cart.state == Cart.State.OPEN and (shift is not None or own_till(actor)):
        must_sell_at(cart.register, actor)
    tabs = read_tabs(cart.store)
    tab = tab or (tabs[0].key if tabs else "")
    return TillScreen(
        store=cart.store,
        register=cart.register,
        shift=shift,
        cart=read_cart(cart, rules),
        tabs=tuple(tabs),
        tab=tab,
        tiles=tuple(read_tiles(cart.store, tab)),
        tenders=tuple(Tender.objects.filter(active=True).order_by("position", "code")),
    )


def read_tabs(store: Store) -> list[Tab]:
    """The favourites, if there are any, then the categories that have something to sell."""
    filled = Category.objects.filter(products__active=True).annotate(size=Count("products"))
    tabs = [Tab(key=str(row.pk), name=row.name) for row in filled.order_by("position", "name")]
    if Favourite.objects.filter(store=store, product__active=True).exists():
        tabs.insert(0, Tab(key="favourites", name=_("Favourites")))
    return tabs[:MOST_TABS]


def read_tiles(store: Store, tab: str) -> list[Tile]:
    """The tiles of one tab: the favourites by number, or a category's products by name."""
    if tab == "favourites":
        rows = Favourite.objects.filter(store=store, product__active=True)
        codes = dict(rows.order_by("number").values_list("product_id", "number")[:MOST_TILES])
        products = Product.objects.in_bulk(codes)
        return make_tiles([products[pk] for pk in codes], store, codes)
    try:
        category = UUID(tab)
    except ValueError:
        return []
    shelf = Product.objects.filter(category_id=category, active=True)
    return make_tiles(shelf.order_by("name", "pk")[:MOST_TILES], store, _codes(store))


def find_tiles(*, cart_id: UUID, text: str, actor: Actor) -> tuple[Store, list[Tile]]:
    """What somebody means who types this, the surest first."""
    cart = Cart.objects.select_related("store").filter(pk=cart_id).first()
    if cart is None or not actor.works_at(cart.store_id):
        raise NotHere
    found = Product.objects.on_sale().best(text, MOST_FOUND)
    return cart.store, make_tiles(found, cart.store, _codes(cart.store))


def read_tiles_of(*, cart_id: UUID, tab: str, actor: Actor) -> tuple[Store, list[Tile]]:
    """The tiles of one tab at this cart's store."""
    cart = Cart.objects.select_related("store").filter(pk=cart_id).first()
    if cart is None or not actor.works_at(cart.store_id):
        raise NotHere
    return cart.store, read_tiles(cart.store, tab)


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


def make_tiles(products: Iterable[Product], store: Store, codes: dict[UUID, int]) -> list[Tile]:
    """Products with what they cost and how many there are, in three reads."""
    shown = list(products)
    ids = [product.pk for product in shown]
    now = timezone.now()
    prices = _prices(shown, store, now)
    shelf = {row.product_id: row for row in read_rows(store, ids)}
    categories = dict(Category.objects.filter(products__in=ids).values_list("pk", "name"))
    return [
        Tile(
            product_id=product.pk,
            name=product.name,
            sku=product.sku,
            unit=product.unit,
            category=categories.get(product.category_id, "") if product.category_id else "",
            price=prices.get(product.pk),
            limited=product.limited and product.stocked,
            shelf=shelf.get(product.pk) if product.stocked else None,
            code=codes.get(product.pk),
        )
        for product in shown
    ]


def _codes(store: Store) -> dict[UUID, int]:
    return dict(Favourite.objects.filter(store=store).values_list("product_id", "number"))


def _prices(products: Sequence[Product], store: Store, at: datetime) -> dict[UUID, Decimal]:
    """What one unit costs here now, markdown taken off."""
    rows = Price.objects.filter(product__in=[product.pk for product in products]).in_force(
        store_id=store.pk, currency=store.currency, at=at
    )
    amounts = {row.product_id: row.amount for row in rows}
    return {
        product.pk: round_money(marked_down(_ask(product, amounts[product.pk])), store.currency)
        for product in products
        if product.pk in amounts
    }


def _ask(product: Product, amount: Decimal) -> Ask:
    return Ask(
        number=1,
        quantity=Decimal(1),
        list_price=amount,
        tax_percent=Decimal(0),
        tax_code="",
        markdown_percent=product.markdown_percent,
    )
