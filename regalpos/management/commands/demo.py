"""A deterministic demo shop: two stores, their people, a catalogue and months of trade."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from regalpos.errors import Refusal
from sales.services.demo import load_demo

LARGE = 20_000  # rows of anything


class Command(BaseCommand):
    help = "Fill an empty database with the demo shop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=500)
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--history-lines", type=int, default=0, help="sold lines before those days"
        )

    def handle(self, **options: Any) -> None:
        started = time.monotonic()
        try:
            rows = load_demo(
                products=options["products"],
                days=options["days"],
                seed=options["seed"],
                history_lines=options["history_lines"],
                tell=self._tell(started),
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        took = time.monotonic() - started
        self.stdout.write(
            f"Demo shop: {options['products']} products, {len(rows.sales)} sales in "
            f"{options['days']} days, {took:.1f} s."
        )
        if max(options["products"], options["history_lines"]) > LARGE:
            self._settle()

    def _tell(self, started: float) -> Callable[[str], None]:
        return lambda words: self.stdout.write(f"{time.monotonic() - started:6.0f} s  {words}")

    def _settle(self) -> None:
        """What autovacuum would come to in its own time: the planner knows how large all is."""
        connection = connections["owner"]
        try:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")
        finally:
            connection.close()
