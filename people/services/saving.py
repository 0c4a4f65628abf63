"""Rows that keep their own rules: a breach is told by field, whoever finds it first."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.functional import Promise

from regalpos.errors import Invalid

# What a constraint means to the person at the form: its field, and the words.
type Taken = dict[str, tuple[str, str | Promise]]


def save_valid(row: models.Model, *, taken: Taken | None = None) -> None:
    """The row is saved, or Invalid says which field breaks which rule. Call inside a transaction.

    What a constraint forbids only the database knows for sure: its refusal is put into words.
    """
    check_fields(row)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if constraint not in (taken or {}):
            raise
        field, words = (taken or {})[constraint]
        raise Invalid(fields={field: [str(words)]}) from error


def check_fields(row: models.Model) -> None:
    """Every column holds what its own rules allow; else Invalid with the fields."""
    broken: dict[str, list[str]] = {}
    try:
        row.clean_fields(exclude=["password"])
    except ValidationError as error:
        broken = {name: list(words) for name, words in error.message_dict.items()}
    for column in row._meta.concrete_fields:
        if "\x00" in str(getattr(row, column.attname)):
            broken[column.name] = ["NUL"]
    if broken:
        raise Invalid(fields=broken)


def facts_of(row: models.Model, *names: str) -> dict[str, Any]:
    """The named columns as the trail can keep them: numbers and ids as text."""
    plain = (str, int, bool, list, dict, type(None))
    values = {name: getattr(row, name) for name in names}
    return {name: v if isinstance(v, plain) else str(v) for name, v in values.items()}


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of what differs, and nothing else."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
