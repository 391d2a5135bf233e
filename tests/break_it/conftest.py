"""The table at the end: which test caught which edit."""

from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    caught = [
        value
        for reports in (terminalreporter.getreports("passed"), terminalreporter.getreports("failed"))
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "caught" and report.when == "call"
    ]
    if caught:
        terminalreporter.section("wrong edits and what caught them")
        for line in sorted(caught):
            terminalreporter.write_line(line)
