"""A migration's way to take indexes away from columns, and to touch nothing else."""

from typing import Any

from django.db.migrations.operations.base import Operation
from django.db.models import Index


class DropIndexes(Operation):
    """These columns have no index of their own any more; their foreign keys stand untouched.

    `AlterField` would make each key anew, and read every row of a ledger to check what was never
    in doubt. Indexes that a model names, and those of constraints, are not a column's own.
    """

    reversible = True

    def __init__(self, fields: dict[str, tuple[str, ...]]) -> None:
        self.fields = fields  # of each model, in small letters

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models say so, all at once: Django would build every model again for each field."""
        for model, names in self.fields.items():
            fields = state.models[app_label, model].fields
            for name in names:
                fields[name] = fields[name].clone()
                fields[name].db_index = False
        state.reload_models({(app_label, model) for model in self.fields}, delay=True)

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """At once, whatever the size of the table."""
        for model, fields in self._columns(app_label, before):
            named = {index.name for index in model._meta.indexes}
            for field in fields:
                for name in editor._constraint_names(
                    model,
                    [field.column],
                    index=True,
                    unique=False,
                    type_=Index.suffix,
                    exclude=named,
                ):
                    editor.execute(editor._delete_index_sql(model, name))

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """They are built again."""
        for model, fields in self._columns(app_label, after):
            for field in fields:
                editor.execute(editor._create_index_sql(model, fields=[field]))

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Drop the indexes of columns of {', '.join(self.fields)}"

    def _columns(self, app_label: str, state: Any) -> list[tuple[Any, list[Any]]]:
        models = [state.apps.get_model(app_label, name) for name in self.fields]
        return [
            (model, [model._meta.get_field(name) for name in names])
            for model, names in zip(models, self.fields.values(), strict=True)
        ]
