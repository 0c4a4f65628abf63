"""Scanning: a barcode into a cart, answered with the cart, beside the reference stack.

Ten different products go into one cart, then ten into the next, by a browser's session. Measured
twice: with who asks kept for some seconds on both sides, as a shop runs, and looked up every time.
A register has many open carts here, which the unique index forbids: it is dropped on both sides.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from bench import agreement, servers
from bench.halves import Half, Round, inputs, load, median, undisturbed
from bench.load import Order
from bench.measures import Measure, Missing, Size
from bench.servers import Server
from bench.shop import Shop, analyse, open_shop, some_carts
from tests.databases import Database

CARTS = 200  # of each till in a half; then the first has its turn again
CARTS_IN_SMOKE = 3
WARM = 60  # scans of each till before anything is timed
WARM_IN_SMOKE = 12
SECONDS_IN_SMOKE = 0.7


def measure(size: Size) -> Iterator[Measure | Missing]:
    """The rows about scanning."""
    with open_shop(tills=size.clients, smoke=size.smoke) as shop, ExitStack() as stack:
        _allow_many_carts(shop.database)
        # Four servers take their time to open; that two processes work is shown by checkout.
        workers = 1 if size.smoke or servers.why_not_several() else 2
        sides = stack.enter_context(_sides(shop, workers))
        for known in ("", ", forgetful"):
            _warm(sides, known, shop, size)
        rounds: list[Round] = [
            {
                name: undisturbed(partial(_half, shop, server, size, seed), smoke=size.smoke)
                for name, server in sides.items()
            }
            for seed in range(1 if size.smoke else size.pairs)
        ]
        yield _row("scan/s / reference, same caching", rounds, "", floor=1.0, goal=2.0)
        yield _row("scan/s / reference, no caching", rounds, ", forgetful", floor=1.5, goal=3.0)


@contextmanager
def _sides(shop: Shop, workers: int) -> Iterator[dict[str, Server]]:
    kinds: dict[str, Any] = {"ours": servers.ours}
    if not servers.why_no_reference():
        kinds["reference"] = servers.reference
    with ExitStack() as stack:
        sides: dict[str, Server] = {}
        for known in (True, False):
            for kind, serve in kinds.items():
                name = kind if known else f"{kind}, forgetful"
                database = stack.enter_context(shop.clone())
                sides[name] = stack.enter_context(serve(database, workers=workers, known=known))
        yield sides


def _half(shop: Shop, server: Server, size: Size, seed: int, times: int = 0) -> Half:
    """A server scanned at for a while, into new carts."""
    with server.database.in_use():
        number = CARTS_IN_SMOKE if size.smoke else CARTS
        carts = [[str(pk) for pk in some_carts(till, number)] for till in shop.tills]
    before = agreement.read_books(server.database, sums=False)
    order = Order(
        port=server.port,
        work="scan",
        clients=[
            {"session": till.session, "carts": own}
            for till, own in zip(shop.tills, carts, strict=True)
        ],
        goods=[(str(one.product_id), one.barcode, one.cents) for one in shop.goods],
        seconds=SECONDS_IN_SMOKE if size.smoke else size.seconds,
        seed=seed,
        times=times,
    )
    found = load(server, order, shop.postmaster)
    grown = agreement.read_books(server.database, sums=False).since(before)
    if grown["sales_cartstep"] != found.count:
        raise agreement.Disagree(f"{found.count} answers, {grown['sales_cartstep']} steps")
    return found


def _warm(sides: dict[str, Server], known: str, shop: Shop, size: Size) -> None:
    """Every side was asked for the same scans, and they agree on carts, lines and steps."""
    pair = [server for name, server in sides.items() if (", forgetful" in name) == bool(known)]
    for server in pair:
        _half(shop, server, size, seed=1, times=WARM_IN_SMOKE if size.smoke else WARM)
        analyse(server.database)
    for other in pair[1:]:
        agreement.same_books(pair[0].database, other.database)


def _row(
    name: str, rounds: list[Round], known: str, *, floor: float, goal: float
) -> Measure | Missing:
    ours, reference = f"ours{known}", f"reference{known}"
    if why := servers.why_no_reference():
        return Missing(name=name, why=why, inputs=inputs(rounds, ours))
    return Measure(
        name=name,
        value=median(
            rounds,
            lambda r: r[ours].per_second / r[reference].per_second,
            *(ours, reference),
        ),
        floor=floor,
        goal=goal,
        inputs=inputs(rounds, ours, reference),
    )


def _allow_many_carts(database: Database) -> None:
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("DROP INDEX cart_one_open_per_register")
