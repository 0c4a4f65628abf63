"""Finding one of a thousand products, and one of a million.

In the database, on one connection, by the very querysets and statements of the till: a scan's read
of its goods, a barcode, a name's beginning, a word of it, and a misspelt one. Products are copies
of one that the shop made, with names of invented words.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product as pairs
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from bench.measures import Measure, Size
from inventory.models import Barcode, Price, Product
from people.models import Store
from regalpos import embedded
from regalpos.barcodes import lookup_key
from regalpos.environment import VAR
from sales.checkout_sql.goods import read_goods
from tests import databases
from tests.databases import Bed, Database
from tests.factories import a_product, a_store

HOME = embedded.Home(VAR / f"{databases.PREFIX}bench-search-postgres")
FEW = 1_000
FEW_IN_SMOKE = (200, 2_000)
TIMES = 400
TIMES_IN_SMOKE = 20
MOST = 8  # rows that a till shows
# Words as many and as unlike as a catalogue's: 2,000 of 421,875, with some 1,500 trigrams.
SYLLABLES = ["".join(letters) for letters in pairs("bdfghklmnprstvw", "aeiou")]
WORDS = ["".join(random.Random(number).choices(SYLLABLES, k=3)) for number in range(2_000)]


@dataclass(frozen=True)
class Times:
    """Milliseconds of each kind of question, asked one after another."""

    by_kind: dict[str, list[float]]

    def p50(self, kind: str) -> float:
        return statistics.median(self.by_kind[kind])

    def p99(self, kind: str) -> float:
        return statistics.quantiles(self.by_kind[kind], n=100)[-1]


def measure(size: Size) -> Iterator[Measure]:
    """The small shop, the large one, and what they cost beside each other."""
    few, many = FEW_IN_SMOKE if size.smoke else (FEW, size.products)
    times = TIMES_IN_SMOKE if size.smoke else TIMES
    with databases.durable_bed(HOME) as bed:
        small, large = _shop(bed, few, times), _shop(bed, many, times)
    facts = {"products": [few, many], "questions": times}
    for kind in ("scan", "barcode"):
        ratios = (("p50", small.p50, large.p50, 1.5, 1.2), ("p99", small.p99, large.p99, 4.0, 1.5))
        for name, of_few, of_many, floor, goal in ratios:
            yield Measure(
                name=f"{kind}, 1 M / 1 k products: {name}",
                value=round(of_many(kind) / of_few(kind), 2),
                floor=floor,
                goal=goal,
                more_is_better=False,
                inputs={**facts, "ms": [round(of_few(kind), 3), round(of_many(kind), 3)]},
            )
    for kind, floor, goal in (("prefix", 50.0, 20.0), ("word", 50.0, 20.0), ("typo", 300.0, 150.0)):
        yield Measure(
            name=f"name search at 1 M: {kind} p99",
            value=round(large.p99(kind), 1),
            floor=floor,
            goal=goal,
            unit="ms",
            more_is_better=False,
            inputs={**facts, "p50, ms": round(large.p50(kind), 2)},
        )


def _shop(bed: Bed, number: int, times: int) -> Times:
    with databases.committed(bed) as database:
        store = a_store()
        _fill(database, a_product("First of all", price="1.00", on_hand="10", store=store), number)
        return _ask(store, number, times)


def _fill(database: Database, first: Product, number: int) -> None:
    """So many products more, each with a barcode and the price of the first."""
    word = "(%(words)s::text[])[1 + (random() * %(last)s)::int]"
    given = {"words": WORDS, "last": len(WORDS) - 1, "number": number, "first": first.pk}
    product = {
        "id": "gen_random_uuid()",
        "sku": "'S-' || n",
        "name": f"initcap({word}) || ' ' || {word} || ' ' || {word} || ' ' || n %% 1000",
    }
    price = {"id": "gen_random_uuid()", "product_id": "product.id"}
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("SELECT setseed(0.5)")
        for statement in (
            _copies(Product, "made.id = %(first)s", "generate_series(1, %(number)s) AS n", product),
            _copies(
                Price,
                "made.product_id = %(first)s AND product.id <> %(first)s",
                "inventory_product AS product",
                price,
            ),
            "INSERT INTO inventory_barcode (code, lookup, product_id, quantity)"
            " SELECT 'B' || substr(sku, 3), 'B' || substr(sku, 3), id, 1 FROM inventory_product"
            " WHERE id <> %(first)s",
        ):
            owner.execute(statement, given)
        owner.execute("VACUUM (ANALYZE)")


def _copies(model: type[Model], of: str, source: str, change: dict[str, str]) -> str:
    """An INSERT that copies one row as often as `source` has rows, with some columns changed."""
    table, names = model._meta.db_table, [str(f.column) for f in model._meta.concrete_fields]
    values = [change.get(name, f"made.{name}") for name in names]
    return (
        f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608  (columns of ours)
        f" SELECT {', '.join(values)} FROM {source}, {table} AS made WHERE {of}"
    )


def _ask(store: Store, number: int, times: int) -> Times:
    rng = random.Random(7)
    now = timezone.now()
    day = store.business_day(now)
    known = Barcode.objects.filter(lookup__in=[f"B{rng.randint(1, number)}" for _ in range(times)])
    names = list(known.values_list("product__name", flat=True))
    names = [names[turn % len(names)] for turn in range(times)]
    codes = [f"B{rng.randint(1, number)}" for _ in range(times)]

    def scan(turn: int) -> Any:
        lookups = [lookup_key(codes[turn])]
        found = read_goods(
            store_id=store.pk, currency=store.currency, at=now, day=day, lookups=lookups
        )
        if len(found.by_id) != 1:
            raise RuntimeError(f"{codes[turn]}: {len(found.by_id)}")

    def best(text: str) -> Any:
        return Product.objects.on_sale().best(text, MOST)

    def word(turn: int) -> Any:
        """One whole word of a name and the beginning of another, in any order."""
        some = names[turn].split()[:3]
        rng.shuffle(some)
        found = best(f"{some[0]} {some[1][:4]}")
        if not found:
            raise RuntimeError(names[turn])
        return found

    def typo(_turn: int) -> Any:
        meant = rng.choice(WORDS)
        place = rng.randrange(1, len(meant) - 1)
        return best(meant[:place] + "x" + meant[place + 1 :])

    kinds: dict[str, Callable[[int], Any]] = {
        "scan": scan,
        "barcode": lambda turn: list(Product.objects.with_code(codes[turn])),
        "prefix": lambda _turn: best(rng.choice(WORDS)[: rng.randint(2, 5)].title()),
        "word": word,
        "typo": typo,
    }
    by_kind: dict[str, list[float]] = {}
    connection.ensure_connection()
    for kind, question in kinds.items():
        rounds = range(times if kind != "typo" else max(20, times // 8))
        for turn in range(10):
            question(turn % times)
        by_kind[kind] = [_milliseconds(question, turn) for turn in rounds]
    return Times(by_kind)


def _milliseconds(question: Callable[[int], Any], turn: int) -> float:
    began = time.perf_counter()
    question(turn)
    return (time.perf_counter() - began) * 1000
