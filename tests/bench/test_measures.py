"""What counts, and what does not."""

import time
from collections.abc import Mapping

import pytest

from bench.halves import Half, median, quiet, undisturbed
from bench.machine import Meter, Usage
from bench.measures import Measure, Missing
from bench.table import row


def half(per_second: float, others: float = 0.0) -> Half:
    return Half(
        count=100,
        per_second=per_second,
        p50_ms=1,
        p99_ms=2,
        app_ms=3,
        pg_ms=4,
        others=others,
        steal=0,
        disturbed=others > 0.3,
    )


@pytest.mark.parametrize(
    ("value", "more_is_better", "verdict"),
    [
        (3.0, True, "goal"),
        (2.0, True, "floor"),
        (1.9, True, "short"),
        (3.0, False, "short"),
        (2.0, False, "goal"),
    ],
)
def test_a_verdict_is_which_bound_was_reached(
    value: float, more_is_better: bool, verdict: str
) -> None:
    bounds = (2.0, 3.0) if more_is_better else (2.5, 2.0)
    found = Measure(
        name="a", value=value, floor=bounds[0], goal=bounds[1], more_is_better=more_is_better
    )
    assert found.verdict == verdict


def test_a_disturbed_half_is_taken_again_until_it_is_quiet() -> None:
    tries = iter([half(1, others=0.5), half(2), half(3)])
    assert undisturbed(lambda: next(tries), smoke=False).per_second == 2


def test_a_round_that_stayed_disturbed_does_not_count() -> None:
    rounds: list[Mapping[str, Half]] = [
        {"ours": half(10), "theirs": half(5)},
        {"ours": half(99, others=1.0), "theirs": half(1)},
        {"ours": half(12), "theirs": half(4)},
    ]
    assert len(quiet(rounds, "ours", "theirs")) == 2
    assert len(quiet(rounds, "theirs")) == 3
    assert median(rounds, lambda r: r["ours"].per_second / r["theirs"].per_second, "ours") == 2.5


def test_a_meter_counts_what_its_own_processes_spend() -> None:
    meter = Meter(idle=[])
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    usage = meter.stop()
    assert usage.spent["bench"] >= 0.15
    assert usage.spent["idle"] == 0


def test_a_busy_neighbour_disturbs() -> None:
    assert Usage(seconds=1, spent={}, others=0.31, steal=0).disturbed
    assert Usage(seconds=1, spent={}, others=0, steal=0.21).disturbed
    assert not Usage(seconds=1, spent={}, others=0.3, steal=0.2).disturbed


def test_a_row_says_what_it_was_made_from() -> None:
    found = Measure(name="a / b", value=2.5, floor=2, goal=3, inputs={"a": 5.0, "b": {"ms": 2.0}})
    said = " ".join(row(found).split())
    assert said == "a / b 2.5 >= 2 >= 3 floor a: 5, b: {ms 2}"
    assert "missing" in row(Missing(name="a / b", why="no b here"))
