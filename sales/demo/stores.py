"""The two demo stores, their tills and their people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from people.forms import StaffDetails
from people.models import Customer, Salesman, Store, StoreRules, User
from people.permissions import Role
from people.services.staff import add_person
from sales.demo.words import FIRST_NAMES, LAST_NAMES
from sales.models import Register
from sales.services.registers import add_register, add_usual_tenders

PASSWORD = "regal-demo"  # noqa: S105  (opens only a demo shop, only on this machine)
NewId = Callable[[], UUID]

# username, name, role, the codes of their stores
STAFF = (
    ("admin", "Iris Alder", Role.ADMIN, ("HS", "ML")),
    ("manager", "Maeve Cotter", Role.MANAGER, ("HS", "ML")),
    ("cashier", "Ana Brannock", Role.CASHIER, ("HS",)),
    ("cashier2", "Ben Larkin", Role.CASHIER, ("HS",)),
    ("staff", "Dilan Hale", Role.EMPLOYEE, ("HS",)),
    ("cashier3", "Quinn Farrow", Role.CASHIER, ("ML",)),
    ("cashier4", "Rosa Jessop", Role.CASHIER, ("ML",)),
)


@dataclass(frozen=True)
class DemoStores:
    stores: list[Store]
    tills: dict[Register, User]  # Who stands at which till, day after day.
    owner: User
    customers: list[Customer]


def open_demo_stores(since: datetime, new_id: NewId) -> DemoStores:
    """Two stores that trade under different taxes and currencies, with everybody in place."""
    harbour = Store.objects.create(
        pk=new_id(),
        code="HS",
        name="Harbour Street",
        address="14 Harbour Street\nBallinore T99 X7V3",
        tax_number="VAT XX 1234567A",
        time_zone="Europe/Dublin",
        currency="EUR",
        receipt_header="Open every day, eight to eight.",
        receipt_footer="Returns within 30 days with this receipt.\nThank you.",
    )
    mill = Store.objects.create(
        pk=new_id(),
        code="ML",
        name="Mill Lane",
        address="3 Mill Lane\nWestbrook Falls",
        tax_number="ST-000-4711",
        time_zone="America/New_York",
        currency="USD",
        receipt_footer="Thank you. See you soon.",
    )
    limits = {"cashier": "10", "manager": "50"}
    patterns = ["21PPPPPWWWWWC", "22PPPPPVVVVVC"]
    for store, inclusive, step in ((harbour, True, "0.05"), (mill, False, "0")):
        StoreRules.objects.create(
            pk=new_id(),
            store=store,
            version=1,
            valid_from=since,
            prices_include_tax=inclusive,
            cash_step=Decimal(step),
            discount_limits=limits,
            refund_limit=Decimal("50"),
            barcode_patterns=patterns,
        )
    add_usual_tenders(new_id)
    staff = _hire({store.code: store for store in (harbour, mill)}, new_id)
    tills = {}
    for store, clerks in ((harbour, ("cashier", "cashier2")), (mill, ("cashier3", "cashier4"))):
        for number, clerk in enumerate(clerks, start=1):
            register = add_register(
                register_id=new_id(),
                store=store,
                number=number,
                name=f"Till {number}",
                kind="till",
                actor=None,
            )
            tills[register] = staff[clerk]
        add_register(
            register_id=new_id(), store=store, number=9, name="Office", kind="office", actor=None
        )
    return DemoStores([harbour, mill], tills, staff["admin"], _customers(harbour, new_id))


def _hire(stores: dict[str, Store], new_id: NewId) -> dict[str, User]:
    return {
        username: add_person(
            user_id=new_id(),
            username=username,
            role=role,
            details=StaffDetails(
                full_name=name, store_ids=frozenset(stores[code].pk for code in codes)
            ),
            password=PASSWORD,
            actor=None,
            demo=True,
        )
        for username, name, role, codes in STAFF
    }


def _customers(store: Store, new_id: NewId) -> list[Customer]:
    salesman = Salesman.objects.create(
        pk=new_id(), code="S1", name="Petra Nash", commission_percent=Decimal("2.5")
    )
    Salesman.objects.create(pk=new_id(), code="S2", name="Otis Rook", commission_percent=Decimal(2))
    pairs = zip(FIRST_NAMES * 2, LAST_NAMES[::-1] * 3, strict=False)
    customers = [
        Customer(
            pk=new_id(),
            name=f"{first} {last}",
            email=f"{first}.{last}@example.com".lower(),
            phones=[f"+353 555 {number:04d}"],
            home_store=store,
            salesman=salesman if number % 3 == 0 else None,
        )
        for number, (first, last) in enumerate(pairs, start=1)
    ]
    return Customer.objects.bulk_create(customers[:40])
