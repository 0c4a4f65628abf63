"""Every other book that a sale is written into: goods, cash, sums, the journal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from bench.reference.rows import Row
from bench.reference.tables import (
    CashMove,
    JournalHead,
    JournalRecord,
    ProductDay,
    RegisterDay,
    ReturnedQuantity,
    Sale,
    SaleLine,
    ShiftTender,
    ShiftTotals,
    StockLevel,
    StockMove,
)
from regalpos.version import SOFTWARE
from sales.pricing import Settlement
from sales.sealing import HASH_VERSION, Place, seal

if TYPE_CHECKING:
    from bench.reference.posting import Till

NOTHING = Decimal(0)
JOURNALED = ("receipt_number", "kind", "currency", "business_day", "lines", "totals", "payments")
SUMMED = ("net", "tax", "discount", "total")


async def write_goods(
    session: AsyncSession,
    sale: Sale,
    lines: Sequence[Row],
    levels: Mapping[UUID, StockLevel],
    till: "Till",
) -> None:
    """The lines, a guard and a move of each, and the locked levels less what was sold."""
    await session.execute(insert(SaleLine), lines)
    guards = [{"line_id": line["id"], "sold": line["quantity"], "returned": 0} for line in lines]
    await session.execute(insert(ReturnedQuantity), guards)
    moves = []
    for line in lines:
        level = levels.get(line["product_id"])
        if level is None:
            continue
        level.on_hand -= line["quantity"]
        level.version += 1
        moves.append(
            {
                "level_id": level.id,
                "quantity": -line["quantity"],
                "balance": level.on_hand,
                "kind": "sale",
                "unit_cost": level.average_cost,
                "bin": "",
                "reason": "",
                "source_type": "sale",
                "source_id": sale.id,
                "source_line": line["number"],
                "who_id": till.person.id,
                "at": sale.recorded_at,
            }
        )
    if moves:
        await session.execute(insert(StockMove), moves)


def write_cash(session: AsyncSession, sale: Sale, settlement: Settlement, till: "Till") -> None:
    """What went into the drawer, if anything did."""
    if settlement.in_drawer:
        session.add(
            CashMove(
                shift_id=sale.shift_id,
                kind="sale",
                amount=settlement.in_drawer,
                sale_id=sale.id,
                who_id=till.person.id,
                at=sale.recorded_at,
            )
        )


def add_to_shift(totals: ShiftTotals, sale: Sale, settlement: Settlement) -> None:
    """The locked sums of the shift, with this sale in them."""
    totals.sales += 1
    totals.net += sale.net
    totals.tax += sale.tax
    totals.discount += sale.discount
    totals.total += sale.total
    totals.rounding += sale.rounding
    totals.expected_cash += settlement.in_drawer


async def add_to_sums(session: AsyncSession, sale: Sale, lines: Sequence[Row]) -> None:
    """By tender, by the product's day in product order, by the register's day."""
    paid: dict[UUID, tuple[int, Decimal]] = {}
    for payment in sale.payments:
        times, amount = paid.get(payment.tender_id, (0, NOTHING))
        paid[payment.tender_id] = (times + 1, amount + payment.amount)
    await session.execute(
        _ADD_TO_TENDER,
        [
            {"shift_id": sale.shift_id, "tender_id": tender, "payments": times, "amount": amount}
            for tender, (times, amount) in paid.items()
        ],
    )
    days: dict[UUID, dict[str, Any]] = {}
    for line in lines:
        day = days.setdefault(line["product_id"], dict.fromkeys(("sold", "cost", *SUMMED), NOTHING))
        day["sold"] += line["quantity"]
        day["cost"] += line["cost"] * line["quantity"]
        for name in SUMMED:
            day[name] += line[name]
    where = {"store_id": sale.store_id, "business_day": sale.business_day}
    await session.execute(
        _ADD_TO_PRODUCT_DAY,
        [{**where, "product_id": pk, "returned": NOTHING, **days[pk]} for pk in sorted(days)],
    )
    await session.execute(
        _ADD_TO_REGISTER_DAY,
        {
            "register_id": sale.register_id,
            "business_day": sale.business_day,
            "sales": 1,
            "returns": 0,
            "payable": sale.payable,
            "refunded": NOTHING,
            **{name: getattr(sale, name) for name in SUMMED},
        },
    )


def seal_journal(
    session: AsyncSession, head: JournalHead, sale: Sale, content: dict[str, Any]
) -> dict[str, Any]:
    """The chain is one record longer, its locked head has moved on; where the record stands."""
    head.seq += 1
    head.perpetual_sales += sale.total
    head.perpetual_net += sale.total
    place = Place(
        store=sale.store_id,
        register=head.register_id,
        epoch=head.epoch,
        seq=head.seq,
        prev=head.hash,
        perpetual_sales=head.perpetual_sales,
        perpetual_returns=head.perpetual_returns,
        perpetual_net=head.perpetual_net,
    )
    sealed = seal(
        place,
        series="sale",
        business_id=sale.id,
        occurred_at=sale.occurred_at,
        recorded_at=sale.recorded_at,
        what={
            "event": "sale.posted",
            "cashier": str(sale.cashier_id),
            "customer": str(sale.customer_id or ""),
            "salesman": str(sale.salesman_id or ""),
            "source": sale.source,
            "rules_version": sale.rules_version,
            **{name: content[name] for name in JOURNALED},
            "software": SOFTWARE,
        },
    )
    head.hash = sealed.hash
    session.add(
        JournalRecord(
            register_id=head.register_id,
            store_id=sale.store_id,
            epoch=head.epoch,
            seq=head.seq,
            series="sale",
            business_id=sale.id,
            occurred_at=sale.occurred_at,
            recorded_at=sale.recorded_at,
            payload=sealed.payload,
            prev_hash=place.prev,
            hash=sealed.hash,
            hash_version=HASH_VERSION,
            perpetual_sales=place.perpetual_sales,
            perpetual_returns=place.perpetual_returns,
            perpetual_net=place.perpetual_net,
        )
    )
    return {"seq": head.seq, "hash": sealed.hash}


def _adding(table: Any, key: list[str], *sums: str) -> Insert:
    """A row of sums, or the sums on top of the row that is there."""
    new = insert(table)
    return new.on_conflict_do_update(
        index_elements=key,
        set_={name: getattr(table, name) + new.excluded[name] for name in sums},
    )


_ADD_TO_TENDER = _adding(ShiftTender, ["shift_id", "tender_id"], "payments", "amount")
_ADD_TO_PRODUCT_DAY = _adding(
    ProductDay, ["store_id", "business_day", "product_id"], "sold", "returned", "cost", *SUMMED
)
_ADD_TO_REGISTER_DAY = _adding(
    RegisterDay,
    ["register_id", "business_day"],
    *("sales", "returns", "payable", "refunded", *SUMMED),
)
