"""What is written in a ledger stays, whoever asks; and each role has its rights and no more."""

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction

from regalpos.grants import apply_grants, ledger_tables
from tests.databases import Database

CHANGES = ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]


def test_every_ledger_refuses_change_even_from_its_owner(committed_db: Database) -> None:
    tables = ledger_tables()
    assert len(tables) >= 8
    with committed_db.connect("owner", autocommit=True) as owner:
        for table in tables:
            for change in CHANGES:
                with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                    owner.execute(change.format(table))


@pytest.mark.django_db
def test_the_app_is_not_granted_a_change_of_any_ledger() -> None:
    with connection.cursor() as cursor:
        for table in ledger_tables():
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute("SELECT has_table_privilege(%s, %s)", [table, right])
                assert cursor.fetchone() == (False,), (table, right)
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT, INSERT')", [table])
            assert cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_the_app_may_write_every_other_table_and_shape_none() -> None:
    others = {model._meta.db_table for model in apps.get_models()} - set(ledger_tables())
    assert "inventory_stocklevel" in others
    with connection.cursor() as cursor:
        for table in others:
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
                cursor.execute("SELECT has_table_privilege(%s, %s)", [table, right])
                assert cursor.fetchone() == (True,), (table, right)
        for shape in ("CREATE TABLE mine ()", "DROP TABLE people_store", "TRUNCATE people_store"):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(shape)


@pytest.mark.django_db
def test_the_app_cannot_claim_that_something_was_migrated() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations")


def test_the_report_role_reads_sales_and_writes_nothing(committed_db: Database) -> None:
    with committed_db.connect("report", autocommit=True) as report:
        assert report.execute("SELECT count(*) FROM sales_sale").fetchone() == (0,)
        for change in ("DELETE FROM sales_cart", "INSERT INTO people_store DEFAULT VALUES"):
            with pytest.raises(
                (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)
            ):
                report.execute(change)


@pytest.mark.parametrize(
    "secret", ["SELECT password FROM people_user", "SELECT * FROM django_session"]
)
def test_the_report_role_sees_no_secret(committed_db: Database, secret: str) -> None:
    with (
        committed_db.connect("report") as report,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        report.execute(secret)


def test_rights_given_twice_are_the_same_rights(committed_db: Database) -> None:
    before = _rights()
    apply_grants(connections["owner"])
    assert _rights() == before


def test_a_right_given_by_hand_is_taken_back(committed_db: Database) -> None:
    before = _rights()
    with connections["owner"].cursor() as cursor:
        cursor.execute("GRANT UPDATE, TRUNCATE ON sales_sale TO regal_app")
    assert _rights() != before
    apply_grants(connections["owner"])
    assert _rights() == before


def _rights() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relacl::text FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') ORDER BY 1"
        )
        return list(cursor.fetchall())
