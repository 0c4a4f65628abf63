"""The last locks of a posting: the shift's sums, then the journal head, the house's order."""

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from regalpos import statements
from sales.checkout_sql.claim import columns, names, one
from sales.models import JournalHead, Shift


@dataclass(frozen=True)
class Drawer:
    """A register's open shift, its sums locked, and the register's journal head, locked after."""

    shift: Shift
    head: JournalHead


@cache
def _drawer() -> str:
    # A row that had to be waited for is read anew, but only that row: so the sums, which every
    # close locks first, and the shift itself, which it then closes, are both taken. Each WHERE
    # needs the row before, which keeps the order whatever the planner does.
    return f"""
WITH sums AS MATERIALIZED (
    SELECT shift_id FROM sales_shifttotals
    WHERE shift_id = (
        SELECT id FROM sales_shift WHERE register_id = %(register)s AND closed_at IS NULL
    )
    FOR NO KEY UPDATE
), shift AS MATERIALIZED (
    SELECT * FROM sales_shift
    WHERE id = (SELECT shift_id FROM sums) AND closed_at IS NULL
    FOR SHARE
), head AS MATERIALIZED (
    SELECT * FROM sales_journalhead
    WHERE register_id = (SELECT register_id FROM shift)
    FOR NO KEY UPDATE
)
SELECT {columns(Shift, "shift")}, {columns(JournalHead, "head")} FROM shift, head
"""  # noqa: S608  (columns of ours)


def lock_drawer(register_id: UUID) -> Drawer | None:
    """The register's open drawer, locked; None if none is open, or a close came first. A step."""
    found = statements.rows(_drawer(), register=register_id)
    if not found:
        return None
    after_shift = len(names(Shift))
    return Drawer(one(Shift, found[0][:after_shift]), one(JournalHead, found[0][after_shift:]))
