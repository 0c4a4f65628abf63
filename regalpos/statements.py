"""Hand-written SQL for the hot paths: prepared once a connection, run on Django's own.

The statement joins whatever transaction Django has open, and errors arrive as Django's. Only
modules of SQL call this; everything else speaks to the ORM.
"""

import json as _json
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor

# A transaction pooler hands every transaction another connection, where nothing is prepared.
PREPARE = not settings.DATABASES[DEFAULT_DB_ALIAS].get("DISABLE_SERVER_SIDE_CURSORS")


class _Prepared(Cursor[Any]):
    """Binds on the server, where Django's own cursor writes the values into the text."""

    def execute(self, query: Any, params: Any = None, **_asked: Any) -> "_Prepared":
        super().execute(query, params, prepare=PREPARE)
        return self


def rows(sql: str, **params: Any) -> list[Any]:
    """The rows of one statement, as tuples. Parameters are named: `%(store)s`.

    Lists become arrays, so one text, prepared once, serves any number of lines. Raises Django's
    database errors, as the ORM does.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    # Through Django's wrapper: what counts, logs or wraps queries sees these, too.
    wrapped = connection._prepare_cursor(_Prepared(connection.connection))  # type: ignore[attr-defined]
    with wrapped as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def json(raw: str) -> Any:
    """A jsonb value: Django has PostgreSQL's text handed through as it is."""
    return _json.loads(raw)


def as_json(value: Any) -> str:
    """A value as a jsonb parameter: decimals, ids and instants as their text."""
    return _json.dumps(value, default=str, separators=(",", ":"))
