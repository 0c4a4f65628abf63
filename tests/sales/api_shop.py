"""A shop that a program sells for: its till, its cashier's token, and milk at 1.23."""

from dataclasses import dataclass
from typing import Any

from inventory.models import Product
from people.models import Store, User
from people.permissions import Role
from regalpos import ids
from sales.models import Register, Shift
from tests.factories import (
    a_product,
    a_register,
    a_shift,
    a_store,
    a_user,
    an_actor,
    some_tenders,
)
from tests.programs import Program

REPLAYED = "Idempotent-Replayed"


@dataclass
class ApiShop:
    """A store with a till, a cashier who is signed in by token, and milk at 1.23 with 23 % tax."""

    store: Store
    register: Register
    user: User
    cashier: Program
    milk: Product

    def open(self, float_amount: str = "100.00") -> Shift:
        return a_shift(self.register, an_actor(self.user), float_amount)

    def body(self, **change: Any) -> dict[str, Any]:
        sale = {
            "register": str(self.register.pk),
            "lines": [{"product": str(self.milk.pk), "quantity": "2"}],
            "payments": [{"tender": "cash", "amount": "5.00"}],
            "shown_total": "2.46",
        }
        return {**sale, **change}

    def sell(self, sale_id: object = None, **change: Any) -> Any:
        return self.cashier.put(f"sales/{sale_id or ids.new()}", self.body(**change))


def make_api_shop() -> ApiShop:
    store = a_store("HS")
    user = a_user(Role.CASHIER, store)
    some_tenders()
    milk = a_product("Milk", price="1.23", barcode="2000000000015", on_hand="20", store=store)
    return ApiShop(store, a_register(store), user, Program(user), milk)
