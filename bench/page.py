"""The pages that people open, in Chromium: the report of the default job, and a large one of monitoring."""

from pathlib import Path

import pytest
from engine.tests.chromium import Page
from engine.tests.report.observations import large, report

from bench.measure import CommandError, Row, Run, tell
from bench.project import Project
from cairn.report.monitoring_page import monitoring_page

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
    watching = folder / "monitoring.html"
    watching.write_text(monitoring_page(report(large())), encoding="utf-8")
    pages = {"report page of the default job, opened": page, "monitoring page of 200 features x 100 windows": watching}
    return [Row.limit(what, [_opened(each) for _ in range(5)], most=SECONDS) for what, each in pages.items()]


def _opened(page: Path) -> Run:
    try:
        browser = Page()
    except pytest.skip.Exception as absent:
        raise CommandError(str(absent)) from None
    try:
        browser.open(page.as_uri())
        browser.send("Performance.enable")
        told = {each["name"]: each["value"] for each in browser.send("Performance.getMetrics")["metrics"]}
        return Run(wall=browser.run(LOADED) / 1000, cpu=told["ProcessTime"], peak=0.0)
    finally:
        browser.close()
