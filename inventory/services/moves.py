"""The steps that change stock: levels are locked, moved, and open screens told.

Steps, not use cases: each is called inside the transaction of the document that moves the goods.
Lock order: the document's id, the product rows (only to make a missing level), the levels in
product order. A level and its move are written together, or neither is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from inventory.models import Product, StockLevel, StockMove
from regalpos.errors import Refusal
from regalpos.live import announce, stock_topic
from regalpos.money import EXACT, round_to
from regalpos.shapes import plain

ROOM = Decimal("999999999.999")  # what a level's column holds, either way
COST_PLACES = 4

Kind = StockMove.Kind


class OutOfStock(Refusal):
    """A limited product has less on hand than was asked. `products`: what there is of each."""

    code = "out_of_stock"
    message = _("There is not that much left here. Nothing has changed.")


class ShelfOverflow(Refusal):
    """The level would hold more than can be written down. A slip of the keyboard."""

    code = "too_much_stock"
    message = _("No shelf holds that much. Check the quantity. Nothing has changed.")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One movement to be: a signed quantity of one locked level, in the product's unit.

    `unit_cost` is what one unit cost; left out, it is the level's average cost of now.
    """

    level: StockLevel
    quantity: Decimal
    kind: StockMove.Kind
    source_line: int = 0
    unit_cost: Decimal | None = None
    reason: str = ""
    bin: str = ""


@dataclass(frozen=True)
class Source:
    """The document that moves stock, who posted it and when."""

    type: str
    id: UUID
    who_id: UUID
    at: datetime


def ensure_levels(store_id: UUID, product_ids: Iterable[UUID]) -> None:
    """Every product has a level in the store. A step: call inside a transaction, before locking.

    Costs one read when nothing is missing. The product's row is locked first, so that a change of
    `limited` cannot pass between reading it and copying it into `strict`.
    """
    wanted = set(product_ids)
    if not wanted:
        return
    levels = StockLevel.objects.filter(store_id=store_id, product_id__in=wanted)
    missing = wanted - set(levels.values_list("product_id", flat=True))
    if not missing:
        return
    products = Product.objects.filter(pk__in=missing).order_by("pk")
    StockLevel.objects.bulk_create(
        [
            StockLevel(store_id=store_id, product_id=product.pk, strict=product.limited)
            for product in products.select_for_update(no_key=True)
        ],
        ignore_conflicts=True,
    )


def lock_levels(store_id: UUID, product_ids: Iterable[UUID]) -> dict[UUID, StockLevel]:
    """The store's levels of these products, made if need be, locked in product order. A step."""
    wanted = set(product_ids)
    ensure_levels(store_id, wanted)
    return StockLevel.objects.lock(store_id=store_id, product_ids=wanted)


@dataclass(frozen=True)
class Planned:
    """Moves to be saved, and what they make of their levels, which are locked and as they were."""

    moves: list[StockMove]
    levels: dict[int, StockLevel]
    balances: dict[int, Decimal]
    costs: dict[int, Decimal]

    def sums(self) -> dict[int, tuple[Decimal, int]]:
        """By level: what all its moves come to, and how many they are."""
        sums: dict[int, tuple[Decimal, int]] = {}
        for move in self.moves:
            quantity, times = sums.get(move.level_id, (Decimal(0), 0))
            sums[move.level_id] = (quantity + move.quantity, times + 1)
        return sums


def plan_moves(changes: Sequence[Change], source: Source) -> Planned:
    """One move per change, with its balance, and what the levels come to. Writes nothing.

    A step, with every level locked. Changes keep their order: several lines of one product each
    get their own balance. A receipt moves the average cost. Raises OutOfStock, naming every limited
    product that would fall below zero after all of its changes, and ShelfOverflow.
    """
    levels = {change.level.pk: change.level for change in changes}
    balances = {pk: level.on_hand for pk, level in levels.items()}
    costs = {pk: level.average_cost for pk, level in levels.items()}
    moves = [_new_move(change, balances, costs, source) for change in changes]
    _refuse_oversold(levels, balances)
    return Planned(moves, levels, balances, costs)


def settle_levels(planned: Planned, cause: str) -> None:
    """The levels in hand carry the new figures, and screens will be told. A step, once written.

    `cause` is what screens say ("Till 2").
    """
    for pk, (moved, times) in planned.sums().items():
        level = planned.levels[pk]
        level.on_hand, level.average_cost = planned.balances[pk], planned.costs[pk]
        level.version += times
        announce(
            stock_topic(level.store_id),
            "stock.changed",
            product=str(level.product_id),
            on_hand=plain(level.on_hand),
            version=level.version,
            last=plain(moved),
            cause=cause,
        )


def move_many(
    changes: Sequence[Change],
    *,
    source_type: str,
    source_id: UUID,
    who_id: UUID,
    at: datetime,
    cause: str = "",
) -> list[StockMove]:
    """The levels hold what they should, one move is written per change, open screens are told.

    A step: call inside a transaction with every level locked (`lock_levels`), all of them in one
    call, so that the order holds. Two statements for any number of changes. Raises as `plan_moves`;
    nothing is written then.
    """
    planned = plan_moves(changes, Source(source_type, source_id, who_id, at))
    _write_levels(planned)
    StockMove.objects.bulk_create(planned.moves)
    settle_levels(planned, cause)
    return planned.moves


def _new_move(
    change: Change, balances: dict[int, Decimal], costs: dict[int, Decimal], source: Source
) -> StockMove:
    """The move of one change, to be saved; the balance and the cost of its level move on."""
    pk = change.level.pk
    cost = costs[pk] if change.unit_cost is None else change.unit_cost
    if change.kind == Kind.RECEIPT:
        costs[pk] = average_cost(balances[pk], costs[pk], change.quantity, cost)
    balances[pk] += change.quantity
    return StockMove(
        level=change.level,
        quantity=change.quantity,
        balance=balances[pk],
        kind=change.kind,
        unit_cost=cost,
        bin=change.bin,
        reason=change.reason,
        source_type=source.type,
        source_id=source.id,
        source_line=change.source_line,
        who_id=source.who_id,
        at=source.at,
    )


def move_stock(
    *,
    level: StockLevel,
    quantity: Decimal,
    kind: StockMove.Kind,
    source_type: str,
    source_id: UUID,
    who_id: UUID,
    at: datetime,
    source_line: int = 0,
    unit_cost: Decimal | None = None,
    reason: str = "",
    bin: str = "",
    cause: str = "",
) -> StockMove:
    """One level holds what it should, and its move says why. A step: see `move_many`."""
    change = Change(
        level=level,
        quantity=quantity,
        kind=kind,
        source_line=source_line,
        unit_cost=unit_cost,
        reason=reason,
        bin=bin,
    )
    [move] = move_many(
        [change], source_type=source_type, source_id=source_id, who_id=who_id, at=at, cause=cause
    )
    return move


def average_cost(on_hand: Decimal, average: Decimal, quantity: Decimal, cost: Decimal) -> Decimal:
    """The moving average after a receipt. What is not there, or owed, has no cost to weigh in."""
    if on_hand <= 0:
        return round_to(cost, COST_PLACES)
    worth = EXACT.add(EXACT.multiply(on_hand, average), EXACT.multiply(quantity, cost))
    return round_to(EXACT.divide(worth, on_hand + quantity), COST_PLACES)


def _refuse_oversold(levels: dict[int, StockLevel], balances: dict[int, Decimal]) -> None:
    if any(abs(balance) > ROOM for balance in balances.values()):
        raise ShelfOverflow
    short = [
        {"product": str(level.product_id), "on_hand": plain(level.on_hand)}
        for pk, level in levels.items()
        if level.strict and balances[pk] < 0
    ]
    if short:
        raise OutOfStock(products=short)


def _write_levels(planned: Planned) -> None:
    """`SET n = n + x` for every level, in one statement."""
    sums, costs = planned.sums(), planned.costs
    StockLevel.objects.filter(pk__in=sums).update(
        on_hand=F("on_hand") + Case(*(When(pk=pk, then=Value(sums[pk][0])) for pk in sums)),
        version=F("version") + Case(*(When(pk=pk, then=Value(sums[pk][1])) for pk in sums)),
        average_cost=Case(*(When(pk=pk, then=Value(costs[pk])) for pk in sums)),
    )
