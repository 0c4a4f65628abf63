"""A column's own index goes and comes back; keys and the indexes that have a name stay."""

from importlib import import_module

from django.core.management import call_command
from django.db import connections

from regalpos.indexes import DropIndexes
from tests.databases import Database

INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
KEYS = "SELECT oid, conname FROM pg_constraint WHERE contype = 'f'"


def seen(query: str) -> set[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())


def dropped(migration: str) -> int:
    operations = import_module(migration).Migration.operations
    found = [one for one in operations if isinstance(one, DropIndexes)]
    return sum(len(names) for one in found for names in one.fields.values())


def test_indexes_come_back_and_go_again_and_no_key_is_made_anew(committed_db: Database) -> None:
    today = seen(INDEXES)
    call_command("migrate", "sales", "0004", database="owner", verbosity=0)
    few, keys = seen(INDEXES), seen(KEYS)

    for app, before in (("sales", "0003"), ("inventory", "0002")):
        call_command("migrate", app, before, database="owner", verbosity=0)
    many = seen(INDEXES)
    back = {name for (name,) in many - few}
    named = {name for (name,) in few - many}
    assert named == {
        "cart_by_attempt", "cart_parked", "line_by_returned", "sale_by_time",
        "sale_receipt_number_once",
    }  # fmt: skip
    # Beside the columns' own: of a day, and of the receipt number with its twin for LIKE.
    own = dropped("sales.migrations.0004_fewer_indexes")
    assert len(back) == own + dropped("inventory.migrations.0003_fewer_indexes") + 3

    call_command("migrate", database="owner", verbosity=0)
    assert seen(INDEXES) == today
    assert keys <= seen(KEYS)
