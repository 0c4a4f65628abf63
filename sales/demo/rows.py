"""What the demo's trade leaves behind, before it is saved."""

from dataclasses import dataclass, field
from uuid import UUID

from inventory.models import StockMove
from people.access import Actor
from people.models import AuditEvent
from sales.models import (
    CashMove,
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
)


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
