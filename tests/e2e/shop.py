"""What browser tests sell: a few goods that every test knows, and a store of each test's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.test import Client
from playwright.sync_api import BrowserContext

from inventory.models import Category, Product
from inventory.services.stock import receive_stock
from people.models import Store, User
from people.permissions import Role
from regalpos import ids
from sales.models import Favourite, Payment, Register, Sale, SaleLine, Shift, ShiftTender
from tests import factories
from tests.servers import Server

# name: price, tax percent, barcode, limited. Prices include the tax.
GOODS = {
    "Oat milk": ("2.35", "23", "5390012340108", False),
    "Rye sourdough": ("4.95", "0", "5390012340115", False),
    "Oak board": ("34.00", "23", "5390012340122", False),
    "Beeswax candle": ("12.00", "23", "5390012340139", True),
}
CODES = {name: code for name, (_price, _tax, code, _limited) in GOODS.items()}
MILK, BREAD, BOARD, CANDLE = GOODS


def stock_goods() -> None:
    """The goods are in the catalogue, in one category; no store has any yet."""
    shelf = Category.objects.create(name="Everyday")
    for name, (price, tax, code, limited) in GOODS.items():
        factories.a_product(
            name, price=price, tax=tax, barcode=code, limited=limited, category=shelf
        )


@dataclass
class Shop:
    """One store with a till whose drawer is open, and the books that a sale there leaves."""

    server: Server
    store: Store
    till: Register
    cashier: User
    shift: Shift

    def product(self, name: str) -> Product:
        return Product.objects.get(name=name)

    def on_hand(self, *names: str) -> list[str]:
        """What the shelf holds of each, as plain figures."""
        return [count(factories.on_hand(self.product(name), self.store)) for name in names]

    def receipts(self) -> list[str]:
        """The sales of this store, oldest first, each as its payable total."""
        sales = Sale.objects.filter(store=self.store).order_by("number")
        return [money(sale.payable) for sale in sales]

    def lines(self) -> list[str]:
        """Every line sold here, in order: "2 Oat milk 4.70"."""
        rows = SaleLine.objects.filter(sale__store=self.store).order_by("sale__number", "number")
        return [f"{count(row.quantity)} {row.description} {money(row.total)}" for row in rows]

    def payments(self) -> list[str]:
        """Every payment taken here, in order: "cash 30 back 10.70"."""
        rows = Payment.objects.filter(sale__store=self.store).select_related("tender")
        return [
            f"{row.tender.code} {money(row.handed_over)} back {money(row.change)}"
            for row in rows.order_by("sale__number", "number")
        ]

    def drawer(self) -> dict[str, str]:
        """The running sums of the shift, and what each tender brought."""
        totals = Shift.objects.get(pk=self.shift.pk).totals
        tenders = ShiftTender.objects.filter(shift=self.shift).select_related("tender")
        return {
            "sales": str(totals.sales),
            "total": money(totals.total),
            "expected cash": money(totals.expected_cash),
            **{row.tender.code: money(row.amount) for row in tenders.order_by("tender__position")},
        }

    def sold(self) -> bool:
        return Sale.objects.filter(store=self.store).exists()

    def tile(self, number: int, name: str) -> None:
        """The product has a tile of this number at this store's tills."""
        Favourite.objects.create(store=self.store, number=number, product=self.product(name))

    def stock(self, name: str, more: str) -> None:
        """So much more of it arrives, as goods do."""
        factories.a_level(self.product(name), self.store, more)

    def someone(self, role: Role, *stores: Store, **facts: object) -> User:
        """One more person, who works here if nothing else is said."""
        return factories.a_user(role, *(stores or (self.store,)), **facts)


def open_shop(server: Server, goods: Iterable[str] = GOODS, **rules: Any) -> Shop:
    """A store with twenty of everything, one till, and a cashier on shift with 100.00."""
    factories.some_tenders()
    store = factories.a_store(**rules)
    admin = factories.a_user(Role.ADMIN)
    lines = [(product.pk, Decimal(20), None) for product in Product.objects.filter(name__in=goods)]
    receive_stock(
        receipt_id=ids.new(), store_id=store.pk, lines=lines, actor=factories.an_actor(admin)
    )
    till = factories.a_register(store)
    cashier = factories.a_user(Role.CASHIER, store, full_name="Ana Byrne")
    shift = factories.a_shift(till, factories.an_actor(cashier))
    return Shop(server, store, till, cashier, shift)


def sign_in(context: BrowserContext, server: Server, user: User) -> None:
    """The browser belongs to this person, without the door (tests of the door go through it)."""
    client = Client()
    client.force_login(user)
    cookies = [
        {"name": name, "value": morsel.value, "url": server.url}
        for name, morsel in client.cookies.items()
    ]
    context.add_cookies(cookies)  # type: ignore[arg-type]


def count(figure: Decimal) -> str:
    """A quantity without the zeros that a column adds."""
    return f"{figure.normalize():f}"


def money(figure: Decimal) -> str:
    """An amount of euros."""
    return f"{figure:.2f}"
