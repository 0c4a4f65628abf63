"""Rows by COPY: the quickest way into a table, for shops that are made and not traded.

The rows are the models' own, as the services' builders made them; only the way in is another.
Constraints, foreign keys and triggers hold as for any row.
"""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection, models
from psycopg import sql

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def save(rows: Iterable[models.Model]) -> None:
    """The rows, all of one model, are in its table. A step: call inside a transaction.

    Ids that the database gives stay unknown. Raises IntegrityError, and then none is there.
    """
    listed = list(rows)
    if listed:
        names = columns(type(listed[0]), given=listed[0].pk is not None)
        write(type(listed[0]), names, ("\t".join(_values(row, names)) for row in listed))


def write(model: type[models.Model], names: tuple[str, ...], lines: Iterable[str]) -> None:
    """Lines of COPY's text form, with these columns, are rows of the model's table."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        connection.connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for some in batched(lines, 500):
            copy.write("\n".join(some) + "\n")


def form(row: models.Model, names: tuple[str, ...], **left_open: str) -> str:
    """The row's line as a %-form: columns that are left open take a value by its name each time."""
    return "\t".join(
        f"%({left_open[name]})s" if name in left_open else value.replace("%", "%%")
        for name, value in zip(names, _values(row, names), strict=True)
    )


@cache
def columns(model: type[models.Model], *, given: bool = True) -> tuple[str, ...]:
    """The columns of a model, without its id where the database gives it."""
    fields = model._meta.concrete_fields
    return tuple(field.attname for field in fields if given or not field.primary_key)


def give_ids(rows: Iterable[models.Model]) -> None:
    """Rows whose ids the database gives have them, before they are saved."""
    listed = list(rows)
    if not listed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [listed[0]._meta.db_table, len(listed)],
        )
        for row, [number] in zip(listed, cursor.fetchall(), strict=True):
            row.pk = number


def escaped(text: str) -> str:
    """A text as it stands in a line of COPY."""
    return text.translate(_ESCAPES)


def _values(row: models.Model, names: tuple[str, ...]) -> list[str]:
    known = row.__dict__
    for field in _dated(type(row)):
        field.pre_save(row, add=True)
    return [_AS_TEXT.get(type(known[name]), _text)(known[name]) for name in names]


@cache
def _dated(model: type[models.Model]) -> list[Any]:
    """Columns that note by themselves when a row was written."""
    fields: Iterable[Any] = model._meta.concrete_fields
    return [f for f in fields if getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)]


def _text(value: Any) -> str:
    return escaped(str(value))


def _json(value: Any) -> str:
    return escaped(json.dumps(value, default=str))


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    type(None): lambda _value: NULL,
    str: escaped,
    int: str,
    bool: str,
    UUID: str,
    Decimal: lambda value: f"{value:f}",
    datetime: datetime.isoformat,
    date: date.isoformat,
    bytes: lambda value: rf"\\x{value.hex()}",
    dict: _json,
    list: _json,
}
