"""A deterministic demo shop: two stores, their people, a catalogue and months of trade."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from regalpos.errors import Refusal
from sales.services.demo import load_demo


class Command(BaseCommand):
    help = "Fill an empty database with the demo shop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=500)
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, **options: Any) -> None:
        started = time.monotonic()
        try:
            rows = load_demo(
                products=options["products"], days=options["days"], seed=options["seed"]
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        took = time.monotonic() - started
        self.stdout.write(
            f"Demo shop: {options['products']} products, {len(rows.sales)} sales in "
            f"{options['days']} days, {took:.1f} s."
        )
