"""What a measure says, and how large its run is: the words that every file of `bench/` shares.

A file of measures is a module with `measure(size)`, which yields what it found. Each figure is a
ratio of two things measured in the same run, or a plain quantity where the design asks for one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large and how long. `smoke` asks for function only: seconds, and no figure counts."""

    smoke: bool = False
    pairs: int = 5
    seconds: float = 20.0
    clients: int = 8
    products: int = 1_000_000
    history: int = 5_000_000  # past sale lines


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One row of the table. `inputs` are the figures that `value` was made from."""

    name: str
    value: float
    floor: float
    goal: float
    unit: str = ""  # empty: a ratio
    more_is_better: bool = True
    inputs: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`goal`, `floor` or `short`."""
        for name, bound in (("goal", self.goal), ("floor", self.floor)):
            if self.value >= bound if self.more_is_better else self.value <= bound:
                return name
        return "short"


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A row that could not be measured here, and why. `inputs` are what was found of it."""

    name: str
    why: str
    inputs: dict[str, Any] = field(default_factory=dict)


class Measures(Protocol):
    """A module of `bench/` that measures something."""

    def measure(self, size: Size) -> Iterator[Measure | Missing]:
        """Each figure as soon as it is known."""
