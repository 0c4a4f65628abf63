"""A migration's way to take an index away from a column, and to touch nothing else."""

from typing import Any

from django.db.migrations import AlterField
from django.db.models import Index


class DropIndex(AlterField):
    """The column has no index of its own any more; its foreign key stands untouched.

    `AlterField` would make the key anew, and read every row of a ledger to check what was never
    in doubt. Indexes that the model names, and those of constraints, are not the column's own.
    """

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """At once, whatever the size of the table."""
        model = before.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        named = {index.name for index in model._meta.indexes}
        for name in editor._constraint_names(
            model, [column], index=True, unique=False, type_=Index.suffix, exclude=named
        ):
            editor.execute(editor._delete_index_sql(model, name))

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """The index is built again."""
        model = after.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        editor.execute(editor._create_index_sql(model, fields=[field]))
