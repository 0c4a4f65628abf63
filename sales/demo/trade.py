"""Months of trade at the demo stores: who comes, what they want, and how they pay."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.models import Product, StockLevel, StockMove, TaxPercent
from people.access import Actor, read_actor
from people.models import Customer, Store, StoreRules
from regalpos.money import quick_cash
from sales.demo.bookkeeping import Books
from sales.demo.catalogue import Goods, cost_of
from sales.demo.rows import Drawer, Rows
from sales.demo.stores import DemoStores
from sales.forms import LineBody, PaymentBody, SaleBody
from sales.models import (
    JournalHead,
    Tender,
)
from sales.pricing import Ask, Tendered, add_up, price_line, return_line, settle
from sales.services.basket import Basket, Taken, as_priced

OPENS, CLOSES = time(8, 30), time(18, 0)
SLIPS = (0, 0, 0, 0, 0, -5, 5, -10, 20)  # Coins too few or too many at the end of a day.
BASKETS = (1, 1, 2, 2, 3, 3, 4, 5, 7)  # How many things people look for.
NOTHING = Decimal(0)


class Trade:
    """One town's trade. Every figure comes from the modules that the services use."""

    def __init__(
        self, shop: DemoStores, goods: list[Goods], rng: Random, new_id: Callable[[], UUID]
    ) -> None:
        self.shop, self.goods, self.rng, self.new_id = shop, goods, rng, new_id
        self.by_id = {item.product.pk: item for item in goods}
        self.weights = list(accumulate(item.wanted for item in goods))
        self.tenders = {tender.code: tender for tender in Tender.objects.all()}
        heads = {head.register_id: head for head in JournalHead.objects.all()}
        self.books = Books(heads, new_id)
        self.levels: dict[tuple[UUID, UUID], StockLevel] = {}
        self.rules: dict[UUID, StoreRules] = {store.pk: store.rules.get() for store in shop.stores}
        self.taxes = {
            (row.store_id, row.rate_id): row for row in TaxPercent.objects.all() if row.store_id
        }
        self.actors: dict[UUID, Actor] = {
            user.pk: read_actor(user) for user in (*shop.tills.values(), shop.owner)
        }

    def fill_shelves(self, first: date) -> None:
        """Every store has had its opening delivery, in the morning of that day."""
        for store in self.shop.stores:
            self._fill_shelves(store, first)

    def run(self, first: date, days: int) -> Rows:
        """So many days from the first on, every store every day. The shelves are full."""
        for number in range(days):
            day = first + timedelta(days=number)
            for store in self.shop.stores:
                if number and day.weekday() in (0, 3):
                    self._deliver(store, self.instant(store, day, time(7, 15)))
                self._trade_a_day(store, day)
        return self.books.rows

    # ---- goods in ------------------------------------------------------------------------------

    def _fill_shelves(self, store: Store, day: date) -> None:
        """The opening delivery: a little of everything, and none of the very last few."""
        levels = [
            StockLevel(product=item.product, store=store, strict=item.product.limited)
            for item in self.goods
        ]
        self.levels |= {(store.pk, level.product_id): level for level in levels}
        full = [level for number, level in enumerate(levels) if number % 97 != 50]
        self.receive(
            store,
            [(level, self.rng.randint(12, 60)) for level in full],
            self.instant(store, day, time(6)),
        )

    def _deliver(self, store: Store, at: datetime) -> None:
        """What ran low comes in again; now and then the van forgets something."""
        low = [
            (level, self.rng.randint(18, 40))
            for (store_id, _product), level in self.levels.items()
            if store_id == store.pk and level.version > 0 and level.on_hand < 8
        ]
        if kept := [row for row in low if self.rng.random() > 0.12]:
            self.receive(store, kept, at)

    def receive(
        self, store: Store, goods: Sequence[tuple[StockLevel, Decimal | int]], at: datetime
    ) -> None:
        receipt = self.new_id()
        for number, (level, pieces) in enumerate(goods, start=1):
            level.average_cost = cost_of(self.by_id[level.product_id], store)
            self.books.move(
                level,
                Decimal(pieces),
                StockMove.Kind.RECEIPT,
                "receipt",
                receipt,
                number,
                self.shop.owner,
                at,
            )
        self.books.record(
            "stock.received",
            "inventory.receipt",
            receipt,
            store,
            self.shop.owner,
            at,
            {"lines": len(goods)},
        )

    def _list_price(self, item: Goods, store: Store) -> Decimal:
        return item.prices[store.currency]

    # ---- a day at the tills --------------------------------------------------------------------

    def _trade_a_day(self, store: Store, day: date) -> None:
        """Open the drawers, sell in the order of the clock over both tills, count."""
        drawers = [
            self.books.open_drawer(
                register, clerk, self.actors[clerk.pk], self.instant(store, day, OPENS)
            )
            for register, clerk in self.shop.tills.items()
            if register.store_id == store.pk
        ]
        busy = 1.5 if day.weekday() in (4, 5) else 1.0
        for at in self.moments(store, day, int(self.rng.gauss(14, 3) * busy)):
            drawer = self.rng.choice(drawers)
            if drawer.last_sale and self.rng.random() < 0.03:
                self._take_back(drawer, at)
            else:
                self.sell(drawer, at)
        for drawer in drawers:
            slip = self.rng.choice(SLIPS) * Decimal("0.05")
            self.books.close_drawer(drawer, slip, self.instant(store, day, CLOSES))

    def moments(self, store: Store, day: date, customers: int) -> Iterator[datetime]:
        start, end = self.instant(store, day, OPENS), self.instant(store, day, CLOSES)
        seconds = int((end - start).total_seconds())
        drawn = {self.rng.randint(60, seconds - 60) for _ in range(max(customers, 3))}
        yield from (start + timedelta(seconds=second) for second in sorted(drawn))

    # ---- one customer --------------------------------------------------------------------------

    def sell(self, drawer: Drawer, at: datetime, sizes: tuple[int, ...] = BASKETS) -> None:
        store = drawer.register.store
        wanted: dict[UUID, Decimal] = {}
        for item in self.rng.choices(
            self.goods, cum_weights=self.weights, k=self.rng.choice(sizes)
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
        """Price it, take the money, and have it written down."""
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
        self.books.post(drawer, basket, settlement, {tender.code: tender})

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

    def instant(self, store: Store, day: date, clock: time) -> datetime:
        """As the services note it: the clock on the store's wall, in UTC."""
        return datetime.combine(day, clock, ZoneInfo(store.time_zone)).astimezone(UTC)
