"""A small shop for tests of selling: two stores, their tills, and one of each kind of product."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from inventory.models import Barcode, Category, Price, Product, StockLevel, TaxPercent, TaxRate
from people.access import Actor, read_actor
from people.models import Store, StoreRules, User
from people.permissions import Role
from regalpos import ids
from sales.models import Favourite, JournalHead, Register, Tender
from sales.services.cart_states import open_cart
from sales.services.shifts import open_shift

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LABELS = ["21PPPPPWWWWWC", "22PPPPPVVVVVC"]
PASSWORD = "correct-horse-battery"


@dataclass
class Shop:
    """Harbour Street with two tills, Mill Lane with one; prices include tax here, not there."""

    store: Store
    other: Store
    till: Register
    till2: Register
    far_till: Register
    cashier: User
    colleague: User
    manager: User
    stranger: User
    employee: User
    products: dict[str, Product] = field(default_factory=dict)

    def actor(self, user: User | None = None) -> Actor:
        return read_actor(user or self.cashier)

    def product(self, name: str) -> Product:
        return self.products[name]

    def on_shift(self, register: Register | None = None, user: User | None = None) -> UUID:
        """A shift is open at the register, with 100.00 in the drawer; its id."""
        shift = open_shift(
            shift_id=ids.new(),
            register_id=(register or self.till).pk,
            float_amount=Decimal("100.00"),
            actor=self.actor(user),
        )
        return shift.pk

    def cart(self, register: Register | None = None, user: User | None = None) -> UUID:
        """An open cart at the register, where the user is on shift already."""
        return open_cart(
            cart_id=ids.new(), register_id=(register or self.till).pk, actor=self.actor(user)
        )

    def stock(self, name: str, on_hand: str, store: Store | None = None) -> StockLevel:
        """Set what a shelf holds, without a move: these tests do not ask where it came from."""
        product = self.products[name]
        level, _new = StockLevel.objects.update_or_create(
            product=product,
            store=store or self.store,
            defaults={"on_hand": Decimal(on_hand), "strict": product.limited},
        )
        return level


def make_shop() -> Shop:
    store = _store("HS", "Harbour Street", "EUR", inclusive=True)
    other = _store("ML", "Mill Lane", "EUR", inclusive=False)
    shop = Shop(
        store=store,
        other=other,
        till=_till(store, 1),
        till2=_till(store, 2),
        far_till=_till(other, 1),
        cashier=_user("ana", "Ana Byrne", Role.CASHIER, store),
        colleague=_user("ben", "Ben Moss", Role.CASHIER, store),
        manager=_user("maeve", "Maeve Daly", Role.MANAGER, store),
        stranger=_user("finn", "Finn Roe", Role.CASHIER, other),
        employee=_user("rosa", "Rosa Lund", Role.EMPLOYEE, store),
    )
    full, none = _rate("B", "23"), _rate("A", "0")
    bakery = Category.objects.create(name="Bakery")
    for name, sku, code, price, unit, rate, limited in (
        ("Oat milk 1 l", "OM-1", "5390012340108", "2.35", "each", full, False),
        ("Rye sourdough", "RS-1", "5390012340115", "4.95", "each", none, False),
        ("Oak board", "OB-1", "5390012340122", "34.00", "each", full, False),
        ("Beeswax candle", "BC-1", "5390012340139", "12.00", "each", full, True),
        ("Tomatoes on the vine", "TM-1", "00417", "3.90", "kg", none, False),
        ("Old lamp", "OL-1", "5390012340146", "9.00", "each", full, False),
        ("Unpriced vase", "UV-1", "5390012340153", "", "each", full, False),
    ):
        product = Product.objects.create(
            name=name,
            sku=sku,
            unit=unit,
            tax_rate=rate,
            limited=limited,
            category=bakery if name == "Rye sourdough" else None,
            active=name != "Old lamp",
        )
        Barcode(code=code, product=product).save()
        if price:
            Price.objects.create(
                product=product, currency="EUR", amount=Decimal(price), valid_from=LONG_AGO
            )
        shop.products[name] = product
    milk = shop.products["Oat milk 1 l"]
    Barcode(code="15390012340105", product=milk, quantity=Decimal(6), price=Decimal("12.00")).save()
    Barcode(code="MILK-6", product=milk, quantity=Decimal(6)).save()
    Favourite.objects.create(store=store, number=13, product=shop.products["Rye sourdough"])
    for name in shop.products:
        shop.stock(name, "20")
    return shop


def _store(code: str, name: str, currency: str, *, inclusive: bool) -> Store:
    store = Store.objects.create(
        code=code, name=name, currency=currency, time_zone="Europe/Dublin", address="1 Quay"
    )
    StoreRules.objects.create(
        store=store,
        version=1,
        valid_from=LONG_AGO,
        prices_include_tax=inclusive,
        barcode_patterns=LABELS,
    )
    return store


def _till(store: Store, number: int) -> Register:
    register = Register.objects.create(store=store, number=number, name=f"Till {number}")
    JournalHead.objects.create(register=register)
    return register


def _user(username: str, name: str, role: Role, store: Store) -> User:
    user = User(username=username, full_name=name, role=role)
    user.set_password(PASSWORD)
    user.save()
    user.stores.add(store)
    return user


def _rate(code: str, percent: str) -> TaxRate:
    rate = TaxRate.objects.create(code=code, name=f"Rate {code}")
    TaxPercent.objects.create(rate=rate, percent=Decimal(percent), valid_from=LONG_AGO.date())
    return rate


def make_tenders() -> None:
    """Cash, which gives change and goes into the drawer, and a card."""
    for position, (code, drawer) in enumerate((("cash", True), ("card", False))):
        Tender.objects.get_or_create(
            code=code,
            defaults={
                "name": code.capitalize(),
                "in_drawer": drawer,
                "opens_drawer": drawer,
                "may_exceed": drawer,
                "rounds": drawer,
                "position": position,
            },
        )
