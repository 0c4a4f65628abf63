"""Months of trade at the demo stores, day by day, through the builders of the real services."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.models import Product, StockLevel, StockMove, TaxPercent
from people.access import Actor, read_actor
from people.models import AuditEvent, Customer, Store, StoreRules, User
from regalpos.canonical import digest
from regalpos.money import quick_cash
from sales.demo.catalogue import Goods
from sales.demo.stores import DemoStores
from sales.forms import LineBody, PaymentBody, SaleBody
from sales.models import (
    CashMove,
    JournalHead,
    JournalRecord,
    Payment,
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
from sales.pricing import Ask, Settlement, Tendered, add_up, price_line, return_line, settle
from sales.services.answers import sale_content
from sales.services.basket import Basket, Taken, as_priced
from sales.services.journal import next_record
from sales.services.posting import sealed_facts
from sales.services.sale_rows import (
    new_cash_move,
    new_lines,
    new_payments,
    new_sale,
    sold_and_returned,
)
from sales.services.shifts import closing_facts, opened_facts

OPENS, CLOSES = time(8, 30), time(18, 0)
FLOAT = Decimal("150")
NOTHING = Decimal(0)


@dataclass
class Rows:
    """What has been written down so far, in the order it happened."""

    moves: list[StockMove] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    totals: list[ShiftTotals] = field(default_factory=list)
    shift_tenders: list[ShiftTender] = field(default_factory=list)
    cash: list[CashMove] = field(default_factory=list)
    attempts: list[SaleAttempt] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    lines: list[SaleLine] = field(default_factory=list)
    returned: dict[UUID, ReturnedQuantity] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    records: list[JournalRecord] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)


@dataclass
class Drawer:
    """A till for one day: its shift, its sums and the last thing that was sold there."""

    register: Register
    actor: Actor
    shift: Shift
    totals: ShiftTotals
    tenders: dict[str, ShiftTender]
    last_sale: tuple[Sale, list[SaleLine]] | None = None


class Trade:
    """One town's trade. Every figure comes from the modules that the services use."""

    def __init__(
        self, shop: DemoStores, goods: list[Goods], rng: Random, new_id: Callable[[], UUID]
    ) -> None:
        self.shop, self.goods, self.rng, self.new_id = shop, goods, rng, new_id
        self.by_id = {item.product.pk: item for item in goods}
        self.weights = [item.wanted for item in goods]
        self.rows = Rows()
        self.tenders = {tender.code: tender for tender in Tender.objects.all()}
        self.heads = {head.register_id: head for head in JournalHead.objects.all()}
        self.levels: dict[tuple[UUID, UUID], StockLevel] = {}
        self.rules: dict[UUID, StoreRules] = {store.pk: store.rules.get() for store in shop.stores}
        self.taxes = {
            (row.store_id, row.rate_id): row for row in TaxPercent.objects.all() if row.store_id
        }
        self.actors: dict[UUID, Actor] = {
            user.pk: read_actor(user) for user in (*shop.tills.values(), shop.owner)
        }

    def run(self, first: date, days: int) -> Rows:
        """So many days from the first on, every store every day."""
        for store in self.shop.stores:
            self._fill_shelves(store, first)
        for number in range(days):
            day = first + timedelta(days=number)
            for store in self.shop.stores:
                if number and day.weekday() in (0, 3):
                    self._deliver(store, self._instant(store, day, time(7, 15)))
                self._trade_a_day(store, day)
        return self.rows

    # ---- goods in ------------------------------------------------------------------------------

    def _fill_shelves(self, store: Store, day: date) -> None:
        """The opening delivery: a little of everything, and none of the very last few."""
        levels = [
            StockLevel(product=item.product, store=store, strict=item.product.limited)
            for item in self.goods
        ]
        self.levels |= {(store.pk, level.product_id): level for level in levels}
        full = [level for number, level in enumerate(levels) if number % 97 != 50]
        self._receive(
            store,
            [(level, self.rng.randint(12, 60)) for level in full],
            self._instant(store, day, time(6)),
        )

    def _deliver(self, store: Store, at: datetime) -> None:
        """What ran low comes in again; now and then the van forgets something."""
        low = [
            (level, self.rng.randint(18, 40))
            for (store_id, _product), level in self.levels.items()
            if store_id == store.pk and level.version > 0 and level.on_hand < 8
        ]
        if kept := [row for row in low if self.rng.random() > 0.12]:
            self._receive(store, kept, at)

    def _receive(self, store: Store, goods: list[tuple[StockLevel, int]], at: datetime) -> None:
        receipt = self.new_id()
        for number, (level, pieces) in enumerate(goods, start=1):
            level.average_cost = self._cost(level.product_id, store)
            self._move(
                level,
                Decimal(pieces),
                StockMove.Kind.RECEIPT,
                "receipt",
                receipt,
                number,
                self.shop.owner,
                at,
            )
        self._record(
            "stock.received",
            "inventory.receipt",
            receipt,
            store,
            self.shop.owner,
            at,
            {"lines": len(goods)},
        )

    def _cost(self, product_id: UUID, store: Store) -> Decimal:
        """Six tenths of the price here, as it was on the first delivery and ever after."""
        return (self._list_price(self.by_id[product_id], store) * Decimal("0.6")).quantize(
            Decimal("0.0001")
        )

    def _list_price(self, item: Goods, store: Store) -> Decimal:
        return item.prices[store.currency]

    # ---- a day at the tills --------------------------------------------------------------------

    def _trade_a_day(self, store: Store, day: date) -> None:
        """Open the drawers, sell in the order of the clock over both tills, count."""
        drawers = [
            self._open(register, clerk, self._instant(store, day, OPENS))
            for register, clerk in self.shop.tills.items()
            if register.store_id == store.pk
        ]
        busy = 1.5 if day.weekday() in (4, 5) else 1.0
        for at in self._moments(store, day, int(self.rng.gauss(14, 3) * busy)):
            drawer = self.rng.choice(drawers)
            if drawer.last_sale and self.rng.random() < 0.03:
                self._take_back(drawer, at)
            else:
                self._sell(drawer, at)
        for drawer in drawers:
            self._close(drawer, self._instant(store, day, CLOSES))

    def _moments(self, store: Store, day: date, customers: int) -> Iterator[datetime]:
        start, end = self._instant(store, day, OPENS), self._instant(store, day, CLOSES)
        seconds = int((end - start).total_seconds())
        drawn = {self.rng.randint(60, seconds - 60) for _ in range(max(customers, 3))}
        yield from (start + timedelta(seconds=second) for second in sorted(drawn))

    def _open(self, register: Register, clerk: User, at: datetime) -> Drawer:
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
        self._record(
            "shift.opened", "sales.Shift", shift.pk, store, clerk, at, {"float": str(FLOAT)}
        )
        totals = ShiftTotals(shift=shift, expected_cash=FLOAT)
        return Drawer(register, self.actors[clerk.pk], shift, totals, {})

    def _close(self, drawer: Drawer, at: datetime) -> None:
        shift, totals, store = drawer.shift, drawer.totals, drawer.register.store
        slip = self.rng.choice((0, 0, 0, 0, 0, -5, 5, -10, 20)) * Decimal("0.05")
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
        self._record(
            "shift.closed",
            "sales.Shift",
            shift.pk,
            store,
            shift.cashier,
            at,
            {"z_number": shift.z_number},
        )
        self.rows.totals.append(totals)
        self.rows.shift_tenders += tenders

    # ---- one customer --------------------------------------------------------------------------

    def _sell(self, drawer: Drawer, at: datetime) -> None:
        store = drawer.register.store
        wanted: dict[UUID, Decimal] = {}
        for item in self.rng.choices(
            self.goods, self.weights, k=self.rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 7))
        ):
            level = self.levels[store.pk, item.product.pk]
            pieces = self._pieces(item.product)
            if level.version and level.on_hand >= pieces + wanted.get(item.product.pk, NOTHING):
                wanted[item.product.pk] = wanted.get(item.product.pk, NOTHING) + pieces
        if not wanted:
            return
        asks = {
            number: self._ask(number, self.by_id[product], quantity, store)
            for number, (product, quantity) in enumerate(wanted.items(), start=1)
        }
        lines = tuple(
            LineBody(product=product, barcode=None, quantity=quantity)
            for product, quantity in wanted.items()
        )
        self._post(drawer, asks, {}, lines, at)

    def _take_back(self, drawer: Drawer, at: datetime) -> None:
        """Somebody returns one line of the last sale at this till, whole."""
        assert drawer.last_sale  # noqa: S101  (asked by the caller)
        _sale, lines = drawer.last_sale
        sold = self.rng.choice(lines)
        reason = self.rng.choice(("changed mind", "wrong size", "a gift they had already"))
        line = LineBody(
            product=None,
            barcode=None,
            quantity=-sold.quantity,
            returns=sold.pk,
            reason=reason,
            disposition="restock",
        )
        self._post(drawer, {}, {1: Taken(number=1, line=line, sold=sold)}, (line,), at)
        drawer.last_sale = None

    def _pieces(self, product: Product) -> Decimal:
        if product.by_piece:
            return Decimal(self.rng.choice((1, 1, 1, 1, 2, 2, 3)))
        return Decimal(self.rng.randint(150, 1800)) / 1000

    def _ask(self, number: int, item: Goods, quantity: Decimal, store: Store) -> Ask:
        product = item.product
        return Ask(
            number=number,
            quantity=quantity,
            list_price=self._list_price(item, store),
            tax_percent=self.taxes[store.pk, product.tax_rate_id].percent,
            tax_code=product.tax_rate.code,
            product_id=product.pk,
            sku=product.sku,
            description=product.name,
            unit=product.unit,
            markdown_percent=product.markdown_percent,
            cost=self.levels[store.pk, product.pk].average_cost,
            limited=product.limited,
        )

    def _post(
        self,
        drawer: Drawer,
        asks: dict[int, Ask],
        taken: dict[int, Taken],
        lines: tuple[LineBody, ...],
        at: datetime,
    ) -> None:
        """What post_sale does, with the rows kept instead of saved."""
        store, rules = drawer.register.store, self.rules[drawer.register.store_id]
        priced = [
            price_line(ask, store.currency, rules.prices_include_tax) for ask in asks.values()
        ]
        priced += [
            return_line(
                as_priced(item.sold),
                number=item.number,
                returned_before=NOTHING,
                returned_now=-item.line.quantity,
                currency=store.currency,
                inclusive=rules.prices_include_tax,
            )
            for item in taken.values()
        ]
        bill = add_up(priced, store.currency, rules.prices_include_tax, rules.cash_step or None)
        tender, handed = self._pay(bill.total, bill.cash_payable, store)
        body = SaleBody(
            register=drawer.register.pk,
            lines=lines,
            payments=(PaymentBody(tender=tender.code, amount=handed),),
            shown_total=bill.total,
            customer=self._customer(store, taken),
        )
        basket = Basket(
            register=drawer.register,
            rules=rules,
            actor=drawer.actor,
            body=body,
            bill=bill,
            taken=taken,
            levels={
                line.product_id: self.levels[store.pk, line.product_id]
                for line in bill.lines
                if line.product_id
            },
            at=at,
        )
        offered = Tendered(
            tender=tender.pk,
            amount=handed,
            in_drawer=tender.in_drawer,
            may_exceed=tender.may_exceed,
            rounds=tender.rounds,
        )
        settlement = settle(bill.total, [offered], store.currency, rules.cash_step or None)
        self._write(drawer, basket, settlement, {tender.code: tender})

    def _pay(self, total: Decimal, in_cash: Decimal, store: Store) -> tuple[Tender, Decimal]:
        if total < 0 or self.rng.random() < 0.55:
            notes = quick_cash(in_cash, store.currency) if total > 0 else []
            return self.tenders["cash"], self.rng.choice([in_cash, *notes])
        return self.tenders["card"], total

    def _customer(self, store: Store, taken: dict[int, Taken]) -> UUID | None:
        if taken or store is not self.shop.stores[0] or self.rng.random() > 0.15:
            return None
        customer: Customer = self.rng.choice(self.shop.customers)
        return customer.pk

    def _write(
        self, drawer: Drawer, basket: Basket, settlement: Settlement, tenders: dict[str, Tender]
    ) -> None:
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
        self._move(level, -line.quantity, kind, "sale", sale.pk, line.number, who, basket.at)

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

    # ---- books ---------------------------------------------------------------------------------

    def _move(
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

    def _record(
        self,
        action: str,
        kind: str,
        key: UUID,
        store: Store,
        who: User,
        at: datetime,
        after: dict[str, object],
    ) -> None:
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

    def _instant(self, store: Store, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, ZoneInfo(store.time_zone))
