"""Hand-written SQL for the hot paths: prepared once a connection, run on Django's own.

The statement joins whatever transaction Django has open, and errors arrive as Django's. Only
modules of SQL call this; everything else speaks to the ORM.
"""

import json as _json
import re
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import RawCursor

NAMED = re.compile(r"%\((\w+)\)s")


class _Prepared(RawCursor[Any]):
    """Binds on the server, where Django's own cursor writes the values into the text.

    Where the connection may not prepare (`settings.DATABASES`), it only binds.
    """

    def execute(self, query: Any, params: Any = None, **_asked: Any) -> "_Prepared":
        super().execute(query, params, prepare=True)
        return self

    @property
    def answers(self) -> bool:
        """Whether there are rows to fetch; `description` would describe every column, too."""
        return self.pgresult is not None and self.pgresult.nfields > 0


def rows(sql: str, **params: Any) -> list[Any]:
    """The rows of one statement, as tuples. Parameters are named: `%(store)s`.

    Lists become arrays, so one text, prepared once, serves any number of lines. Raises Django's
    database errors, as the ORM does.
    """
    text, names = _numbered(sql)
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    # Through Django's wrapper: what counts, logs or wraps queries sees these, too.
    wrapped = connection._prepare_cursor(_Prepared(connection.connection))  # type: ignore[attr-defined]
    with wrapped as cursor:
        cursor.execute(text, [params[name] for name in names])
        return cursor.fetchall() if cursor.answers else []


def json(raw: str) -> Any:
    """A jsonb value: Django has PostgreSQL's text handed through as it is."""
    return _json.loads(raw)


def as_json(value: Any) -> str:
    """A value as a jsonb parameter: decimals, ids and instants as their text."""
    return _write(value)


_write = _json.JSONEncoder(default=str, separators=(",", ":"), check_circular=False).encode


@cache
def _numbered(sql: str) -> tuple[str, list[str]]:
    """The statement as PostgreSQL takes it ($1, $2), and the name behind each number."""
    names = list(dict.fromkeys(NAMED.findall(sql)))
    return NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", sql), names
