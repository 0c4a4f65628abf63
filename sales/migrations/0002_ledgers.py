"""What is written once stays: the database refuses to change these rows."""

from django.db import migrations

from regalpos.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = (("sales", "0001_initial"),)

    operations = (
        AppendOnly("CartStep"),
        AppendOnly("CashMove"),
        AppendOnly("JournalRecord"),
        AppendOnly("Payment"),
        AppendOnly("Sale"),
        AppendOnly("SaleLine"),
    )
