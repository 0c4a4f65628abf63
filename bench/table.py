"""The figures as people read them, and as programs do."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.measures import Measure, Missing

WIDTHS = (52, 14, 10, 10, 8)
HEAD = ("measure", "value", "floor", "goal", "verdict", "inputs")


def line(*cells: str) -> str:
    """One row: the first five cells in columns, the last as long as it is."""
    *columns, last = cells
    return "  ".join([*map(str.ljust, columns, WIDTHS), last])


def row(found: Measure | Missing) -> str:
    """A measure as one line."""
    inputs = ", ".join(f"{name}: {_plain(what)}" for name, what in found.inputs.items())
    if isinstance(found, Missing):
        return line(found.name, "-", "", "", "missing", f"{found.why}. {inputs}")
    bounds = [f"{'>=' if found.more_is_better else '<='} {b:g}" for b in (found.floor, found.goal)]
    value = f"{found.value:.3g} {found.unit}".strip()
    return line(found.name, value, *bounds, found.verdict, inputs)


def write(path: Path, report: dict[str, Any], found: list[Measure | Missing]) -> None:
    """The run as JSON: `report` (machine, size, what broke) and every measure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {**asdict(one), "verdict": one.verdict if isinstance(one, Measure) else "missing"}
        for one in found
    ]
    path.write_text(json.dumps({**report, "measures": rows}, indent=1, default=str) + "\n")


def _plain(what: Any) -> str:
    if isinstance(what, dict):
        return "{" + ", ".join(f"{name} {_plain(one)}" for name, one in what.items()) + "}"
    return f"{what:g}" if isinstance(what, float) else str(what)
