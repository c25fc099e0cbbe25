"""The report page of the default job, opened in Chromium."""

from pathlib import Path

import pytest
from tests.chromium import Page

from bench.measure import CommandError, Row, Run, tell
from bench.project import Project

SECONDS = 1.0
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"  # milliseconds since it was asked for


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure in a new browser each time, until the page's load event: all its charts stand in it as SVG."""
    project = Project(folder / "project")
    if quick:
        project.shrink()
    tell("  making the page")
    project.run("dvc", "repro")
    page = project.folder / "reports/index.html"
    return [Row.limit("report page of the default job, opened", [_opened(page) for _ in range(5)], most=SECONDS)]


def _opened(page: Path) -> Run:
    try:
        browser = Page()
    except pytest.skip.Exception as absent:
        raise CommandError(str(absent)) from None
    try:
        browser.open(page.as_uri())
        return Run(wall=browser.run(LOADED) / 1000, cpu=browser.cpu_seconds(), peak=0.0)
    finally:
        browser.close()
