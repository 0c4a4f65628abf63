"""What is written once stays: the database refuses to change these rows."""

from django.db import migrations

from regalpos.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = (("people", "0001_initial"),)

    operations = (
        AppendOnly("AuditEvent"),
        AppendOnly("StoreRules"),
    )
