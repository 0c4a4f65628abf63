"""What must always be true of the books, written as questions that the database answers.

Each app lists its own as `INVARIANTS` in its `books.py`; `manage.py audit` and the property tests
ask them all. A question that looked at no row proves nothing, so each says how many it looked at.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


@dataclass(frozen=True)
class Finding:
    """The answer: how many rows were looked at, and the ones that break the rule."""

    examined: int
    broken: list[dict[str, Any]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing breaks the rule. True of an empty table as well: see `examined`."""
        return not self.broken


@dataclass(frozen=True)
class Invariant:
    """A rule of the books. `broken` selects the rows that break it, `examined` counts all."""

    name: str
    sentence: str
    broken: str
    examined: str

    def check(self, *, using: str = DEFAULT_DB_ALIAS, most: int = 100) -> Finding:
        """At most `most` rows that break the rule, each as a dict that names it. Only reads."""
        with connections[using].cursor() as cursor:
            cursor.execute(self.examined)
            [examined] = cursor.fetchone()
            cursor.execute(f"SELECT * FROM ({self.broken}) AS broken LIMIT %s", [most])  # noqa: S608
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return Finding(examined=examined, broken=rows)
