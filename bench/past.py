"""Years of past sales, made from one real day: the services' own rows, dated back."""

from datetime import date
from typing import Any, LiteralString

from django.db import connections, models

from sales.books import INVARIANTS
from sales.checkout_sql import rollups
from sales.models import Payment, ProductDay, RegisterDay, Sale, SaleLine

# What a copy must keep true. The journal and the drawers tell of the real day alone.
KEPT = {
    "sale_is_the_sum_of_its_lines",
    "sale_is_paid_exactly",
    "document_keeps_one_currency",
    "product_days_are_their_lines",
    "register_days_are_their_sales",
}


def copy_back(days: int, day: date) -> int:
    """What was sold on `day` was sold on each of the `days` before, too; how many sales there are.

    Sales, lines, payments, and the sums that reports read, each summed anew from them. The owner
    writes them; raises RuntimeError if an audit would find them different from real ones.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    copied = {"sale_id": _key("sale_id"), "id": _key("id")}
    _copy(
        Sale,
        {
            "id": _key("id"),
            "number": "number + 1000000 * past",
            "receipt_number": "left(receipt_number, 32) || '-' || past",
            "occurred_at": "occurred_at - past * interval '1 day'",
            "recorded_at": "recorded_at - past * interval '1 day'",
            "business_day": "business_day - past",
            "shift_id": "NULL",  # their drawers are not told of
        },
        days,
    )
    for model in (SaleLine, Payment):
        _copy(model, copied, days)
    ProductDay.objects.all().delete()
    RegisterDay.objects.all().delete()
    rollups.fill()
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    broken = {rule.name for rule in INVARIANTS if rule.name in KEPT and not rule.check().holds}
    sales = Sale.objects.count()
    if broken or Sale.objects.filter(business_day=day).count() * (days + 1) != sales:
        raise RuntimeError(f"copied sales are not like real ones: {sales} {broken}")
    return sales


def _key(column: str) -> str:
    """A key that is the same wherever a copied row is named."""
    return f"md5({column}::text || past)::uuid"


def _copy(model: type[models.Model], changed: dict[str, str], days: int) -> None:
    columns: list[Any] = [field.column for field in model._meta.concrete_fields]
    table = model._meta.db_table
    chosen = ", ".join(changed.get(column, column) for column in columns)
    statement: LiteralString = (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608  (columns of ours)
        f" SELECT {chosen} FROM {table}, generate_series(1, %s) AS past"
    )
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, [days])
