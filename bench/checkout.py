"""Checkout: this shop beside the stack that users would write instead, and beside the limit.

Five different products, one to three of each, priced right, paid in cash, by the checkout contract
and a bearer token; one register for each client. Both sides start from clones of one shop. Before
anything is timed they sell the same baskets, and must leave the same books behind.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import Any
from uuid import UUID

from bench import agreement, servers
from bench.halves import Half, Round, inputs, load, median, undisturbed
from bench.load import Order
from bench.machine import Meter
from bench.measures import Measure, Missing, Size
from bench.servers import Server
from bench.shop import Shop, analyse, open_shop
from tests.databases import Database

WARM = 30  # sales of each till before anything is timed
WARM_IN_SMOKE = 3
SECONDS_IN_SMOKE = 0.7
REFERENCE_MS = 12.0  # CPU of the reference's own processes for a sale, as it was first measured
STRAW = 0.25


@dataclass
class Side:
    """One server, and what its last half left in the books."""

    server: Server
    shop: Shop
    rows: dict[str, float]
    totals: dict[UUID, list[Decimal]]

    def half(self, order: Order) -> Half:
        """Loaded for a while; its books grow by what was answered."""
        database = self.server.database
        before = agreement.read_books(database, sums=False)
        sold = agreement.totals(database)
        found = load(self.server, replace(order, port=self.server.port), self.shop.postmaster)
        grown = agreement.read_books(database, sums=False).since(before)
        if grown["sales_sale"] != found.count:
            raise agreement.Disagree(f"{found.count} answers, {grown['sales_sale']} sales")
        self.rows = agreement.rows_of_each(grown, found.count)
        self.totals = {
            register: all_of_it[len(sold.get(register, [])) :]
            for register, all_of_it in agreement.totals(database).items()
        }
        return found


def measure(size: Size) -> Iterator[Measure | Missing]:
    """The rows about checkout."""
    workers = 1 if servers.why_not_several() else 2
    with open_shop(tills=size.clients, smoke=size.smoke) as shop, ExitStack() as stack:
        order = order_of(shop, size)
        ours = Side(_serve(stack, shop, servers.ours, workers=workers), shop, {}, {})
        sides = {"ours": ours}
        if not servers.why_no_reference():
            server = _serve(stack, shop, servers.reference, workers=workers)
            sides["reference"] = Side(server, shop, {}, {})
        if workers > 1:
            sides["ours, 1 process"] = Side(_serve(stack, shop, servers.ours), shop, {}, {})
        agreed = _warm(sides, order, size)
        deadlocks = Deadlocks(ours.server.database)
        rounds = _rounds(sides, order, shop, stack, size)
        facts = {"workers": workers, "clients": size.clients, "rows of a sale": ours.rows, **agreed}
        yield from _beside_reference(rounds, facts)
        yield from _beside_limit(rounds, facts)
        yield Measure(
            name="checkout/s: Zipf products / uniform",
            value=_ratio(rounds, "ours, Zipf", "ours"),
            floor=0.85,
            goal=0.95,
            inputs=inputs(rounds, "ours, Zipf", "ours"),
        )
        yield Measure(
            name="checkout: deadlocks, Zipf and uniform",
            value=deadlocks.since(),
            floor=0,
            goal=0,
            more_is_better=False,
            unit="deadlocks",
        )
        if workers > 1:
            yield Measure(
                name="checkout/s: 2 processes / 1",
                value=_ratio(rounds, "ours", "ours, 1 process"),
                floor=1.0,
                goal=1.2,
                inputs=inputs(rounds, "ours", "ours, 1 process"),
            )


def order_of(shop: Shop, size: Size) -> Order:
    """What the tills are told to sell."""
    return Order(
        port=0,
        work="checkout",
        clients=[{"register": str(till.register_id), "token": till.token} for till in shop.tills],
        goods=[(str(one.product_id), one.barcode, one.cents) for one in shop.goods],
        seconds=SECONDS_IN_SMOKE if size.smoke else size.seconds,
    )


class Deadlocks:
    """How many deadlocks PostgreSQL saw in a database since now."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.before = self._count()

    def since(self) -> int:
        """Seen since."""
        return self._count() - self.before

    def _count(self) -> int:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        with self.database.connect("owner", autocommit=True) as owner:
            [count] = owner.execute(query).fetchone() or [0]
        return int(count)


def _serve(stack: ExitStack, shop: Shop, serve: Callable[..., Any], **how: Any) -> Server:
    server: Server = stack.enter_context(serve(stack.enter_context(shop.clone()), **how))
    return server


def _warm(sides: dict[str, Side], order: Order, size: Size) -> dict[str, Any]:
    """Every side has sold the same baskets, and they agree on the books; what they agree on.

    PostgreSQL then knows how large its tables are: plans made for the empty ones of a fresh clone
    would scan the full ones.
    """
    times = WARM_IN_SMOKE if size.smoke else WARM
    for side in sides.values():
        side.half(replace(order, times=times))
        analyse(side.server.database)
    if "reference" not in sides:
        return {}
    one, other = sides["ours"].server.database, sides["reference"].server.database
    agreement.same_books(one, other)
    return {"same rows and sums after": f"{times * size.clients} sales"}


def _rounds(
    sides: dict[str, Side], order: Order, shop: Shop, stack: ExitStack, size: Size
) -> list[Round]:
    halves: dict[str, Callable[[Order], Half]] = {name: one.half for name, one in sides.items()}
    halves["ours, Zipf"] = lambda order: sides["ours"].half(replace(order, zipf=True))
    if (limit := _limit()) is not None:
        database = stack.enter_context(shop.clone())
        halves["limit"] = partial(_at_the_limit, limit, database, shop, size)
    rounds: list[Round] = []
    for number in range(1 if size.smoke else size.pairs):
        seeded = replace(order, seed=1000 + number)
        done: dict[str, Half] = {}
        for name, half in halves.items():
            done[name] = undisturbed(partial(half, seeded), smoke=size.smoke)
            if name == "reference":
                agreement.same_rows(sides["ours"].rows, sides["reference"].rows)
                agreement.same_totals(sides["ours"].totals, sides["reference"].totals)
        rounds.append(done)
    return rounds


# ---- beside the reference stack ------------------------------------------------------------------


def _beside_reference(rounds: list[Round], facts: dict[str, Any]) -> Iterator[Measure | Missing]:
    names = (
        "checkout/s / reference stack",
        "CPU per checkout / reference",
        "checkout p99 / reference p99",
    )
    if why := servers.why_no_reference():
        said = {**inputs(rounds, "ours"), **facts}
        yield from (Missing(name=name, why=why, inputs=said) for name in names)
        return
    both = ("ours", "reference")
    given = {**inputs(rounds, *both), **facts}
    rate, cpu, p99 = names
    yield Measure(name=rate, value=_ratio(rounds, *both), floor=2.0, goal=3.5, inputs=given)
    yield Measure(
        name=cpu,
        value=median(rounds, lambda r: r["ours"].cpu_ms / r["reference"].cpu_ms, *both),
        floor=0.5,
        goal=0.3,
        more_is_better=False,
        inputs=given,
    )
    yield Measure(
        name=p99,
        value=median(rounds, lambda r: r["ours"].p99_ms / r["reference"].p99_ms, *both),
        floor=0.6,
        goal=0.4,
        more_is_better=False,
        inputs=given,
    )
    spent = median(rounds, lambda r: r["reference"].app_ms, "reference")
    yield Measure(
        name=f"no straw man: reference's app CPU per sale, off {REFERENCE_MS:g} ms",
        value=abs(spent / REFERENCE_MS - 1),
        floor=STRAW,
        goal=STRAW,
        more_is_better=False,
        inputs={"app_ms": round(spent, 2)},
    )


# ---- beside what PostgreSQL alone can do ---------------------------------------------------------


def _beside_limit(rounds: list[Round], facts: dict[str, Any]) -> Iterator[Measure | Missing]:
    name = "checkout/s / pgbench function"
    if "limit" not in rounds[0]:
        yield Missing(name=name, why="bench/pgbench/ is not here")
        return
    yield Measure(
        name=name,
        value=_ratio(rounds, "ours", "limit"),
        floor=0.25,
        goal=0.40,
        inputs={**inputs(rounds, "ours", "limit"), **facts},
    )


def _limit() -> Callable[..., Any] | None:
    try:
        found: Callable[..., Any] = import_module("bench.pgbench").limit
    except ModuleNotFoundError:
        return None
    return found


def _at_the_limit(
    limit: Callable[..., Any], database: Database, shop: Shop, size: Size, order: Order
) -> Half:
    meter = Meter(app=[], pg=[shop.postmaster])
    found = limit(
        database.url("owner"), clients=size.clients, seconds=order.seconds, zipf=order.zipf
    )
    usage = meter.stop()
    count = max(round(found.per_second * order.seconds), 1)
    return Half(
        count=count,
        per_second=found.per_second,
        p50_ms=0.0,
        p99_ms=found.p99_ms,
        app_ms=0.0,
        pg_ms=usage.spent["pg"] / count * 1000,
        others=usage.others,
        steal=usage.steal,
        disturbed=usage.disturbed,
    )


def _ratio(rounds: list[Round], one: str, other: str) -> float:
    return median(rounds, lambda r: r[one].per_second / r[other].per_second, one, other)
