"""Every invariant holds after trade, and finds the one row that was planted to break it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from inventory.models import Product
from regalpos import ids
from sales.books import INVARIANTS
from sales.forms import parse_sale
from sales.models import (
    JournalHead,
    ProductDay,
    RegisterDay,
    Sale,
    Shift,
    ShiftTender,
    ShiftTotals,
)
from sales.reports.journal_check import ChainCheck, check_journal
from sales.services.checkout import check_out
from sales.services.shifts import close_shift
from tests.databases import Database
from tests.factories import a_cashier, a_product, a_register, a_shift, a_store, an_actor

# One lie per invariant, told by the owner with the triggers off: as an intruder would.
PLANTED = {
    "sale_is_the_sum_of_its_lines": "UPDATE sales_saleline SET net = net + 1, total = total + 1",
    "sale_is_paid_exactly": "UPDATE sales_payment SET amount = amount + 1, handed_over = handed_over + 1",
    "only_cash_is_rounded": """UPDATE sales_sale SET rounding = 0.01, payable = payable + 0.01
        WHERE id IN (SELECT sale_id FROM sales_payment WHERE tender_id IN
        (SELECT id FROM sales_tender WHERE code = 'card'))""",
    "line_moved_its_goods": "UPDATE inventory_stockmove SET quantity = quantity - 1 WHERE kind = 'sale'",
    "sale_moves_name_a_sale": "UPDATE inventory_stockmove SET source_line = 99 WHERE kind = 'sale'",
    "drawer_is_the_sum_of_its_moves": "UPDATE sales_shifttotals SET expected_cash = expected_cash + 1",
    "cash_moves_match_cash_payments": "UPDATE sales_cashmove SET amount = amount + 1 WHERE kind = 'sale'",
    "shift_totals_are_its_sales": "UPDATE sales_shifttotals SET total = total + 1",
    "shift_tenders_are_its_payments": "UPDATE sales_shifttender SET payments = payments + 1",
    "returned_is_what_came_back": "UPDATE sales_returnedquantity SET returned = 0",
    "returns_give_back_their_share": """UPDATE sales_saleline SET net = net - 1, total = total - 1
        WHERE returns_id IS NOT NULL""",
    "receipt_numbers_have_no_gap": "UPDATE sales_sale SET number = 9 WHERE number = 2",
    "sale_is_journaled_once": "DELETE FROM sales_journalrecord WHERE series = 'sale'",
    "sale_has_its_attempt": "DELETE FROM sales_saleattempt",
    "sale_fell_in_an_open_shift": "UPDATE sales_sale SET recorded_at = recorded_at - interval '1 day'",
    "product_days_are_their_lines": "UPDATE sales_productday SET returned = returned + 1",
    "register_days_are_their_sales": "UPDATE sales_registerday SET payable = payable + 1",
    "drawer_openings_are_counted": "UPDATE sales_shifttotals SET openings = openings + 1",
    "document_keeps_one_currency": "UPDATE sales_sale SET currency = 'GBP'",
}

# Every sum that is kept, and the invariant that computes it again.
KEPT = {
    ("sales_shifttotals", "expected_cash"): "drawer_is_the_sum_of_its_moves",
    ("sales_shifttotals", "openings"): "drawer_openings_are_counted",
    **{
        ("sales_shifttotals", name): "shift_totals_are_its_sales"
        for name in (
            "sales", "returns", "net", "tax", "discount", "total", "rounding", "returned",
        )
    },
    **{
        ("sales_shifttender", name): "shift_tenders_are_its_payments"
        for name in ("payments", "amount")
    },
    **{
        ("sales_registerday", name): "register_days_are_their_sales"
        for name in (
            "sales", "returns", "net", "tax", "discount", "total", "payable", "refunded",
        )
    },
    **{
        ("sales_productday", name): "product_days_are_their_lines"
        for name in ("sold", "returned", "net", "tax", "discount", "total", "cost")
    },
}  # fmt: skip
SUMS = sorted(KEPT)


@pytest.fixture
def traded(committed_db: Database) -> Database:
    """A day's trade: a cash sale, a card sale and a return of the first."""
    store = a_store("HS")
    register, cashier = a_register(store), a_cashier(store)
    shift = a_shift(register, cashier)
    apple = a_product(price="2.00", on_hand="10", store=store)

    def ring(line: dict[str, str], total: str, tender: str) -> Mapping[str, Any]:
        body = parse_sale(
            {
                "register": str(register.pk),
                "lines": [line],
                "payments": [{"tender": tender, "amount": total}],
                "shown_total": total,
            }
        )
        return check_out(sale_id=ids.new(), body=body, actor=cashier, source="api").content

    sold = ring({"product": str(apple.pk), "quantity": "3"}, "6.00", "cash")
    ring({"product": str(apple.pk), "quantity": "1"}, "2.00", "card")
    line = {"returns": sold["lines"][0]["id"], "quantity": "-1", "reason": "bruised"}
    ring(line, "-2.00", "cash")
    close_shift(shift_id=shift.pk, counted=Decimal("104.00"), reason="", actor=cashier)
    return committed_db


@pytest.fixture
def intruder(traded: Database) -> Iterator[psycopg.Connection]:
    """The owner's rights, and no trigger in the way."""
    with traded.connect("owner", autocommit=True) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        yield connection


def test_every_invariant_looked_at_rows_and_holds(traded):
    findings = {invariant.name: invariant.check() for invariant in INVARIANTS}

    assert {name for name, finding in findings.items() if not finding.holds} == set()
    assert {name for name, finding in findings.items() if not finding.examined} == set()
    assert set(PLANTED) == set(findings)


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_fault_is_found(intruder, name):
    [invariant] = [invariant for invariant in INVARIANTS if invariant.name == name]
    assert invariant.check().holds

    intruder.execute(PLANTED[name])

    assert not invariant.check().holds


@pytest.mark.parametrize(("table", "column"), SUMS)
def test_a_lie_in_any_sum_is_found(intruder, table, column):
    intruder.execute(f"UPDATE {table} SET {column} = {column} + 1")

    assert {i.name for i in INVARIANTS if not i.check().holds} == {KEPT[table, column]}


def test_every_sum_that_is_kept_is_lied_about():
    kept = {
        (model._meta.db_table, field.name)
        for model in (ShiftTotals, ShiftTender, RegisterDay, ProductDay)
        for field in model._meta.fields
        if field.name not in {"id", "business_day"} and not field.is_relation
    }

    assert set(SUMS) == kept


def test_audit_exits_with_one_and_names_the_row(intruder):
    intruder.execute("UPDATE inventory_stocklevel SET on_hand = on_hand + 1")
    told = StringIO()

    with pytest.raises(SystemExit) as left:
        call_command("audit", stdout=told)

    assert left.value.code == 1
    assert str(Product.objects.get().pk) in told.getvalue()


def test_the_journal_of_a_day_verifies(traded):
    verdict = check_journal()

    assert (verdict.holds, verdict.records, verdict.chains) == (True, 5, 1)
    call_command("verify_journal", stdout=StringIO())


def test_a_journal_that_grows_while_it_is_read_verifies(traded):
    check = ChainCheck(JournalHead.objects.get(seq=5))  # as it stood when the reading began
    shift = Shift.objects.filter(closed_at__isnull=False).latest("opened_at")
    cashier = an_actor(shift.cashier)
    a_shift(shift.register, cashier)

    assert JournalHead.objects.get(register=shift.register).seq == 6
    assert check.first_break() is None
    assert check_journal().holds


TAMPERED = {
    "a sealed payload": "UPDATE sales_journalrecord SET payload = payload || ' '::bytea WHERE seq = 2",
    "a column beside the payload": "UPDATE sales_journalrecord SET recorded_at = recorded_at - interval '1 hour' WHERE seq = 2",
    "a missing record": "DELETE FROM sales_journalrecord WHERE seq = 2",
    "a cut tail": "DELETE FROM sales_journalrecord WHERE seq = (SELECT max(seq) FROM sales_journalrecord)",
    "a cut tail and a moved head": """
        DELETE FROM sales_journalrecord WHERE seq = 5;
        UPDATE sales_journalhead SET seq = 4, perpetual_net = 1,
            hash = (SELECT hash FROM sales_journalrecord WHERE seq = 4), perpetual_returns = 0""",
    "a sale's own rows": "UPDATE sales_sale SET cashier_id = (SELECT id FROM people_user ORDER BY created_at DESC LIMIT 1)",
    "a line's name": "UPDATE sales_saleline SET description = 'Something else'",
    "a payment": "UPDATE sales_payment SET amount = amount - 1, handed_over = handed_over - 1",
    "a head moved back": """
        UPDATE sales_journalhead SET (seq, hash, perpetual_sales, perpetual_returns, perpetual_net)
        = (SELECT seq, hash, perpetual_sales, perpetual_returns, perpetual_net
           FROM sales_journalrecord WHERE seq = 4)""",
    "perpetual totals": "UPDATE sales_journalhead SET perpetual_sales = perpetual_sales + 1",
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(TAMPERED))
def test_tampering_is_found(intruder, what):
    a_cashier()  # Somebody else to blame.
    assert check_journal().holds

    intruder.execute(TAMPERED[what])

    assert not check_journal().holds


def test_the_app_cannot_rewrite_a_sale(traded):
    with (
        traded.connect() as app,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)),
    ):
        app.execute("UPDATE sales_sale SET total = 0")
    assert Sale.objects.filter(total=0).count() == 0
