"""How the page of monitoring says times, figures and measures."""

from dataclasses import replace

import pytest
from engine.tests.report.observations import finding, record, report

from cairn.report import monitoring_text
from cairn.report.series import build_series


def test_a_whole_day_is_said_as_that_day():
    (window,) = report(record([], windows=1)).windows
    day = replace(window, start="2026-03-07T00:00:00Z", end="2026-03-08T00:00:00Z")
    assert monitoring_text.period(day) == "7 Mar"
    hours = replace(window, start="2026-03-07T08:00:00Z", end="2026-03-07T14:30:00Z")
    assert monitoring_text.period(hours) == "7 Mar 08:00 to 7 Mar 14:30"


@pytest.mark.parametrize(
    ("measure", "value", "said"),
    [
        ("missing_share", 0.184, "18.4\u00a0%"),
        ("missing_share", 0.0004, "0.04\u00a0%"),
        ("missing_share", 0.0, "0\u00a0%"),
        ("seconds_p95", 0.0042, "4.2\u00a0ms"),
        ("seconds_p95", 1.5, "1.5\u00a0s"),
        ("rows", 1812, "1,812"),
        ("roc_auc", None, "–"),
    ],
)
def test_a_figure_is_spelt_in_the_unit_of_its_measure(measure, value, said):
    assert monitoring_text.format_value(measure, value) == said


def test_a_measure_that_is_not_known_is_named_all_the_same():
    assert monitoring_text.measure("new_figure") == "new figure"
    assert monitoring_text.measure("roc_auc") == "ROC AUC"


@pytest.mark.parametrize(
    ("area", "subject", "measure", "value", "said"),
    [
        ("estimate", "", "roc_auc", 0.8, "ROC AUC is expected to be 0.8"),
        ("performance", "", "roc_auc", 0.8, "ROC AUC is 0.8"),
        ("performance", "city=Rome", "log_loss", 0.4, "Log loss of city=Rome is 0.4"),
        ("quality", "age", "changed", 1.0, "age is not the column that the model knows"),
    ],
)
def test_what_happened_is_one_plain_sentence(area, subject, measure, value, said):
    (each,) = build_series(report(record([finding(0, area, subject, measure, value)], windows=2)))
    assert monitoring_text.headline(each) == said
