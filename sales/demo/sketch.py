"""A day of trade as forms: everything that the books keep of it, with what differs each day open.

The rows are made by the builders of `bookkeeping` with signs in place of whatever is another one
each time (ids, instants, numbers, the place in the journal), and each sign is found again in the
texts that hold it. A sign that is not found, or found too often, is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from inventory.models import StockMove
from people.models import AuditEvent
from sales.demo.bookkeeping import Books
from sales.demo.copying import columns, escaped, form
from sales.demo.rows import Drawer
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
)
from sales.sealing import amount, instant

# Figures that no shop reaches; in the journal's text they stand for the true ones.
SEQ = 987_654_321_987_654
PREV = "the record before"
SALES, RETURNS, NET = (Decimal(f"98765432198765.{digit}") for digit in (1, 2, 3))

type Line = tuple[type[models.Model], str]  # a table, and the %-form of one of its rows


@dataclass(frozen=True)
class SoldForm:
    """One sale. `payload` is the journal's, before it is text of COPY."""

    register: Register
    at: datetime
    ids: tuple[str, ...]  # the names of those to be made anew
    lines: tuple[Line, ...]
    payload: str
    sold: Decimal


class SketchBooks(Books):
    """Books whose journal always stands at the signs."""

    def __init__(self, registers: list[Register], new_id: Callable[[], UUID]) -> None:
        heads = {register.pk: JournalHead(register=register) for register in registers}
        super().__init__(heads, new_id)

    def _seal_facts(self, register: Register, facts: dict[str, Any]) -> JournalRecord:
        head, nothing = self.heads[register.pk], Decimal(0)
        sold, returned = facts.get("sold", nothing), facts.get("returned", nothing)
        head.seq, head.hash = SEQ - 1, PREV
        head.perpetual_sales, head.perpetual_returns = SALES - sold, RETURNS - returned
        head.perpetual_net = NET - sold + returned
        return super()._seal_facts(register, facts)

    def form_of_last_sale(self, drawer: Drawer) -> SoldForm:
        """The sale that was posted last, as a form; its rows are let go."""
        rows = self.rows
        [sale], [attempt], [record] = rows.sales, rows.attempts, rows.records
        lines, payments, moves = rows.lines, rows.payments, rows.moves
        ids = {f"line{line.number}": line.pk for line in lines}
        ids |= {f"payment{row.number}": row.pk for row in payments}
        ids |= {f"cash{number}": row.pk for number, row in enumerate(rows.cash)}
        made = SoldForm(
            register=drawer.register,
            at=sale.occurred_at,
            ids=tuple(ids),
            lines=(
                (SaleAttempt, _attempt(attempt, sale, ids)),
                (Sale, _sale(sale)),
                *((SaleLine, _of_sale(row, f"line{row.number}")) for row in lines),
                *(
                    (ReturnedQuantity, _form(row, line_id=name))
                    for name, row in zip(ids, rows.returned.values(), strict=False)
                ),
                *((Payment, _of_sale(row, f"payment{row.number}")) for row in payments),
                *(
                    (CashMove, _form(row, id=name, sale_id="sale", shift_id="shift", at="at"))
                    for name, row in zip(("cash0",), rows.cash, strict=False)
                ),
                *((StockMove, _form(row, source_id="sale", at="at")) for row in moves),
                (JournalRecord, _record(record)),
            ),
            payload=_payload(bytes(record.payload), sale, ids),
            sold=sum((line.total for line in lines), Decimal(0)),
        )
        self.rows = type(rows)()
        return made

    def form_of_delivery(self) -> list[Line]:
        """The delivery that was received last, as forms; its rows are let go."""
        rows, self.rows = self.rows, type(self.rows)()
        [event] = rows.events
        return [
            *((StockMove, _form(row, source_id="receipt", at="at")) for row in rows.moves),
            (AuditEvent, _form(event, subject_id="receipt", at="at")),
        ]


def _form(row: models.Model, **left_open: str) -> str:
    return form(row, columns(type(row), given=row.pk is not None), **left_open)


def _of_sale(row: SaleLine | Payment, name: str) -> str:
    return _form(row, id=name, sale_id="sale")


def _sale(sale: Sale) -> str:
    return _form(
        sale,
        id="sale",
        shift_id="shift",
        number="number",
        receipt_number="receipt",
        occurred_at="at",
        recorded_at="at",
        business_day="day",
    )


def _record(record: JournalRecord) -> str:
    return _form(
        record,
        seq="seq",
        business_id="sale",
        occurred_at="at",
        recorded_at="at",
        payload="payload",
        prev_hash="prev",
        hash="hash",
        perpetual_sales="sales",
        perpetual_returns="returns",
        perpetual_net="net",
    )


def _attempt(attempt: SaleAttempt, sale: Sale, ids: dict[str, UUID]) -> str:
    """An attempt with the answer that was kept under its id."""
    answer = attempt.answer or {}
    return _with_signs(
        _form(attempt, id="sale", at="at"),
        **_signs(sale, ids),
        shift=f'"{sale.shift_id}"',
        at=f'"{sale.occurred_at.isoformat()}"',
        seq=str(SEQ),
        hash=f'"{answer["journal"]["hash"]}"',
    )


def _payload(payload: bytes, sale: Sale, ids: dict[str, UUID]) -> str:
    """The bytes that are sealed, as text."""
    return _with_signs(
        payload.decode().replace("%", "%%"),
        **_signs(sale, {name: pk for name, pk in ids.items() if name.startswith("line")}),
        z=f'"{instant(sale.occurred_at)}"',
        seq=str(SEQ),
        prev=f'"{PREV}"',
        sales=f'"{amount(SALES)}"',
        returns=f'"{amount(RETURNS)}"',
        net=f'"{amount(NET)}"',
    )


def _signs(sale: Sale, ids: dict[str, UUID]) -> dict[str, str]:
    lines = {name: f'"{pk}"' for name, pk in ids.items() if name.startswith("line")}
    return {
        **lines,
        "sale": f'"{sale.pk}"',
        "receipt": f'"{sale.receipt_number}"',
        "day": f'"{sale.business_day.isoformat()}"',
    }


def _with_signs(text: str, **signs: str) -> str:
    """The text as a %-form, each sign a name."""
    for name, sign in signs.items():
        mark = f'"%({name})s"' if sign.startswith('"') else f"%({name})s"
        if escaped(sign) not in text:
            raise ValueError(f"{name} is nowhere in the form")
        text = text.replace(escaped(sign), mark)
    return text
