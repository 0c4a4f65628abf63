"""A sale's statements told twice: as the body of a function, and as a script of pgbench."""

import re
from collections.abc import Callable

from bench.pgbench.steps import CONSTANTS, Step, bare, steps

NAMED = re.compile(r"%\((\w+)\)s")
DRAWS = 12  # so many numbers hold five different ones, but for once in a blue moon
LIKE_ZIPF = 1.001  # the smallest exponent that pgbench takes


def draws(goods: int, *, zipf: bool) -> str:
    """The script's beginning: the numbers of some products."""
    way = f"random_zipfian(1, {goods}, {LIKE_ZIPF})" if zipf else f"random(1, {goods})"
    return "".join(f"\\set draw{n} {way}\n" for n in range(DRAWS))


def one_call() -> str:
    """The rest of the script, where a sale is one call of the function."""
    return f"SELECT bench.sell({_till()}, {_drawn()});\n"


def as_function() -> str:
    """The function `bench.sell`, which sells once."""

    def value(name: str) -> str:
        return f"v_{name}"

    known = _known(steps())
    declared = "".join(f"    v_{name} {kind};\n" for name, kind in known.items())
    body = "".join(f"    {_with(step, value)}{_into(step)};\n" for step in steps())
    return f"""
CREATE FUNCTION bench.sell(v_till int, v_drawn int[]) RETURNS void LANGUAGE plpgsql AS $sell$
DECLARE
{declared}    v_row record;
BEGIN
{body}END
$sell$
"""


def as_script() -> str:
    """The rest of the script, where every statement is sent by itself."""
    types = _known(steps())
    given = {"till": _till(), "drawn": _drawn()}

    def value(name: str) -> str:
        return given.get(name) or f"CAST(:{name} AS {types[name]})"

    told = [f"{_with(step, value)}{' \\gset' if step.gives else ';'}\n" for step in steps()]
    return "".join(["BEGIN;\n", *told, "COMMIT;\n"])


def _known(all_of_them: list[Step]) -> dict[str, str]:
    return {name: kind for step in all_of_them for name, kind in step.gives.items()}


def _with(step: Step, value: Callable[[str], str]) -> str:
    return NAMED.sub(lambda found: CONSTANTS.get(found[1]) or value(found[1]), bare(step.sql))


def _into(step: Step) -> str:
    """Where a function puts a step's row; one that is only to be written returns none."""
    if step.gives:
        return " INTO " + ", ".join(f"v_{name}" for name in step.gives)
    return "" if "UPDATE sales_saleattempt" in step.sql else " INTO v_row"


def _till() -> str:
    return "CAST(:client_id AS int) + 1"


def _drawn() -> str:
    return f"ARRAY[{', '.join(f'CAST(:draw{n} AS int)' for n in range(DRAWS))}]"
