"""A shop to measure in: a durable PostgreSQL of the bench's own, a catalogue, tills at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.test import Client, override_settings
from django.utils import timezone

from inventory.models import Barcode, Price, Product
from inventory.services.stock import receive_stock
from people.models import Store
from people.permissions import Role
from people.services import tokens
from regalpos import embedded, ids
from regalpos.barcodes import lookup_key
from regalpos.environment import VAR
from sales.models import Cart
from tests.databases import PREFIX, Bed, Database, durable_bed
from tests.factories import a_register, a_shift, a_store, a_tax, a_user, an_actor
from tests.killing import postmaster_of

PRODUCTS = 2_000  # stocked ones, that tills draw from
PRODUCTS_IN_SMOKE = 60
PLENTY = Decimal(10_000_000)
LINES_OF_A_RECEIPT = 500
TAXES = ("23", "13.5", "9", "0")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOME = embedded.Home(VAR / f"{PREFIX}bench-postgres")


@dataclass(frozen=True)
class Till:
    """An open register and its cashier, signed in as a program and in a browser."""

    store_id: UUID
    register_id: UUID
    cashier_id: UUID
    token: str
    session: str


@dataclass(frozen=True)
class Goods:
    """What tills sell: id, barcode and price in cents, tax included."""

    product_id: UUID
    barcode: str
    cents: int


@dataclass(frozen=True)
class Shop:
    """A template of a shop at work. Each side of a comparison gets a clone of it."""

    bed: Bed
    database: Database
    tills: list[Till]
    goods: list[Goods]

    @contextmanager
    def clone(self) -> Iterator[Database]:
        """The same shop once more, with a life of its own."""
        database = self.bed.clone(self.database)
        try:
            yield database
        finally:
            self.bed.drop(database)

    @property
    def postmaster(self) -> int:
        """The process that all of the database's others come from."""
        return postmaster_of(HOME)


@contextmanager
def open_shop(*, tills: int, smoke: bool = False) -> Iterator[Shop]:
    """A shop with so many tills at work."""
    with durable_bed(HOME) as bed:
        database = bed.clone()
        try:
            # Tokens are to outlive the longest run.
            with database.in_use(), override_settings(ACCESS_TOKEN_MINUTES=1440):
                store = a_store("BENCH")
                goods = _stock(store, PRODUCTS_IN_SMOKE if smoke else PRODUCTS)
                shop = Shop(bed, database, [_till(store) for _ in range(tills)], goods)
            analyse(database)
            yield shop
        finally:
            bed.drop(database)


def analyse(database: Database) -> None:
    """PostgreSQL knows how large the tables are now."""
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")


def _till(store: Store) -> Till:
    user = a_user(Role.CASHIER, store)
    register = a_register(store)
    a_shift(register, an_actor(user))
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    pair = tokens.start_family(
        user=user, token=tokens.NewToken(), address="127.0.0.1", request_id=""
    )
    session = browser.session.session_key or ""
    # As allauth writes down whoever signs in by its page: the reference joins by it.
    UserSession.objects.create(user=user, session_key=session, ip="127.0.0.1")
    return Till(store.pk, register.pk, user.pk, pair.access_token, session)


def _stock(store: Store, number: int) -> list[Goods]:
    """So many products, priced in whole cents, with more on the shelf than can be sold."""
    now, rates = timezone.now(), [a_tax(percent) for percent in TAXES]
    products = Product.objects.bulk_create(
        Product(
            sku=f"BENCH-{n:06}",
            name=f"Product {n:06}",
            tax_rate=rates[n % len(rates)],
            limited=n % 2 == 0,
        )
        for n in range(number)
    )
    goods = [Goods(one.pk, f"20{n:010}", 99 + n * 7 % 2_000) for n, one in enumerate(products)]
    Barcode.objects.bulk_create(
        Barcode(product_id=one.product_id, code=one.barcode, lookup=lookup_key(one.barcode))
        for one in goods
    )
    Price.objects.bulk_create(
        Price(
            product_id=one.product_id,
            currency=store.currency,
            amount=Decimal(one.cents) / 100,
            valid_from=now,
        )
        for one in goods
    )
    receiver = an_actor(a_user(Role.ADMIN, store))
    for start in range(0, number, LINES_OF_A_RECEIPT):
        lines: list[Any] = [
            (one.product_id, PLENTY, Decimal("0.50"))
            for one in goods[start : start + LINES_OF_A_RECEIPT]
        ]
        receive_stock(receipt_id=ids.new(), store_id=store.pk, lines=lines, actor=receiver)
    return goods


def some_carts(till: Till, number: int) -> list[UUID]:
    """So many open carts at one register, in the database in use: a till has one at a time."""
    now = timezone.now()
    carts = Cart.objects.bulk_create(
        Cart(
            store_id=till.store_id,
            register_id=till.register_id,
            cashier_id=till.cashier_id,
            opened_at=now,
            changed_at=now,
        )
        for _ in range(number)
    )
    return [cart.pk for cart in carts]
