"""`python -m bench`: every figure that docs/performance.md promises, in one run.

Prints a table and writes the same as JSON. Ends with 1 if something broke; a figure that falls
short is a row of the table, and no error.
"""

import argparse
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from bench import machine, table
from bench.measures import Measure, Measures, Missing, Size
from regalpos.environment import VAR

MODULES = ("checkout", "scan", "hot_empty", "live", "search", "history", "books", "start")


def main(arguments: list[str]) -> int:
    """Measure what was asked for; 1 if one of the modules broke."""
    given = _parse(arguments)
    size = Size(**{one.name: getattr(given, one.name) for one in fields(Size)})
    django.setup()
    _prepare()
    _log_to_nowhere()
    about = machine.facts()
    _say(", ".join(f"{name} {value}" for name, value in about.items()))
    _say(table.line(*table.HEAD))
    run = Run(size)
    for name in given.only or MODULES:
        run.measure(name)
    report = {"machine": about, "size": asdict(size), "seconds": run.seconds, "broken": run.broken}
    table.write(given.json, report, run.found)
    _say(f"\n{given.json}: {len(run.found)} measures, {len(run.broken)} modules broke")
    return 1 if run.broken else 0


@dataclass
class Run:
    """What was found so far, each row said as soon as it is known."""

    size: Size
    found: list[Measure | Missing] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)  # tracebacks by module
    seconds: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str) -> None:
        """All rows of a module; if it breaks, those that it had by then."""
        began = time.monotonic()
        try:
            for one in _rows(name, self.size):
                self.found.append(one)
                _say(table.row(one))
        except Exception:
            self.broken[name] = traceback.format_exc()
            _say(table.line(name, "-", "", "", "broken", ""))
            print(self.broken[name], file=sys.stderr, flush=True)
        self.seconds[name] = round(time.monotonic() - began, 1)


def _parse(arguments: list[str]) -> argparse.Namespace:
    size = Size()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=MODULES, help="these modules")
    parser.add_argument("--smoke", action="store_true", help="function only: no figure counts")
    parser.add_argument("--pairs", type=int, default=size.pairs, help="rounds of a comparison")
    parser.add_argument("--seconds", type=float, default=size.seconds, help="of each half")
    parser.add_argument("--clients", type=int, default=size.clients, help="tills at once")
    parser.add_argument("--products", type=int, default=size.products, help="of a large shop")
    parser.add_argument("--history", type=int, default=size.history, help="past sale lines")
    parser.add_argument("--json", type=Path, default=VAR / "bench.json", help="where to write it")
    return parser.parse_args(arguments)


def _prepare() -> None:
    """What several modules need: the servers' static files, and every language."""
    from bench import servers
    from regalpos import languages

    languages.compile_all()
    servers.collect_static()


def _log_to_nowhere() -> None:
    """Lines are made and written as in a shop, but the table is not among them."""
    nowhere = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)


def _rows(name: str, size: Size) -> Iterator[Measure | Missing]:
    try:
        module: Measures = import_module(f"bench.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"bench.{name}":
            raise
        yield Missing(name=name, why=f"no bench/{name}.py here")
    else:
        yield from module.measure(size)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
