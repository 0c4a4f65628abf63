"""What tests have to say about how full they were, shown at the end of the run."""

from collections.abc import Callable
from functools import partial

import pytest

Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """`tell("200 ids x 100 copies: 200 sales")`: stands under `figures` when all is done."""
    return partial(record_property, "figures")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of every test that told some, passed or failed, from every worker."""
    told = [
        (report.nodeid.rpartition("::")[2], words)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, words in report.user_properties
        if name == "figures"
    ]
    if told:
        terminalreporter.section("figures")
    for test, words in told:
        terminalreporter.line(f"{test}\n    {words}")
