"""The stock books are asked what must be true, and a planted fault is found."""

from decimal import Decimal

import pytest

from inventory.books import INVARIANTS
from people.models import Store
from regalpos.books import Invariant
from tests.databases import Database
from tests.factories import a_level, a_manager, a_product, a_store

# What somebody with the owner's password could do to the books, by the rule it breaks.
# Triggers and checks are lifted first, as such a person would.
FAULTS = {
    "level_is_the_sum_of_its_moves": "UPDATE inventory_stocklevel SET on_hand = on_hand + 1",
    "lot_is_the_sum_of_its_moves": """
        INSERT INTO inventory_lotlevel (level_id, lot, on_hand)
        SELECT id, 'L1', 1 FROM inventory_stocklevel LIMIT 1
    """,
    "balance_follows_from_the_one_before": """
        UPDATE inventory_stockmove SET balance = balance + 1
        WHERE id = (SELECT min(id) FROM inventory_stockmove)
    """,
    "move_comes_from_its_kind_of_document": """
        UPDATE inventory_stockmove SET source_type = 'gift'
        WHERE id = (SELECT min(id) FROM inventory_stockmove)
    """,
    "receipt_and_adjustment_are_on_record": """
        DELETE FROM people_auditevent WHERE action = 'stock.received'
    """,
    "level_is_as_strict_as_its_product": "UPDATE inventory_product SET limited = NOT limited",
}
LIFT = """
    ALTER TABLE inventory_stockmove DISABLE TRIGGER append_only;
    ALTER TABLE people_auditevent DISABLE TRIGGER append_only;
"""


@pytest.fixture
def shelves(committed_db: Database) -> Store:
    store = a_store("HS")
    a_manager(store)
    for name in ("Bread", "Oil"):
        product = a_product(name)
        a_level(product, store, "5")
        a_level(product, store, "2.000")
    return store


def test_there_is_one_planted_fault_for_every_rule() -> None:
    assert list(FAULTS) == [invariant.name for invariant in INVARIANTS]


def test_good_books_break_no_rule_and_are_not_empty(shelves: Store) -> None:
    for invariant in INVARIANTS:
        finding = invariant.check()
        assert finding.holds, invariant.name
        assert finding.examined > 0 or invariant.name.startswith("lot_")


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_a_planted_fault_is_found(
    shelves: Store, committed_db: Database, invariant: Invariant
) -> None:
    with committed_db.connect("owner") as owner:
        owner.execute(LIFT)
        assert owner.execute(FAULTS[invariant.name]).rowcount > 0
    finding = invariant.check()
    assert not finding.holds
    assert finding.examined > 0


def test_a_finding_names_the_row(shelves: Store, committed_db: Database) -> None:
    with committed_db.connect("owner") as owner:
        owner.execute("UPDATE inventory_stocklevel SET on_hand = 9 WHERE on_hand = 7")
    [level_rule] = [i for i in INVARIANTS if i.name == "level_is_the_sum_of_its_moves"]
    broken = level_rule.check(most=1).broken
    assert len(broken) == 1
    assert (broken[0]["on_hand"], broken[0]["moved"]) == (Decimal(9), Decimal(7))
    assert set(broken[0]) == {"level", "product", "store", "on_hand", "moved"}
