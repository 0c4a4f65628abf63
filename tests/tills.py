"""A store with many tills, each with a cashier and an open drawer; and what a till sends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from inventory.models import Product
from people.models import Store, User
from people.permissions import Role
from regalpos import ids
from regalpos.management.commands.audit import INVARIANTS
from sales.models import Register, Sale, SaleAttempt, Shift
from sales.reports.journal_check import check_journal
from tests.crowd import Event, History, Person, Task
from tests.factories import PASSWORD, a_register, a_shift, a_store, a_user, an_actor


@dataclass(frozen=True)
class Till:
    """One register with its cashier, and the shift that is open there."""

    register: Register
    user: User
    shift: Shift

    def sale(
        self,
        *lines: tuple[Product, int] | dict[str, str],
        total: str | Decimal,
        tender: str = "cash",
        sale_id: UUID | None = None,
        hang_up: float | None = None,
        **more: Any,
    ) -> Task:
        """A checkout that is paid exactly."""
        body = {
            "register": str(self.register.pk),
            "lines": [
                line
                if isinstance(line, dict)
                else {"product": str(line[0].pk), "quantity": str(line[1])}
                for line in lines
            ],
            "payments": [{"tender": tender, "amount": str(total)}],
            "shown_total": str(total),
            **more,
        }
        return Task(f"sales/{sale_id or ids.new()}", body, hang_up=hang_up)

    def person(self, url: str, *queues: Sequence[Task], careless: bool = False) -> Person:
        """The cashier, with queues of tasks that run side by side."""
        return Person(url, self.user.username, PASSWORD, queues, careless)


def some_tills(number: int, store: Store | None = None) -> list[Till]:
    """So many open tills in one store."""
    store = store or a_store()
    return [a_till(store) for _ in range(number)]


def a_till(store: Store) -> Till:
    """One more open till."""
    user = a_user(Role.CASHIER, store)
    register = a_register(store)
    return Till(register, user, a_shift(register, an_actor(user)))


def books_hold() -> str:
    """Every invariant holds and the journal verifies; how much was looked at."""
    findings = {rule.name: rule.check() for rule in INVARIANTS}
    broken = {name: found.broken for name, found in findings.items() if found.broken}
    assert not broken, broken
    verdict = check_journal()
    assert verdict.holds, verdict.breaks
    rows = sum(found.examined for found in findings.values())
    return f"{len(findings)} invariants over {rows} rows hold, {verdict.records} journal records"


def differences(history: History, tasks: Iterable[Task]) -> dict[str, list[Any]]:
    """What was lost, doubled, changed or never answered, of sales that clients sent."""
    posted, final = history.posted(), history.final()
    sales = {sale.pk: sale for sale in Sale.objects.filter(pk__in=posted)}
    sent: dict[UUID, set[str]] = {}
    for task in tasks:
        sent.setdefault(UUID(task.path.rpartition("/")[2]), set()).add(task.name)
    registers = {UUID(task.body["register"]) for task in tasks if task.body}
    kept = set(Sale.objects.filter(register__in=registers).values_list("pk", flat=True))
    numbers = [sale.receipt_number for sale in sales.values()]
    return {
        "lost": sorted(posted.keys() - kept),
        "doubled": sorted(kept - sent.keys()),
        "changed": [pk for pk, heard in posted.items() if not _as_kept(heard, sales.get(pk))],
        "not settled": sorted(pk for pk, names in sent.items() if not names <= final.keys()),
        "one receipt twice": sorted({n for n in numbers if numbers.count(n) > 1}),
        "unheard": sorted(kept & sent.keys() - posted.keys()),
    }


def nothing_wrong(history: History, tasks: Iterable[Task]) -> None:
    """Every sale that was acknowledged is there, once, as it was acknowledged."""
    wrong = {what: which for what, which in differences(history, list(tasks)).items() if which}
    assert not wrong, f"{wrong}; {history}"
    assert not history.faults(), history.faults()


def _as_kept(heard: list[Event], sale: Sale | None) -> bool:
    """Every acknowledgement of a sale said what the books say."""
    if sale is None:
        return True  # lost, not changed
    answer = SaleAttempt.objects.get(pk=sale.pk).answer or {}
    said = [{k: v for k, v in event.body.items() if k != "state"} for event in heard]
    return answer["receipt_number"] == sale.receipt_number and all(one == answer for one in said)
