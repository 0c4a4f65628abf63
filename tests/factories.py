"""A shop to test in: short functions that make one thing each, with sensible values left unsaid."""

from decimal import Decimal
from itertools import count
from uuid import UUID

from django.utils import timezone

from inventory.models import Barcode, Price, Product, StockLevel, TaxPercent, TaxRate
from inventory.services.stock import receive_stock
from people.access import Actor, read_actor
from people.models import Store, StoreRules, User
from people.permissions import Role
from regalpos import ids
from regalpos.barcodes import lookup_key
from sales.models import JournalHead, Register, Shift, Tender
from sales.services.shifts import open_shift

_numbers = count(1)
PASSWORD = "long-enough-for-a-test"


def a_store(code: str = "", *, currency: str = "EUR", **rules: object) -> Store:
    """A store whose prices include tax, unless its rules say otherwise."""
    number = next(_numbers)
    store = Store.objects.create(
        code=code or f"S{number}",
        name=f"Shop {number}",
        currency=currency,
        time_zone="Europe/Dublin",
    )
    some_rules(store, **rules)
    return store


def some_rules(store: Store, **rules: object) -> StoreRules:
    """The next version of a store's rules."""
    given = {"refund_limit": None, **rules}
    return StoreRules.objects.create(
        store=store, version=store.rules.count() + 1, valid_from=timezone.now(), **given
    )


def a_user(role: Role | str = Role.CASHIER, *stores: Store, **facts: object) -> User:
    """Somebody who signs in with PASSWORD."""
    number = next(_numbers)
    given = {"username": f"{role}{number}", "full_name": f"{role} {number}".title(), **facts}
    user = User(role=role, **given)
    user.set_password(PASSWORD)
    user.save()
    user.stores.set(stores)
    return user


def an_actor(user: User) -> Actor:
    return read_actor(user)


def a_cashier(*stores: Store) -> Actor:
    return an_actor(a_user(Role.CASHIER, *stores))


def a_manager(*stores: Store) -> Actor:
    return an_actor(a_user(Role.MANAGER, *stores))


def an_employee(*stores: Store) -> Actor:
    return an_actor(a_user(Role.EMPLOYEE, *stores))


def an_admin(*stores: Store) -> Actor:
    return an_actor(a_user(Role.ADMIN, *stores))


def a_tax(percent: str = "23", code: str = "") -> TaxRate:
    rate, new = TaxRate.objects.get_or_create(
        code=code or f"T{percent}"[:4], defaults={"name": f"{percent} percent"}
    )
    if new:
        TaxPercent.objects.create(rate=rate, percent=Decimal(percent), valid_from="2020-01-01")
    return rate


def a_product(
    name: str = "",
    *,
    price: str | None = "1.00",
    currency: str = "EUR",
    tax: str = "23",
    barcode: str = "",
    on_hand: str = "",
    store: Store | None = None,
    **facts: object,
) -> Product:
    """A product with a price everywhere in `currency`; `on_hand` of it at `store`."""
    number = next(_numbers)
    product = Product.objects.create(
        sku=str(facts.pop("sku", f"SKU-{number}")),
        name=name or f"Product {number}",
        tax_rate=a_tax(tax),
        **facts,
    )
    if price is not None:
        set_price(product, price, currency)
    if barcode:
        Barcode.objects.create(product=product, code=barcode, lookup=lookup_key(barcode))
    if on_hand and store:
        a_level(product, store, on_hand)
    return product


def set_price(
    product: Product, amount: str, currency: str = "EUR", store: Store | None = None
) -> Price:
    return Price.objects.create(
        product=product,
        currency=currency,
        store=store,
        amount=Decimal(amount),
        valid_from=timezone.now(),
    )


def a_level(product: Product, store: Store, on_hand: str) -> StockLevel:
    """So much more of the product in the store, received as goods are."""
    receive_stock(
        receipt_id=ids.new(),
        store_id=store.pk,
        lines=[(product.pk, Decimal(on_hand), None)],
        actor=Actor(_somebody().pk, "", "", Role.ADMIN, frozenset(), epoch=1),
    )
    return StockLevel.objects.get(product=product, store=store)


def a_register(store: Store, number: int = 0, kind: str = "till") -> Register:
    number = number or store.registers.count() + 1
    register = Register.objects.create(store=store, number=number, name=f"Till {number}", kind=kind)
    JournalHead.objects.create(register=register)
    return register


def some_tenders() -> None:
    """Cash and card, as `setup` makes them."""
    Tender.objects.get_or_create(
        code="cash",
        defaults={
            "name": "Cash",
            "in_drawer": True,
            "opens_drawer": True,
            "may_exceed": True,
            "rounds": True,
        },
    )
    Tender.objects.get_or_create(code="card", defaults={"name": "Card", "position": 1})


def a_shift(register: Register, actor: Actor, float_amount: str = "100.00") -> Shift:
    """An open drawer, with the ways to pay at hand."""
    some_tenders()
    return open_shift(
        shift_id=ids.new(),
        register_id=register.pk,
        float_amount=Decimal(float_amount),
        actor=actor,
    )


def on_hand(product: Product, store: Store) -> Decimal:
    return StockLevel.objects.get(product=product, store=store).on_hand


def _somebody() -> User:
    """Who put things where they are before the test began: an admin, who works at every store."""
    user = User.objects.filter(role=Role.ADMIN).order_by("created_at").first()
    return user or a_user(Role.ADMIN)


def an_id() -> UUID:
    return ids.new()
