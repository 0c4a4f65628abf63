"""What pgbench sells by our checkout's statements are sales like any other."""

import pytest

from bench.pgbench import limit
from bench.pgbench.world import FEWEST, NoShop
from regalpos.management.commands.audit import INVARIANTS
from sales.models import Sale, SaleLine
from tests.databases import Database
from tests.factories import a_product
from tests.tills import some_tills
from tests.told import Tell

TILLS = 2


def _open_shop() -> None:
    [till, *_more] = some_tills(TILLS)
    for n in range(FEWEST + 4):
        a_product(
            price=f"{n + 1}.{n:02}",
            tax=("23", "13.5", "0")[n % 3],
            limited=n % 2 == 0,
            on_hand="100000",
            store=till.register.store,
        )


@pytest.mark.parametrize("way", ["in one call", "in one call, few products", "one by one"])
def test_every_book_holds_after_it(committed_db: Database, tell: Tell, way: str) -> None:
    _open_shop()
    found = limit(
        committed_db.url("owner"),
        clients=TILLS,
        seconds=1,
        zipf="few" in way,
        scripted=way == "one by one",
    )
    assert found.per_second > 0
    assert found.p99_ms >= found.p50_ms > 0
    assert found.deadlocks == 0
    sales = Sale.objects.count()
    assert sales >= found.per_second
    assert 4.9 * sales < SaleLine.objects.count() <= 5 * sales  # twelve draws may hold but four
    assert Sale.objects.values("register").distinct().count() == TILLS
    broken = {rule.name: rows for rule in INVARIANTS if (rows := rule.check().broken)}
    assert broken == {}
    tell(f"pgbench, {way}: {sales} sales, {len(INVARIANTS)} invariants hold")


def test_each_client_needs_a_till(committed_db: Database) -> None:
    _open_shop()
    with pytest.raises(NoShop, match="2 open tills"):
        limit(committed_db.url("owner"), clients=TILLS + 1, seconds=1)
