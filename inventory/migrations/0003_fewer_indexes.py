"""Indexes that nothing asked went; every sale had paid for them (docs/adr/0015)."""

from django.db import migrations

from regalpos.indexes import DropIndexes


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_ledgers")]

    operations = [
        DropIndexes(
            {
                "stockhold": ("holder", "product", "store"),
                "stocklevel": ("store",),
                "stockmove": ("level", "lot", "who"),
            }
        )
    ]
