"""A plugin of pytest: how many seconds each part of the tests took, all workers together."""

from collections import Counter

import pytest

SECONDS: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    part = "engine" if report.nodeid.startswith("engine/") else "project"
    SECONDS[f"slow tests of the {part}" if "slow" in report.keywords else f"fast tests of the {part}"] += (
        report.duration
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for part, seconds in sorted(SECONDS.items()):
        terminalreporter.write_line(f"took: {part}: {seconds:,.0f} s of the workers' time")
