"""Who may open which door: written by hand, never made from `GRANTS`. A new door needs its line.

Roles by letter: a admin, m manager, c cashier, e employee; `*` anybody, signed in or not.
Names in braces stand for things of the world that `test_access` builds: {cart} is one of the
person's own store, and in the foreign column one of another store. A line whose address, or body,
names such a thing is therefore asked twice, and the second answer must be "there is no such thing".
"""

from dataclasses import dataclass, field
from typing import Any

STORE_BOUND = {"{cart}", "{waiting}", "{register}", "{shift}", "{store}", "{code}", "{sale}"}


@dataclass(frozen=True)
class Door:
    """One door: the URL pattern, who may open it, and how to knock."""

    pattern: str
    roles: str
    methods: str = "GET"
    address: str = ""  # where it differs from the pattern
    body: dict[str, Any] = field(default_factory=dict)
    # What another store's thing sounds like, where it is not "there is no such thing": then the
    # answer is one about what was sent, and the same as for a thing that does not exist.
    foreign: str = "no such"

    @property
    def url(self) -> str:
        return self.address or self.pattern

    @property
    def scoped(self) -> bool:
        """Does it lead to something of one store?"""
        return any(name in f"{self.url} {self.body}" for name in STORE_BOUND)


CART = "/till/<uuid:cart_id>/"

SCREENS = [
    # ---- home and staff
    Door("/", "*"),
    Door(
        r"/^accounts/(?:signup|email|confirm-email|login/code|password/(?:set|reset))/",
        "",
        "GET POST",
        "/accounts/signup/",
    ),
    Door("/staff/", "a", "GET POST"),
    Door("/staff/new/", "a"),
    Door("/staff/<uuid:user_id>/", "a", "GET POST", "/staff/{user}/"),
    Door("/staff/<uuid:user_id>/role/", "a", "POST", "/staff/{user}/role/"),
    Door("/staff/<uuid:user_id>/password/", "a", "POST", "/staff/{user}/password/"),
    Door("/staff/<uuid:user_id>/sessions/", "a", "POST", "/staff/{user}/sessions/"),
    Door("/staff/<uuid:user_id>/account/", "a", "POST", "/staff/{user}/account/"),
    # ---- products
    Door("/products/", "amce", "GET", "/products/?store={code}"),
    Door("/products/new/", "am", "GET POST"),
    Door("/products/<path:sku>/", "amce", "GET", "/products/{sku}/"),
    Door("/products/<path:sku>/edit/", "am", "GET POST", "/products/{sku}/edit/"),
    Door(
        "/products/<path:sku>/prices/",
        "am",
        "POST",
        "/products/{sku}/prices/",
        {"id": "{new}", "where": "{store}:EUR", "amount": "3.00"},
        foreign="in",
    ),
    Door("/products/<path:sku>/barcodes/", "am", "POST", "/products/{sku}/barcodes/"),
    Door(
        "/products/<path:sku>/barcodes/removal/", "am", "POST", "/products/{sku}/barcodes/removal/"
    ),
    Door("/products/<path:sku>/retirement/", "am", "POST", "/products/{sku}/retirement/"),
    # ---- stock
    Door("/stock/", "amce"),
    Door("/stock/levels/", "amce", "GET", "/stock/levels/?store={code}"),
    Door("/stock/low/", "amce"),
    Door("/stock/levels/<path:sku>/", "amce", "GET", "/stock/levels/{sku}/?store={code}"),
    Door(
        "/stock/levels/<path:sku>/adjustments/",
        "am",
        "POST",
        "/stock/levels/{sku}/adjustments/?store={code}",
        {"adjustment_id": "{new}", "way": "more", "quantity": "1", "why": "found"},
    ),
    Door(
        "/stock/receive/",
        "ame",
        "GET POST",
        "/stock/receive/?store={code}",
        {"receipt_id": "{new}", "product": "{product}", "quantity": "1", "unit_cost": "0.50"},
    ),
    Door("/stock/receive/found/", "ame", "GET", "/stock/receive/found/?store={code}"),
    # ---- the office
    Door("/dashboard/", "am"),
    # ---- the till
    Door("/till/", "amc"),
    Door(
        "/till/registers/<uuid:register_id>/",
        "amc",
        "GET POST",
        "/till/registers/{register}/",
        {"id": "{new}", "float": "100.00"},
    ),
    Door(
        "/till/attempts/<uuid:attempt_id>/",
        "amc",
        "GET",
        "/till/attempts/{sale}/?cart={cart}",
        foreign="in",
    ),
    Door(CART, "amc", "GET", "/till/{cart}/"),
    Door(
        f"{CART}lines/",
        "amc",
        "GET POST",
        "/till/{cart}/lines/",
        {"id": "{new}", "product": "{product}"},
    ),
    Door(
        f"{CART}lines/<int:number>/",
        "amc",
        "POST DELETE",
        "/till/{cart}/lines/1/?id={new}",
        {"id": "{new}", "quantity": "2"},
    ),
    Door(f"{CART}steps/", "amc", "POST", "/till/{cart}/steps/", {"id": "{new}"}),
    Door(f"{CART}found/", "amc", "GET", "/till/{cart}/found/?text=milk"),
    Door(f"{CART}tiles/", "amc", "GET", "/till/{cart}/tiles/"),
    Door(f"{CART}parked/", "amc", "GET POST", "/till/{cart}/parked/", {"id": "{new}"}),
    Door(
        f"{CART}recalled/",
        "amc",
        "POST",
        "/till/{cart}/recalled/",
        {"id": "{new}", "cart": "{waiting}"},
    ),
    Door(
        f"{CART}payment/",
        "amc",
        "GET POST",
        "/till/{cart}/payment/",
        {
            "attempt": "{new}",
            "payments": '[{"tender": "cash", "amount": "1.00"}]',
            "shown_total": "1.00",
        },
    ),
    # ---- shifts, receipts and returns
    Door("/till/shift/", "amc"),
    Door(
        "/till/shift/<uuid:shift_id>/closure/",
        "amc",
        "GET POST",
        "/till/shift/{shift}/closure/",
        {"counted": "101.00"},
    ),
    Door(
        "/till/shift/<uuid:shift_id>/cash/",
        "amc",
        "GET POST",
        "/till/shift/{shift}/cash/",
        {"id": "{new}", "kind": "drop", "amount": "20.00", "reason": "to the safe"},
    ),
    Door("/till/shift/<uuid:shift_id>/report/", "amc", "GET", "/till/shift/{shift}/report/"),
    Door("/till/receipts/", "amc"),
    Door("/till/receipts/<uuid:sale_id>/", "amc", "GET", "/till/receipts/{sale}/"),
    Door(
        "/till/receipts/<uuid:sale_id>/return/", "amc", "GET POST", "/till/receipts/{sale}/return/"
    ),
    # ---- for everybody
    Door("/docs", "*"),
    Door("/openapi.json", "*"),
    Door("/health", "*"),
    Door("/health/db", "*"),
    Door("/health/ready", "*"),
    Door("/language", "*", "POST"),
]

# allauth guards its own pages; this is what they have to keep.
ACCOUNTS = [
    Door("/accounts/login/", "*", "GET POST"),
    Door("/accounts/logout/", "*"),
    Door("/accounts/inactive/", "*"),
    Door("/accounts/reauthenticate/", "amce"),
    Door("/accounts/password/change/", "amce", "GET POST"),
    Door("/accounts/2fa/", "amce"),
    Door("/accounts/2fa/totp/activate/", "amce"),
    Door("/accounts/2fa/recovery-codes/generate/", "amce"),
    Door("/accounts/2fa/webauthn/", "amce"),
    Door("/accounts/2fa/webauthn/add/", "amce"),
    Door("/accounts/2fa/webauthn/reauthenticate/", "amce"),
    Door("/accounts/sessions/", "amce"),
]

API = [
    Door("/api/v1/auth/login", "*", "POST", body={"username": "nobody", "password": "x"}),
    Door("/api/v1/auth/refresh", "*", "POST", body={"refresh_token": "x"}),
    Door("/api/v1/auth/logout", "amce", "POST"),
    Door("/api/v1/auth/me", "amce"),
    Door("/api/v1/stores", "amce"),
    Door("/api/v1/stores/{id}", "amce", "GET", "/api/v1/stores/{store}"),
    Door("/api/v1/products", "amce"),
    Door("/api/v1/products/{id}", "amce", "GET", "/api/v1/products/{product}"),
    Door("/api/v1/stock/levels", "amce", "GET", "/api/v1/stock/levels?store={store}"),
    Door(
        "/api/v1/stock/adjustments",
        "am",
        "POST",
        body={
            "id": "{new}",
            "store": "{store}",
            "product": "{product}",
            "quantity": "1",
            "reason": "found behind the shelf",
        },
    ),
    Door("/api/v1/registers", "amc"),
    Door("/api/v1/shifts", "amc", "GET"),
    Door(
        "/api/v1/shifts",
        "amc",
        "POST",
        body={"id": "{new}", "register": "{register}", "float": "100.00"},
    ),
    Door("/api/v1/shifts/{id}", "amc", "GET", "/api/v1/shifts/{shift}"),
    Door(
        "/api/v1/shifts/{id}/closure",
        "amc",
        "POST",
        "/api/v1/shifts/{shift}/closure",
        {"counted": "100.00", "reason": "counted twice"},
    ),
    Door(
        "/api/v1/shifts/{id}/cash-moves",
        "amc",
        "POST",
        "/api/v1/shifts/{shift}/cash-moves",
        {"id": "{new}", "kind": "paid_in", "amount": "5.00", "reason": "change brought"},
    ),
    Door("/api/v1/shifts/{id}/report", "amc", "GET", "/api/v1/shifts/{shift}/report"),
    Door(
        "/api/v1/quotes",
        "amc",
        "POST",
        body={
            "id": "{new}",
            "register": "{register}",
            "lines": [{"product": "{product}", "quantity": "1"}],
        },
    ),
    Door(
        "/api/v1/sales/{id}",
        "amc",
        "PUT",
        "/api/v1/sales/{new}",
        {
            "register": "{register}",
            "lines": [{"product": "{product}", "quantity": "1"}],
            "payments": [{"tender": "cash", "amount": "1.00"}],
            "shown_total": "1.00",
        },
    ),
    Door("/api/v1/sales/{id}", "amc", "GET", "/api/v1/sales/{sale}"),
    Door(
        "/api/v1/sales/{id}/abandon",
        "amc",
        "PUT",
        "/api/v1/sales/{new}/abandon",
        {"register": "{register}"},
    ),
]

SOCKETS = [
    Door("/ws/stock/<slug:store_code>/", "amce", address="/ws/stock/{code}/"),
    Door("/ws/till/<uuid:register_id>/", "amc", address="/ws/till/{register}/"),
]


@dataclass(frozen=True)
class Table:
    """One table of the Django admin: who sees it, who may change and add rows, its actions."""

    name: str
    sees: str
    changes: str = ""
    adds: str = ""
    deletes: str = ""
    actions: str = ""  # every action of the list is for these
    scoped: bool = False  # a manager sees the rows of their own stores only


ADMIN = [
    Table("people.store", "am", "a", scoped=True),
    Table("people.storerules", "am", "", "a", scoped=True),
    Table("people.user", "a", actions="a"),
    Table("people.device", "am", scoped=True),
    Table("people.customer", "am"),
    Table("people.vendor", "am"),
    Table("people.salesman", "am", "a", "a"),
    Table("people.auditevent", "am", scoped=True),
    Table("inventory.category", "am", "am", "am"),
    Table("inventory.brand", "am", "am", "am"),
    Table("inventory.taxrate", "am", "a", "a"),
    Table("inventory.taxpercent", "am", "", "a"),  # one that is in force already
    Table("inventory.stockrule", "am", "am", "am", scoped=True),
    Table("inventory.product", "am"),
    Table("inventory.barcode", "am"),
    Table("inventory.price", "am"),
    Table("inventory.stocklevel", "am", scoped=True),
    Table("inventory.stockmove", "am", scoped=True),
    Table("sales.register", "am", "a", "a", scoped=True),
    Table("sales.tender", "am", "a", "a"),
    Table("sales.favourite", "am", "am", "am", "am", scoped=True),
    Table("sales.shift", "am", scoped=True),
    Table("sales.cashmove", "am", scoped=True),
    Table("sales.sale", "am", scoped=True),
    Table("sales.saleattempt", "am", scoped=True),
    Table("sales.journalrecord", "am", scoped=True),
]
