"""Indexes that nothing asked went; every sale had paid for them (docs/adr/0015)."""

from django.db import migrations, models

from regalpos.indexes import DropIndexes


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0003_fewer_indexes"),
        ("people", "0002_ledgers"),
        ("sales", "0003_rollups"),
    ]

    operations = [
        DropIndexes(
            {
                "cart": ("cashier", "customer", "register", "salesman", "store"),
                "cartline": ("cart", "product"),
                "cartstep": ("cart", "product", "who"),
                "cashmove": ("sale", "shift", "who"),
                "journalrecord": ("register", "store"),
                "payment": ("sale", "tender"),
                "productday": ("product", "store"),
                "quote": ("register", "store", "user"),
                "registerday": ("register",),
                "sale": ("cashier", "customer", "register", "salesman", "shift", "store"),
                "saleattempt": ("device", "store", "user"),
                "saleline": ("product", "returns", "sale", "salesman"),
                "shifttender": ("shift", "tender"),
            }
        ),
        migrations.RemoveIndex(
            model_name="sale",
            name="sale_by_day",
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("state", "parked")), fields=["store"], name="cart_parked"
            ),
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("attempt__isnull", False)),
                fields=["attempt"],
                name="cart_by_attempt",
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(fields=["-occurred_at"], name="sale_by_time"),
        ),
        migrations.AddIndex(
            model_name="saleline",
            index=models.Index(
                condition=models.Q(("returns__isnull", False)),
                fields=["returns"],
                name="line_by_returned",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.UniqueConstraint(
                fields=("receipt_number",), name="sale_receipt_number_once"
            ),
        ),
        migrations.AlterField(
            model_name="sale",
            name="receipt_number",
            field=models.CharField(max_length=40),
        ),
    ]
