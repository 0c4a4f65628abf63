"""Indexes that nothing asked went; every sale had paid for them (docs/adr/0015)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from regalpos.indexes import DropIndex


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0002_ledgers"),
        ("people", "0002_ledgers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        DropIndex(
            model_name="stockhold",
            name="holder",
            field=models.UUIDField(),
        ),
        DropIndex(
            model_name="stockhold",
            name="product",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.product",
            ),
        ),
        DropIndex(
            model_name="stockhold",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.store",
            ),
        ),
        DropIndex(
            model_name="stocklevel",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="levels",
                to="people.store",
            ),
        ),
        DropIndex(
            model_name="stockmove",
            name="level",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moves",
                to="inventory.stocklevel",
            ),
        ),
        DropIndex(
            model_name="stockmove",
            name="lot",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moves",
                to="inventory.lotlevel",
            ),
        ),
        DropIndex(
            model_name="stockmove",
            name="who",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
