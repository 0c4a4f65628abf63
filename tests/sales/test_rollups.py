"""Closing and today's report read sums that came with the sales: never the sales themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Product
from people.access import Actor
from people.models import Store
from regalpos import ids
from sales.forms import parse_sale
from sales.models import ProductDay, Register, RegisterDay, Sale, Shift, ShiftTender, ShiftTotals
from sales.reports.drawers import read_drawer
from sales.reports.today import read_today
from sales.services.checkout import Answer, abandon_sale, check_out
from sales.services.shifts import close_shift
from tests.databases import Database
from tests.factories import a_cashier, a_manager, a_product, a_register, a_shift, a_store
from tests.house.access_world import undone

pytestmark = pytest.mark.usefixtures("committed_db")
D = Decimal
DAYS = 5 * 365
HANDFUL = 40


@dataclass
class Till:
    """A till with its drawer open, and a product to sell."""

    store: Store
    register: Register
    ana: Actor
    shift: Shift
    milk: Product

    def ring(self, *lines: dict[str, str], total: str, tender: str = "cash") -> Answer:
        body = {
            "register": str(self.register.pk),
            "lines": list(lines),
            "payments": [{"tender": tender, "amount": total}],
            "shown_total": total,
        }
        return check_out(sale_id=ids.new(), body=parse_sale(body), actor=self.ana, source="till")

    def sell(self, quantity: int = 1) -> dict[str, Any]:
        line = {"product": str(self.milk.pk), "quantity": str(quantity)}
        answer = self.ring(line, total=f"{2 * quantity}.00")
        assert answer.state == "posted", answer.content
        return dict(answer.content)

    def take_back(self, sold: dict[str, Any]) -> None:
        line = {"returns": sold["lines"][0]["id"], "quantity": "-1", "reason": "sour"}
        assert self.ring(line, total="-2.00").state == "posted"


@pytest.fixture
def a_till() -> Callable[[], Till]:
    def make() -> Till:
        store = a_store()
        register, ana = a_register(store), a_cashier(store)
        milk = a_product("Oat milk", price="2.00", on_hand="900", store=store)
        return Till(store, register, ana, a_shift(register, ana), milk)

    return make


@dataclass
class Read:
    """What a piece of work cost PostgreSQL: its statements, and the rows it looked at."""

    statements: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def is_no_more_than(self, other: "Read") -> bool:
        """As many statements, and of no table more than a handful more rows.

        Small tables may be read in another way than large ones; what grows with sales is found.
        """
        return self.statements == other.statements and all(
            rows <= other.rows.get(table, 0) + HANDFUL for table, rows in self.rows.items()
        )


@contextmanager
def reading(database: Database) -> Iterator[Read]:
    """Counted within a transaction that is undone; PostgreSQL knows how large its tables are.

    By index where there is one, as on tables of any size.
    """
    cost = Read()
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("ANALYZE")
    with undone():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        before = _rows_read()
        with CaptureQueriesContext(connection) as queries:
            yield cost
        cost.statements = len(queries)
        after = _rows_read()
        cost.rows = {t: n - before[t] for t, n in after.items() if n != before[t]}


def _rows_read() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
            " FROM pg_stat_xact_user_tables"
        )
        return dict(cursor.fetchall())


def test_a_drawer_with_many_sales_is_closed_as_one_with_few(
    a_till: Callable[[], Till], committed_db: Database
) -> None:
    few, many = a_till(), a_till()
    costs = {}
    for till, sales in ((few, 3), (many, 120)):
        for number in range(sales):
            sold = till.sell()
            if number % 3 == 0:
                till.take_back(sold)
        with reading(committed_db) as costs[sales]:
            close_shift(shift_id=till.shift.pk, counted=D("100"), reason="a", actor=till.ana)
            read_drawer(till.shift.pk, till.ana)
        till.shift.refresh_from_db()
        assert till.shift.totals.sales == sales

    assert costs[120].is_no_more_than(costs[3]), costs
    assert costs[3].rows["sales_shifttotals"] >= 1
    ledgers = {"sales_sale", "sales_saleline", "sales_payment", "sales_cashmove"}
    assert not ledgers & costs[3].rows.keys()


def test_rows_are_counted_where_they_are_read(
    a_till: Callable[[], Till], committed_db: Database
) -> None:
    """The control: summing up the ledger is seen, and grows with it."""
    till = a_till()
    seen = []
    for _more in range(2):
        till.sell()
        with reading(committed_db) as cost:
            assert sum(sale.payable for sale in Sale.objects.filter(shift=till.shift))
        seen.append(cost.rows["sales_sale"])
    assert seen == [1, 2]
    assert not Read(1, {"a": 42}).is_no_more_than(Read(1, {"a": 1}))


def test_today_costs_no_more_after_five_years(
    a_till: Callable[[], Till], committed_db: Database
) -> None:
    tills = [a_till(), a_till()]
    manager = a_manager(*(till.store for till in tills))
    for till in tills:
        till.sell()
        till.sell()
    now = timezone.now()
    past(10)
    with reading(committed_db) as young:
        first = read_today(manager, now)

    past(DAYS, beyond=10)
    with reading(committed_db) as old:
        then = read_today(manager, now)

    assert Sale.objects.count() == 4 * (DAYS + 1)
    assert RegisterDay.objects.count() == 2 * (DAYS + 1)
    assert then == first
    assert [(day.takings, day.takings_then) for day in then.days] == [(D("4"), D("4"))] * 2
    assert old.is_no_more_than(young), (old, young)
    assert old.rows["sales_sale"] < 100  # of 7,304
    assert old.rows["sales_registerday"] == 2


def column_names(model: type[Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


def past(days: int, beyond: int = 0) -> None:
    """Today's sales were sold on each of the `days` before today, too; days kept sums of them."""
    columns = {name: f"sale.{name}" for name in column_names(Sale)}
    columns |= {
        "id": "gen_random_uuid()",
        "number": "sale.number + 100 * day",
        "receipt_number": "sale.receipt_number || '-' || day",
        "occurred_at": "sale.occurred_at - day * interval '1 day'",
        "business_day": "sale.business_day - day",
    }
    days_of = [name for name in column_names(RegisterDay) if name != "id"]
    kept = ["kept.business_day - day" if c == "business_day" else f"kept.{c}" for c in days_of]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sales_sale ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
            " FROM sales_sale AS sale, generate_series(%s, %s) AS day"
            " WHERE sale.recorded_at - sale.occurred_at < interval '1 hour'",
            [beyond + 1, days],
        )
        cursor.execute(
            f"INSERT INTO sales_registerday ({', '.join(days_of)}) SELECT {', '.join(kept)}"
            " FROM sales_registerday AS kept, generate_series(%s, %s) AS day"
            " WHERE kept.business_day = (SELECT max(business_day) FROM sales_registerday)",
            [beyond + 1, days],
        )


def sums() -> list[Any]:
    """Every sum that is kept, as it stands."""
    kept = (ShiftTotals, ShiftTender, RegisterDay, ProductDay)
    return [list(model.objects.order_by("pk").values()) for model in kept]


def test_what_was_refused_or_given_up_is_in_no_sum(a_till: Callable[[], Till]) -> None:
    till = a_till()
    till.sell()
    before = sums()

    line = {"product": str(till.milk.pk), "quantity": "1"}
    refused = till.ring(line, total="9.99")
    abandoned = abandon_sale(sale_id=ids.new(), register_id=till.register.pk, actor=till.ana)

    assert (refused.state, abandoned.state) == ("refused", "abandoned")
    assert sums() == before


def test_an_exchange_is_a_sale_and_goods_that_came_back(a_till: Callable[[], Till]) -> None:
    till = a_till()
    sold = till.sell(3)
    bread = a_product("Bread", price="5.00", on_hand="9", store=till.store)

    back = {"returns": sold["lines"][0]["id"], "quantity": "-1", "reason": "sour"}
    answer = till.ring(back, {"product": str(bread.pk), "quantity": "1"}, total="3.00")

    assert answer.state == "posted", answer.content
    totals = ShiftTotals.objects.get(shift=till.shift)
    assert (totals.sales, totals.returns, totals.total, totals.returned) == (2, 1, D(9), D(2))
    assert totals.expected_cash == D(109)
    day = RegisterDay.objects.get(register=till.register)
    assert (day.sales, day.returns, day.payable, day.refunded) == (2, 0, D(9), D(0))
    milk = ProductDay.objects.get(product=till.milk, store=till.store)
    assert (milk.sold, milk.returned, milk.total) == (D(3), D(1), D(4))
