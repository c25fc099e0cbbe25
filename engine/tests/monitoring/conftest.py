"""A run of monitoring as it would be measured: three days, of which the second drifts and the third is not over."""

from datetime import UTC, datetime, timedelta

import pytest

from cairn.monitoring import export, verdict
from cairn.monitoring.documents import MonitoredModel, Reference, Request, RowCounts
from cairn.monitoring.finding import Finding, Window
from cairn.monitoring.settings import Settings

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOWS = [Window(n, START + timedelta(days=n), START + timedelta(days=n + 1), 1000) for n in range(3)]
MEASURED = [
    Finding(0, "drift", "age", "js_distance", 0.01, 0.0, 0.01, 0.5, rows=1000),
    Finding(1, "drift", "age", "js_distance", 0.31, 0.0, 0.31, 1e-9, rows=1000),
    Finding(1, "drift", "city", "js_distance", 0.06, 0.0, 0.06, 1e-9, rows=1000),
    Finding(2, "drift", "city", "js_distance", 0.5, 0.0, 0.5, 1e-9, rows=1000),
    Finding(0, "performance", "roc_auc", "roc_auc", 0.6, 0.8, 0.25, 0.001, rows=900),
    Finding(1, "performance", "roc_auc", "roc_auc", None, 0.8, note="no labels yet"),
]


BASELINE = Reference(kind="baseline", rows=4000, since=None, until=None)


def made(
    findings=MEASURED, *, windows=WINDOWS, full=(0, 1), version="v0.0.3", labelled=None, reference=BASELINE, troubles=()
):
    settings = Settings()
    context = export.Context(
        made="2026-03-03T12:00:00Z",
        model=MonitoredModel(
            name="model",
            version=version,
            stage="prod",
            commit=None,
            folder="models/model",
            task="binary",
            target="bought",
            classes=[False, True],
        ),
        reference=reference,
        asked=Request(since=None, until=None, window="1d", captured=["data/captured"], labels=None),
        rows=RowCounts(
            recorded=sum(window.rows for window in windows),
            labelled=None if labelled is None else sum(labelled.values()),
            others={},
        ),
        distributions={},
        prediction=None,
        troubles=list(troubles),
    )
    return export.build_report(context, windows, set(full), verdict.judge(findings, settings), settings, labelled)


@pytest.fixture
def content_of():
    """Return `content_of(findings, ...) -> MonitoringReport`; the default findings are those above."""
    return made
