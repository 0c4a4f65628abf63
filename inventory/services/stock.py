"""Goods received and stock corrected. Each is idempotent by the id its client made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Product, StockLevel, StockMove
from inventory.services.moves import (
    Change,
    OutOfStock,
    Planned,
    ShelfOverflow,
    Source,
    average_cost,
    ensure_levels,
    lock_levels,
    move_many,
    move_stock,
    plan_moves,
    settle_levels,
)
from people.access import Actor
from people.models import AuditEvent, Store
from people.services import trail
from regalpos.errors import BodyMismatch, Invalid, NotHere
from regalpos.shapes import plain

__all__ = [
    "Change",
    "OutOfStock",
    "Planned",
    "ReceiptLine",
    "ShelfOverflow",
    "Source",
    "adjust_stock",
    "average_cost",
    "ensure_levels",
    "lock_levels",
    "move_many",
    "move_stock",
    "plan_moves",
    "quantity_problem",
    "receive_stock",
    "settle_levels",
]

MOST = Decimal("999999999")  # of one product at once, in its unit
MOST_COST = Decimal("99999999999.9999")
MOST_LINES = 500
MOST_WORDS = 200
PLACES = 3
COST_PLACES = 4


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """What arrived of one product, and what one unit cost, if the paper says so."""

    product_id: UUID
    quantity: Decimal
    unit_cost: Decimal | None = None


@transaction.atomic(durable=True)
def receive_stock(
    *,
    receipt_id: UUID,
    store_id: UUID,
    lines: Sequence[ReceiptLine | tuple[UUID, Decimal, Decimal | None]],
    actor: Actor,
    note: str = "",
    at: datetime | None = None,
) -> list[StockMove]:
    """The goods are on the store's shelves and their cost is in the average; one move a line.

    The same id and lines again change nothing and answer with the moves of the first time; other
    lines are BodyMismatch. Raises NotHere for a store that is not the actor's or a product that
    is not in the catalogue, and Invalid naming `lines.0.quantity` and the like. `at` is when it
    happened, if not now.
    """
    wanted = [line if isinstance(line, ReceiptLine) else ReceiptLine(*line) for line in lines]
    store = _own_store(store_id, actor)
    products = _products(line.product_id for line in wanted)
    _check_lines(wanted, products)
    note = _words(note, "note")
    body = {
        "note": note,
        "lines": [
            {
                "product": str(line.product_id),
                "quantity": plain(line.quantity),
                "unit_cost": None if line.unit_cost is None else plain(line.unit_cost),
            }
            for line in wanted
        ],
    }
    _claim(receipt_id)
    if (first := _posted("receipt", receipt_id, store_id, body)) is not None:
        return first
    levels = lock_levels(store.pk, products)
    moves = move_many(
        [
            Change(
                level=levels[line.product_id],
                quantity=line.quantity,
                kind=StockMove.Kind.RECEIPT,
                source_line=number,
                unit_cost=line.unit_cost,
                reason=note,
            )
            for number, line in enumerate(wanted, start=1)
        ],
        source_type="receipt",
        source_id=receipt_id,
        who_id=actor.user_id,
        at=at or timezone.now(),
        cause=actor.name,
    )
    _record("stock.received", "receipt", receipt_id, store_id, actor, levels, body)
    return moves


@transaction.atomic(durable=True)
def adjust_stock(
    *,
    adjustment_id: UUID,
    store_id: UUID,
    product_id: UUID,
    quantity: Decimal,
    reason: str,
    actor: Actor,
    at: datetime | None = None,
) -> StockMove:
    """The level is `quantity` higher (or lower, if negative), and its move says why.

    The same id and content again change nothing and answer with the first move; other content is
    BodyMismatch. A reason is required. Raises OutOfStock when a limited product would fall below
    zero, NotHere for a foreign store or an unknown product, Invalid with `fields`.
    """
    store = _own_store(store_id, actor)
    products = _products([product_id])
    fields: dict[str, list[str]] = {}
    product = products.get(product_id)
    if problem := quantity_problem(quantity, product):
        fields["quantity"] = [problem]
    if not reason.strip():
        fields["reason"] = [_("Say why, so that the next person knows.")]
    if product is None:
        raise NotHere
    if not product.stocked:
        fields["product"] = [_("%(name)s is not kept in stock.") % {"name": product.name}]
    if fields:
        raise Invalid(fields=fields)
    reason = _words(reason, "reason")
    body = {"product": str(product_id), "quantity": plain(quantity), "reason": reason}
    _claim(adjustment_id)
    if (first := _posted("adjustment", adjustment_id, store_id, body)) is not None:
        return first[0]
    levels = lock_levels(store.pk, [product_id])
    move = move_stock(
        level=levels[product_id],
        quantity=quantity,
        kind=StockMove.Kind.ADJUSTMENT,
        source_type="adjustment",
        source_id=adjustment_id,
        who_id=actor.user_id,
        at=at or timezone.now(),
        reason=reason,
        cause=actor.name,
    )
    _record("stock.adjusted", "adjustment", adjustment_id, store_id, actor, levels, body)
    return move


def quantity_problem(
    quantity: Decimal, product: Product | None, *, negative: bool = True
) -> str | None:
    """What is wrong with a quantity of this product, in words, or None."""
    if not quantity.is_finite():
        return _("This is not a quantity.")
    if quantity == 0 or (quantity < 0 and not negative):
        return _("A quantity above zero.") if not negative else _("A quantity other than zero.")
    if abs(quantity) > MOST:
        return _("No more than 999,999,999 at once.")
    if quantity != quantity.quantize(Decimal(1).scaleb(-PLACES)):
        return _("No more than three decimals.")
    if product is not None and product.by_piece and quantity != quantity.to_integral_value():
        return _("%(name)s is counted in whole pieces.") % {"name": product.name}
    return None


def _own_store(store_id: UUID, actor: Actor) -> Store:
    actor.must_work_at(store_id)
    store = Store.objects.filter(pk=store_id, active=True).first()
    if store is None:
        raise NotHere
    return store


def _products(product_ids: Iterable[UUID]) -> dict[UUID, Product]:
    return Product.objects.in_bulk(set(product_ids))


def _check_lines(lines: Sequence[ReceiptLine], products: Mapping[UUID, Product]) -> None:
    if not lines:
        raise Invalid(fields={"lines": [_("Add what arrived: nothing is on the list.")]})
    if len(lines) > MOST_LINES:
        raise Invalid(fields={"lines": [_("No more than 500 lines at once.")]})
    fields: dict[str, list[str]] = {}
    for index, line in enumerate(lines):
        product = products.get(line.product_id)
        if product is None:
            raise NotHere
        if problem := quantity_problem(line.quantity, product, negative=False):
            fields[f"lines.{index}.quantity"] = [problem]
        if problem := _cost_problem(line.unit_cost):
            fields[f"lines.{index}.unit_cost"] = [problem]
        if not product.stocked:
            problem = _("%(name)s is not kept in stock.") % {"name": product.name}
            fields[f"lines.{index}.product"] = [problem]
    if fields:
        raise Invalid(fields=fields)


def _cost_problem(cost: Decimal | None) -> str | None:
    if cost is None:
        return None
    if not cost.is_finite() or cost < 0 or cost > MOST_COST:
        return _("A cost of zero or more.")
    if cost != cost.quantize(Decimal(1).scaleb(-COST_PLACES)):
        return _("No more than four decimals.")
    return None


def _words(text: str, field: str) -> str:
    """The text on one line, as it is kept. NUL has no place in a database, nor have its kin."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(text) > MOST_WORDS:
        raise Invalid(fields={field: [_("No more than 200 characters.")]})
    return text


def _claim(document_id: UUID) -> None:
    """Whoever else sends this id waits here until we are done, whatever the content."""
    with connection.cursor() as cursor:
        key = document_id.int & (2**63 - 1)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _posted(
    source_type: str, source_id: UUID, store_id: UUID, body: dict[str, Any]
) -> list[StockMove] | None:
    """The moves this id has already made, or None. Raises BodyMismatch for other content."""
    event = AuditEvent.objects.filter(
        subject_type=f"inventory.{source_type}", subject_id=str(source_id)
    ).first()
    if event is None:
        return None
    after: dict[str, Any] = event.after or {}
    differs = {name for name in body if after.get(name) != body[name]}
    if event.store_id != store_id:
        differs.add("store")
    if differs:
        words = _("Not as it was posted the first time.")
        raise BodyMismatch(fields={name: [words] for name in sorted(differs)})
    moves = StockMove.objects.filter(source_type=source_type, source_id=source_id)
    return list(moves.select_related("level").order_by("source_line"))


def _record(
    action: str,
    source_type: str,
    source_id: UUID,
    store_id: UUID,
    actor: Actor,
    levels: Mapping[UUID, StockLevel],
    body: dict[str, Any],
) -> None:
    """The document itself, as it was sent, is the audit's `after`; `_posted` compares with it."""
    trail.record(
        action,
        actor=actor,
        subject=(f"inventory.{source_type}", str(source_id)),
        store_id=store_id,
        after={
            **body,
            "on_hand": {str(key): plain(level.on_hand) for key, level in levels.items()},
        },
    )
