"""Writing the demo's trade down: every book that the services keep, filled by their builders.

The rows are kept, not saved; `services.demo` saves them all at the end.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from inventory.models import StockLevel, StockMove
from people.access import Actor
from people.models import AuditEvent, Store, User
from regalpos.canonical import digest
from sales.demo.rows import Drawer, Rows
from sales.models import (
    CashMove,
    JournalHead,
    JournalRecord,
    Register,
    ReturnedQuantity,
    Sale,
    SaleAttempt,
    SaleLine,
    Shift,
    ShiftTender,
    ShiftTotals,
    Tender,
)
from sales.pricing import Settlement
from sales.sealing import amount
from sales.services.answers import sale_content
from sales.services.basket import Basket
from sales.services.journal import next_record
from sales.services.posting import returned_facts, sealed_facts
from sales.services.sale_rows import (
    new_cash_move,
    new_lines,
    new_payments,
    new_sale,
    sold_and_returned,
)
from sales.services.shifts import closing_facts, opened_facts

FLOAT = Decimal("150")


class Books:
    """The books of the demo's stores, one entry after another."""

    def __init__(self, heads: dict[UUID, JournalHead], new_id: Callable[[], UUID]) -> None:
        self.rows = Rows()
        self.heads = heads
        self.new_id = new_id

    # ---- drawers -------------------------------------------------------------------------------

    def open_drawer(self, register: Register, clerk: User, actor: Actor, at: datetime) -> Drawer:
        """A shift is open, with its float."""
        store = register.store
        shift = Shift(
            pk=self.new_id(),
            register=register,
            cashier=clerk,
            opened_at=at,
            business_day=store.business_day(at),
            float_amount=FLOAT,
        )
        self.rows.shifts.append(shift)
        self.rows.cash.append(
            CashMove(pk=self.new_id(), shift=shift, kind="float", amount=FLOAT, who=clerk, at=at)
        )
        self._seal(
            register,
            series="cash",
            business_id=shift.pk,
            at=at,
            what=opened_facts(shift, store.currency),
        )
        after: dict[str, object] = {"register": register.name, "float": amount(FLOAT)}
        self.record("shift.opened", "sales.Shift", shift.pk, store, clerk, at, after)
        totals = ShiftTotals(shift=shift, expected_cash=FLOAT)
        return Drawer(register, actor, shift, totals, {})

    def close_drawer(self, drawer: Drawer, slip: Decimal, at: datetime) -> None:
        """The shift is closed and numbered; `slip` is what the count differs by."""
        shift, totals, store = drawer.shift, drawer.totals, drawer.register.store
        shift.closed_at, shift.closed_by = at, shift.cashier
        shift.expected, shift.counted = totals.expected_cash, totals.expected_cash + slip
        shift.variance = slip
        shift.variance_reason = "" if not slip else "small change"
        head = self.heads[drawer.register.pk]
        head.last_closing += 1
        shift.z_number = head.last_closing
        tenders = sorted(drawer.tenders.values(), key=lambda row: row.tender.code)
        self._seal(
            drawer.register,
            series="closing",
            business_id=shift.pk,
            at=at,
            what=closing_facts(shift, totals, tenders, store.currency),
        )
        self.record(
            "shift.closed",
            "sales.Shift",
            shift.pk,
            store,
            shift.cashier,
            at,
            {
                "z_number": shift.z_number,
                "counted": amount(shift.counted),
                "variance": amount(slip),
                "reason": shift.variance_reason,
            },
        )
        self.rows.totals.append(totals)
        self.rows.shift_tenders += tenders

    # ---- sales ---------------------------------------------------------------------------------

    def post(
        self, drawer: Drawer, basket: Basket, settlement: Settlement, tenders: dict[str, Tender]
    ) -> None:
        """The sale is in every book, as post_sale would have it."""
        rows, at, bill = self.rows, basket.at, basket.bill
        document = basket.body.document()
        sale = new_sale(
            self.new_id(),
            basket,
            settlement,
            drawer.shift,
            self.heads[drawer.register.pk],
            "till",
            digest(document),
        )
        lines = new_lines(sale, basket)
        payments = new_payments(sale, settlement, tenders, basket.body.payments)
        for row in (*lines, *payments):
            row.pk = self.new_id()
        content = sale_content(sale, lines, bill, settlement, tenders)
        record = self._seal_facts(drawer.register, sealed_facts(sale, content, bill))
        content["journal"] = {"seq": record.seq, "hash": record.hash}
        rows.sales.append(sale)
        rows.lines += lines
        rows.payments += payments
        rows.attempts.append(
            SaleAttempt(
                pk=sale.pk,
                store_id=sale.store_id,
                user_id=sale.cashier_id,
                body=document,
                body_hash=sale.body_hash,
                state="posted",
                answer=content,
                at=at,
            )
        )
        if cash := new_cash_move(sale, settlement, drawer.shift, sale.cashier_id):
            cash.pk = self.new_id()
            rows.cash.append(cash)
        if basket.taken:
            facts = returned_facts(sale, lines)
            store, clerk = drawer.register.store, drawer.shift.cashier
            self.record("sale.returned", "sales.Sale", sale.pk, store, clerk, at, facts)
        for line in lines:
            self._move_goods(sale, line, basket, drawer.shift.cashier)
        self._add_up(drawer, sale, basket, settlement, tenders)
        drawer.last_sale = (sale, lines) if sale.kind == Sale.Kind.SALE else None

    def _move_goods(self, sale: Sale, line: SaleLine, basket: Basket, who: User) -> None:
        assert line.product_id  # noqa: S101  (the demo sells goods only)
        if line.returns_id:
            self.rows.returned[line.returns_id].returned -= line.quantity
        else:
            self.rows.returned[line.pk] = ReturnedQuantity(line=line, sold=line.quantity)
        kind = StockMove.Kind.SALE if line.quantity > 0 else StockMove.Kind.RETURN
        level = basket.levels[line.product_id]
        self.move(level, -line.quantity, kind, "sale", sale.pk, line.number, who, basket.at)

    def _add_up(
        self,
        drawer: Drawer,
        sale: Sale,
        basket: Basket,
        settlement: Settlement,
        tenders: dict[str, Tender],
    ) -> None:
        totals, bill = drawer.totals, basket.bill
        totals.sales += sale.kind != Sale.Kind.RETURN
        totals.returns += sale.kind != Sale.Kind.SALE
        totals.net += bill.net
        totals.tax += bill.tax
        totals.discount += bill.discount
        totals.total += bill.total
        totals.rounding += settlement.rounding
        totals.returned += sold_and_returned(bill)[1]
        totals.expected_cash += settlement.in_drawer
        for (code, tender), kept in zip(tenders.items(), settlement.payments, strict=True):
            row = drawer.tenders.setdefault(code, ShiftTender(shift=drawer.shift, tender=tender))
            row.payments += 1
            row.amount += kept.amount

    # ---- single entries ------------------------------------------------------------------------

    def move(
        self,
        level: StockLevel,
        quantity: Decimal,
        kind: StockMove.Kind,
        source: str,
        source_id: UUID,
        line: int,
        who: User,
        at: datetime,
    ) -> None:
        """The level holds so much more or less, and its move says why."""
        level.on_hand += quantity
        level.version += 1
        self.rows.moves.append(
            StockMove(
                level=level,
                quantity=quantity,
                balance=level.on_hand,
                kind=kind,
                unit_cost=level.average_cost,
                source_type=source,
                source_id=source_id,
                source_line=line,
                who=who,
                at=at,
            )
        )

    def _seal(
        self,
        register: Register,
        *,
        series: str,
        business_id: UUID,
        at: datetime,
        what: dict[str, object],
    ) -> None:
        self._seal_facts(
            register,
            {
                "store_id": register.store_id,
                "series": series,
                "business_id": business_id,
                "occurred_at": at,
                "recorded_at": at,
                "what": what,
            },
        )

    def _seal_facts(self, register: Register, facts: dict[str, object]) -> JournalRecord:
        record = next_record(self.heads[register.pk], **facts)  # type: ignore[arg-type]
        self.rows.records.append(record)
        return record

    def record(
        self,
        action: str,
        kind: str,
        key: UUID,
        store: Store,
        who: User,
        at: datetime,
        after: dict[str, object],
    ) -> None:
        """The audit trail knows of it, at its own time."""
        self.rows.events.append(
            AuditEvent(
                at=at,
                actor=who,
                role=who.role,
                store=store,
                action=action,
                subject_type=kind,
                subject_id=str(key),
                after=after,
            )
        )
