"""Do the books balance? Every invariant, how many rows it looked at, and what breaks it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

import inventory.books
import sales.books

INVARIANTS = [*inventory.books.INVARIANTS, *sales.books.INVARIANTS]


class Command(BaseCommand):
    help = "Check every invariant of the books. Exit 1 and the rows that break one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        with connection.cursor() as cursor:
            # To look through years of sales takes longer than a till may wait.
            cursor.execute("SET statement_timeout = 0")
        findings = [(invariant, invariant.check()) for invariant in INVARIANTS]
        holds = all(finding.holds for _invariant, finding in findings)
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "holds": holds,
                        "invariants": [
                            {
                                "name": invariant.name,
                                "sentence": invariant.sentence,
                                "examined": finding.examined,
                                "broken": finding.broken,
                            }
                            for invariant, finding in findings
                        ],
                    },
                    default=str,
                    indent=1,
                )
            )
        else:
            for invariant, finding in findings:
                mark = "ok    " if finding.holds else "BROKEN"
                self.stdout.write(f"{mark} {finding.examined:>9}  {invariant.sentence}")
                for row in finding.broken:
                    self.stdout.write(f"       {json.dumps(row, default=str)}")
            self.stdout.write("The books balance." if holds else "The books do not balance.")
        if not holds:
            raise SystemExit(1)
