"""The demo shop is a real shop: its books balance, and one seed gives one shop."""

from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from inventory.models import Barcode, Product, StockLevel
from people.models import AuditEvent, Store, User
from regalpos.barcodes import is_gtin
from regalpos.management.commands.audit import INVARIANTS
from sales.models import Sale
from sales.reports.journal_check import check_journal
from sales.services.demo import load_demo
from tests import databases


@pytest.fixture
def demo(committed_db):
    # Its days end yesterday, and which weekdays they are decides what is sold and brought back.
    with time_machine.travel("2026-11-20T12:00:00Z"):
        yield load_demo(products=120, days=6, seed=7)


def test_the_demos_books_balance_and_its_journal_verifies(demo):
    broken = {rule.name for rule in INVARIANTS if not rule.check().holds}

    assert broken == set()
    verdict = check_journal()
    assert verdict.holds
    assert verdict.records == len(demo.sales) + 2 * len(demo.shifts)
    assert Sale.objects.count() == len(demo.sales) > 50


def test_what_came_back_is_on_the_trail(demo):
    returned = [sale for sale in demo.sales if sale.kind == "return"]

    told = AuditEvent.objects.filter(action="sale.returned")
    assert {event.subject_id for event in told} == {str(sale.pk) for sale in returned}
    assert returned


def test_its_stores_differ_in_tax_and_currency(demo):
    rules = {store.code: store.rules.get().prices_include_tax for store in Store.objects.all()}

    assert rules == {"HS": True, "ML": False}
    assert set(Store.objects.values_list("currency", flat=True)) == {"EUR", "USD"}
    assert set(User.objects.filter(demo=True).values_list("username", flat=True)) >= {
        "admin",
        "manager",
        "cashier",
        "cashier2",
        "staff",
    }
    assert not User.objects.filter(demo=False).exists()


def test_its_codes_collide_with_no_real_product(demo):
    codes = [code for code in Barcode.objects.values_list("code", flat=True) if len(code) == 13]

    assert len(codes) == 120 == Product.objects.count()
    assert all(code.startswith("2") and is_gtin(code) for code in codes)
    assert StockLevel.objects.filter(strict=True, on_hand__lt=0).count() == 0


def test_a_shop_that_is_there_is_left_alone(demo):
    before = (Product.objects.count(), Sale.objects.count())

    with pytest.raises(CommandError):
        call_command("demo", stdout=StringIO())

    assert (Product.objects.count(), Sale.objects.count()) == before


@time_machine.travel("2026-11-20T12:00:00Z", tick=False)  # The shop ends yesterday.
def test_one_seed_gives_one_shop_and_another_seed_another(bed, django_db_blocker):
    def shop(seed):
        with django_db_blocker.unblock(), databases.committed(bed):
            rows = load_demo(products=60, days=2, seed=seed)
            chain = [record.hash for record in rows.records]
            moves = [(move.quantity, move.balance, move.source_id) for move in rows.moves]
            return chain, moves, [(payment.pk, payment.tender_id) for payment in rows.payments]

    assert shop(7) == shop(7)
    assert shop(7) != shop(8)
