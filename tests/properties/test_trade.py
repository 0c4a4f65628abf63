"""Any run of trade, refused or not, leaves every book balanced and the journal whole."""

import os
from collections import Counter
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inventory.models import StockLevel
from inventory.services.stock import adjust_stock, receive_stock
from regalpos import ids
from regalpos.errors import Refusal
from regalpos.management.commands.audit import INVARIANTS
from sales.forms import parse_sale
from sales.models import ReturnedQuantity, Sale, Shift
from sales.reports.journal_check import check_journal
from sales.services.checkout import Answer, abandon_sale, check_out
from sales.services.priced import rules_of
from sales.services.shifts import close_shift, open_shift
from tests.factories import (
    a_cashier,
    a_manager,
    a_product,
    a_register,
    a_store,
    some_rules,
    some_tenders,
)

LONG = bool(os.environ.get("REGAL_LONG"))
STEPS = 50
RUNS = 400 if LONG else 40
ACCEPTED_AT_LEAST = 0.3  # A rule that is refused most of the time proves little.

pieces = st.integers(1, 6)


class Shop(RuleBasedStateMachine):
    """Two tills of one store, three products, everything that can happen to them."""

    asked: ClassVar[Counter[str]] = Counter()
    done: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._room = transaction.atomic()
        # As in Django's own tests: a durable block may open inside.
        setattr(self._room, "_from_testcase", True)  # noqa: B010  (the stubs do not know it)
        self._room.__enter__()
        self.sent: list[tuple[UUID, Any, Any, Answer]] = []

    @initialize(inclusive=st.booleans(), step=st.sampled_from(["0", "0.05"]))
    def open_the_shop(self, inclusive: bool, step: str) -> None:
        self.store = a_store()
        some_rules(self.store, prices_include_tax=inclusive, cash_step=Decimal(step))
        some_tenders()
        self.manager = a_manager(self.store)
        self.products = [
            a_product(price="0.99", tax="23"),
            a_product(price="3.3333", tax="13.5"),
            a_product(price="12.50", tax="0", limited=True),
        ]
        self.tills = [(a_register(self.store), a_cashier(self.store)) for _ in range(2)]
        receive_stock(
            receipt_id=ids.new(),
            store_id=self.store.pk,
            lines=[(product.pk, Decimal(20), Decimal("0.50")) for product in self.products],
            actor=self.manager,
        )
        for register, cashier in self.tills:
            self._open(register, cashier)

    # ---- what can happen -----------------------------------------------------------------------

    @rule(which=st.integers(0, 2), quantity=pieces)
    def receive(self, which: int, quantity: int) -> None:
        with self._counted("receive"):
            receive_stock(
                receipt_id=ids.new(),
                store_id=self.store.pk,
                lines=[(self.products[which].pk, Decimal(quantity), Decimal("0.61"))],
                actor=self.manager,
            )

    @rule(which=st.integers(0, 2), quantity=st.sampled_from([-3, -1, 1, 4]))
    def adjust(self, which: int, quantity: int) -> None:
        with self._counted("adjust"):
            adjust_stock(
                adjustment_id=ids.new(),
                store_id=self.store.pk,
                product_id=self.products[which].pk,
                quantity=Decimal(quantity),
                reason="counted again",
                actor=self.manager,
            )

    @rule(
        till=st.integers(0, 1),
        basket=st.lists(st.tuples(st.integers(0, 2), pieces), min_size=1, max_size=4),
        tender=st.sampled_from(["cash", "card", "both"]),
        extra=st.sampled_from(["0", "0", "5", "-0.50"]),
    )
    def sell(self, till: int, basket: list[tuple[int, int]], tender: str, extra: str) -> None:
        lines = [
            {"product": str(self.products[which].pk), "quantity": str(quantity)}
            for which, quantity in basket
        ]
        self._ring("sell", till, lines, tender, Decimal(extra))

    @rule(till=st.integers(0, 1), data=st.data())
    @precondition(lambda self: ReturnedQuantity.objects.exists())
    def take_back(self, till: int, data: st.DataObject) -> None:
        guards = list(ReturnedQuantity.objects.select_related("line").order_by("line_id"))
        guard = data.draw(st.sampled_from(guards))
        most = int(guard.sold) + 1  # One more than ever: it must be refused.
        quantity = data.draw(st.integers(1, most))
        disposition = data.draw(st.sampled_from(["restock", "damaged"]))
        line = {
            "returns": str(guard.line_id),
            "quantity": str(-quantity),
            "reason": "changed mind",
            "disposition": disposition,
        }
        self._ring("take_back", till, [line], "cash", Decimal(0))

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def send_again(self, data: st.DataObject) -> None:
        """A late copy of anything ever sent changes nothing and gets the same answer."""
        sale_id, body, actor, answer = data.draw(st.sampled_from(self.sent))
        before = Sale.objects.count()
        with self._counted("send_again"):
            again = check_out(sale_id=sale_id, body=body, actor=actor, source="api")
            assert (again.state, dict(again.content)) == (answer.state, dict(answer.content))
            assert again.replayed
        assert Sale.objects.count() == before

    @rule(till=st.integers(0, 1))
    def give_up_then_send(self, till: int) -> None:
        register, cashier = self.tills[till]
        sale_id = ids.new()
        with self._counted("give_up_then_send"):
            abandon_sale(sale_id=sale_id, register_id=register.pk, actor=cashier)
            body = self._body(till, [{"product": str(self.products[0].pk), "quantity": "1"}])
            late = check_out(sale_id=sale_id, body=body, actor=cashier, source="api")
            assert late.state == "abandoned"
            self.sent.append((sale_id, body, cashier, late))

    @rule(till=st.integers(0, 1), counted=st.sampled_from(["100", "0", "250.05"]))
    def close_and_open(self, till: int, counted: str) -> None:
        register, cashier = self.tills[till]
        with self._counted("close_and_open"):
            shift = Shift.objects.standing().get(register=register)
            close_shift(
                shift_id=shift.pk, counted=Decimal(counted), reason="end of day", actor=cashier
            )
            self._open(register, cashier)

    # ---- what must hold ------------------------------------------------------------------------

    @invariant()
    def books_balance(self) -> None:
        broken = {rule.name: found.broken for rule in INVARIANTS if (found := rule.check()).broken}
        assert broken == {}

    def teardown(self) -> None:
        try:
            assert check_journal().holds
        finally:
            transaction.set_rollback(True)
            self._room.__exit__(None, None, None)

    # ---- doing it ------------------------------------------------------------------------------

    def _open(self, register: Any, cashier: Any) -> None:
        open_shift(
            shift_id=ids.new(),
            register_id=register.pk,
            float_amount=Decimal("100.00"),
            actor=cashier,
        )

    def _ring(
        self, name: str, till: int, lines: list[dict[str, str]], tender: str, extra: Decimal
    ) -> None:
        """Ask for it with the server's own total; refused or posted, it is kept."""
        _register, cashier = self.tills[till]
        levels = self._levels()
        with self._counted(name):
            body = self._body(till, lines, tender, extra)
            sale_id = ids.new()
            answer = check_out(sale_id=sale_id, body=body, actor=cashier, source="api")
            self.sent.append((sale_id, body, cashier, answer))
            if answer.state == "refused":
                assert self._levels() == levels
                raise Refusal

    def _body(
        self,
        till: int,
        lines: list[dict[str, str]],
        tender: str = "cash",
        extra: Decimal = Decimal(0),
    ) -> Any:
        """A checkout for these lines, with the total found by asking and being told."""
        register, cashier = self.tills[till]
        asked = {"register": str(register.pk), "lines": lines, "payments": [], "shown_total": "0"}
        told = check_out(sale_id=ids.new(), body=parse_sale(asked), actor=cashier, source="api")
        total = Decimal(told.content.get("total", "0"))
        rules = rules_of(self.store, self.store.rules.latest("version").valid_from)
        due = total if tender == "card" else _in_coins(total, rules.cash_step)
        payments = [{"tender": tender, "amount": str(due + (extra if total > 0 else 0))}]
        if tender == "both":
            card = (total / 2).quantize(Decimal("0.01"))
            rest = _in_coins(total - card, rules.cash_step)
            payments = [
                {"tender": "card", "amount": str(card)},
                {"tender": "cash", "amount": str(rest + max(extra, Decimal(0)))},
            ]
        return parse_sale({**asked, "payments": payments, "shown_total": str(total)})

    def _levels(self) -> dict[UUID, Decimal]:
        return dict(StockLevel.objects.values_list("product_id", "on_hand"))

    def _counted(self, name: str) -> "_Counted":
        return _Counted(name)


def _in_coins(amount: Decimal, step: Decimal) -> Decimal:
    if not step:
        return amount
    sign = -1 if amount < 0 else 1
    return sign * int(abs(amount) / step + Decimal("0.5")) * step


class _Counted:
    """Counts a call of a rule, and whether the shop went along; a refusal is fine."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        Shop.asked[self.name] += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is None:
            Shop.done[self.name] += 1
        return kind is not None and issubclass(kind, Refusal)


@pytest.mark.django_db
@pytest.mark.timeout(3600 if LONG else 300)
def test_any_run_of_trade_leaves_the_books_balanced():
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    told = {name: f"{Shop.done[name]} of {Shop.asked[name]}" for name in sorted(Shop.asked)}
    print("accepted:", told)  # noqa: T201  (how full the test was)
    rare = {name for name in Shop.asked if Shop.done[name] < ACCEPTED_AT_LEAST * Shop.asked[name]}
    assert rare == set(), f"refused too often to prove anything: {told}"
