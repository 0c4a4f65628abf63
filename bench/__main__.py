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
from dataclasses import asdict, fields
from importlib import import_module
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from bench import machine, table
from bench.measures import Measure, Measures, Missing, Size
from regalpos.environment import VAR

MODULES = ("checkout", "scan", "hot_empty", "live", "search", "history", "books", "start")


def main(arguments: list[str]) -> int:
    """Measure what was asked for; how many of the modules broke, as an exit status."""
    given = _parse(arguments)
    size = Size(**{one.name: getattr(given, one.name) for one in fields(Size)})
    django.setup()
    _prepare()
    _log_to_nowhere()
    report = {"machine": machine.facts(), "size": asdict(size), "modules": {}}
    found: list[Measure | Missing] = []
    broken: dict[str, str] = {}
    print(", ".join(f"{name} {value}" for name, value in report["machine"].items()), flush=True)
    print(table.line(*table.HEAD), flush=True)
    for name in given.only or MODULES:
        began = time.monotonic()
        try:
            module = _module(name)
            if module is None:
                said: list[Measure | Missing] = [Missing(name=name, why=f"no bench/{name}.py here")]
                found += said
                print(table.row(said[0]), flush=True)
                continue
            for one in module.measure(size):
                found.append(one)
                print(table.row(one), flush=True)
        except Exception:
            broken[name] = traceback.format_exc()
            print(table.line(name, "-", "", "", "broken", ""), flush=True)
            print(broken[name], file=sys.stderr, flush=True)
        report["modules"][name] = {"seconds": round(time.monotonic() - began, 1)}
    table.write(given.json, {**report, "broken": broken}, found)
    print(f"\n{given.json}: {len(found)} measures, {len(broken)} modules broke")
    return 1 if broken else 0


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


def _module(name: str) -> Measures | None:
    """A file of measures; None if it is not there."""
    try:
        return import_module(f"bench.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"bench.{name}":
            raise
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
