"""Ledgers: tables whose rows are written once and never changed, whoever asks.

Two walls hold that. Triggers refuse UPDATE, DELETE and TRUNCATE to every role, the owner
included (`AppendOnly`, run in a migration). The app's role is not granted them either
(`grants.py`), so that dropping a trigger by mistake changes nothing for the app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.migrations.operations.base import Operation

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState

REFUSE = """
CREATE OR REPLACE FUNCTION regal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Post a correcting row; what was written stays.';
END
$$
"""
# Statement triggers: they also refuse a change that meets no row, and cost an INSERT nothing.
INSTALL = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION regal_refuse_change()
"""
REMOVE = "DROP TRIGGER IF EXISTS append_only ON {table}"


class Ledger(models.Model):
    """A model whose rows are only ever added; `audit`, grants and triggers go by the mark."""

    append_only: ClassVar[bool] = True

    class Meta:
        abstract = True


class AppendOnly(Operation):
    """After it, PostgreSQL refuses UPDATE, DELETE and TRUNCATE on the model's table to everyone."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing changes in the models."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Install the trigger, and the one function that all ledgers share."""
        table = self._table(app_label, schema_editor, to_state)
        if table:
            schema_editor.execute(REFUSE, params=None)  # its % are not placeholders
            schema_editor.execute(INSTALL.format(table=table))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove the trigger; the function stays for the other ledgers."""
        table = self._table(app_label, schema_editor, from_state)
        if table:
            schema_editor.execute(REMOVE.format(table=table))

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Make {self.model_name} append-only"

    @property
    def migration_name_fragment(self) -> str:
        """What `makemigrations` would call a migration with only this in it."""
        return f"{self.model_name.lower()}_append_only"

    def _table(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState
    ) -> str | None:
        model: Any = state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return None
        return schema_editor.quote_name(model._meta.db_table)
