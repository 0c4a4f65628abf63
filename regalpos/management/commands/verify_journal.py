"""Does the journal hold? 0: it does. 1: it is broken, where and why. 2: nobody can tell."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from sales.reports.journal_check import check_journal


class Command(BaseCommand):
    help = "Verify the journal of every register. Exit 0 good, 1 broken, 2 cannot tell."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        try:
            verdict = check_journal()
        except DatabaseError as error:
            self.stderr.write(f"Cannot tell: {error}")
            raise SystemExit(2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"holds": verdict.holds, **asdict(verdict)}, indent=1))
        else:
            for found in verdict.breaks:
                self.stdout.write(
                    f"BROKEN register {found.register} {found.epoch}/{found.seq}: {found.why}"
                )
            told = "The journal holds" if verdict.holds else "The journal is broken"
            self.stdout.write(f"{told}: {verdict.records} records in {verdict.chains} chains.")
        if not verdict.holds:
            raise SystemExit(1)
