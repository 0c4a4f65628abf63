"""What each database role may do, given by the owner after every migrate.

The app reads and writes rows, adds to ledgers without changing them, and touches no table's
shape. The report role reads, and no secret. Which table is a ledger is the model's own word
(`append_only`), so a new ledger needs no list here.
"""

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

REPORT_ROLE = "regal_report"
# Only the owner may say what was migrated.
READ_ONLY = {"django_migrations"}
UNREPORTED = {"django_session", "mfa_authenticator", "usersessions_usersession"}
SECRETS = {"password", "pin_hash", "key_hash", "token_hash"}


def apply_grants(connection: BaseDatabaseWrapper) -> None:
    """App and report roles have exactly their rights on all tables; run by the owner, repeatable.

    Where one role does everything there is nobody to hold back: nothing changes, and
    `check --deploy` says so.
    """
    app_role = settings.DATABASES["default"]["USER"]
    owner = connection.settings_dict["USER"]
    if connection.vendor != "postgresql" or app_role == owner:
        return
    tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        roles = [app_role]
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [REPORT_ROLE])
        if cursor.rowcount:
            roles.append(REPORT_ROLE)
        for statement in _frame(connection.settings_dict["NAME"], roles):
            cursor.execute(statement)
        for table in sorted(present):
            model = tables.get(table)
            cursor.execute(_app_rights(table, model, app_role))
            if REPORT_ROLE in roles and (rights := _report_rights(table, model)):
                cursor.execute(rights)


def ledger_tables() -> list[str]:
    """The tables of all append-only models."""
    models_ = apps.get_models(include_auto_created=True)
    return sorted(model._meta.db_table for model in models_ if is_ledger(model))


def is_ledger(model: type[models.Model] | None) -> bool:
    """Are the rows of `model` only ever added?"""
    return bool(getattr(model, "append_only", False))


def _frame(database: str, roles: list[str]) -> list[sql.Composed]:
    """Start from nothing, so that a right that was dropped here is dropped there."""
    names = sql.SQL(", ").join(map(sql.Identifier, roles))
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), names),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(names),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(names),
        sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}").format(names),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(
            sql.Identifier(roles[0])
        ),
    ]


def _app_rights(table: str, model: type[models.Model] | None, role: str) -> sql.Composed:
    rights = "SELECT, INSERT, UPDATE, DELETE"
    if table in READ_ONLY:
        rights = "SELECT"
    elif is_ledger(model):
        rights = "SELECT, INSERT"
    return _grant(sql.SQL(rights), table, role)


def _report_rights(table: str, model: type[models.Model] | None) -> sql.Composed | None:
    if model is None or table in UNREPORTED:
        return None
    columns = [str(field.column) for field in model._meta.local_concrete_fields]
    shown = [column for column in columns if column not in SECRETS]
    if shown == columns:
        return _grant(sql.SQL("SELECT"), table, REPORT_ROLE)
    names = sql.SQL(", ").join(map(sql.Identifier, shown))
    return _grant(sql.SQL("SELECT ({})").format(names), table, REPORT_ROLE)


def _grant(rights: sql.Composable, table: str, role: str) -> sql.Composed:
    return sql.SQL("GRANT {} ON {} TO {}").format(
        rights, sql.Identifier(table), sql.Identifier(role)
    )
