"""Drift of features and predictions, and what is none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from engine.tests.monitoring.models import baseline
from scipy.spatial.distance import jensenshannon

from cairn.monitoring.documents import PeriodDistances
from cairn.monitoring.drift import measure_drift, past_distances
from cairn.monitoring.finding import Window
from cairn.monitoring.histograms import Counts

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86_400
BASELINE = baseline(
    {
        "city": {"kind": "category", "levels": ["Oslo", "Rome"], "rows": [20_000, 20_000, 0], "missing": 0},
        "month": {"kind": "number", "edges": list(range(13)), "rows": [0, *[1_000] * 12, 0], "missing": 0},
    },
    {"kind": "probability", "edges": [0.0, 0.5, 1.0], "rows": [0, 2_000, 2_000, 0], "missing": 0},
)


def windows(number: int, length: float = DAY) -> list[Window]:
    steps = [START + timedelta(seconds=length * place) for place in range(number + 1)]
    return [Window(place, steps[place], steps[place + 1], 0) for place in range(number)]


def counts(city=None, month=None, prediction=None) -> Counts:
    columns = {name: np.array(rows) for name, rows in {"city": city, "month": month}.items() if rows is not None}
    rows = next(iter(columns.values())).sum(axis=1)
    said = np.array([[0, each // 2, each - each // 2, 0, 0] for each in rows]) if prediction is None else prediction
    return Counts(columns, np.array(said), rows)


def months(*rows: int, month: int) -> list[list[int]]:
    return [[0, *[each if place == month else 0 for place in range(1, 13)], 0, 0] for each in rows]


def by(findings, area="drift", subject="city"):
    return [each for each in findings if (each.area, each.subject) == (area, subject)]


def test_a_window_as_the_baseline_is_no_drift_and_another_is():
    found = by(measure_drift(counts(city=[[500, 500, 0, 0], [900, 100, 0, 0]]), BASELINE, windows(2)))
    assert (found[0].value, found[0].change, found[0].p_value) == (0, 0, 1)
    expected = jensenshannon([0.9, 0.1], [0.5, 0.5], base=2)
    assert found[1].value == pytest.approx(expected, abs=0.002)
    assert found[1].change == found[1].value
    assert found[1].p_value < 1e-10
    assert [each.rows for each in found] == [1_000, 1_000]


def test_what_is_missing_is_left_to_quality():
    found = by(measure_drift(counts(city=[[50, 50, 0, 900], [0, 0, 0, 5], [0, 0, 0, 0]]), BASELINE, windows(3)))
    assert (found[0].value, found[0].rows) == (0, 100)
    assert [(each.value, each.note) for each in found[1:]] == [(None, "every value is missing"), (None, "no rows")]


def test_p_values_are_corrected_over_the_features_of_a_window():
    alone = by(measure_drift(counts(city=[[560, 440, 0, 0]]), BASELINE, windows(1)))[0]
    month = [[0, *[80] * 12, 0, 40]]
    both = by(measure_drift(counts(city=[[560, 440, 0, 0]], month=month), BASELINE, windows(1)))[0]
    assert both.p_value == pytest.approx(2 * alone.p_value)


def test_a_calendar_column_that_history_has_shown_is_no_drift():
    shown = replace(
        BASELINE, history=[PeriodDistances(seconds=DAY, windows=365, columns={"month": 0.885}, prediction=0.0)]
    )
    rows = counts(month=months(300, 300, month=7))
    assert all(each.change > 0.8 for each in by(measure_drift(rows, BASELINE, windows(2)), subject="month"))
    assert all(each.change < 0.01 for each in by(measure_drift(rows, shown, windows(2)), subject="month"))


def test_a_shift_beyond_what_history_has_shown_is_drift():
    shown = replace(
        BASELINE, history=[PeriodDistances(seconds=DAY, windows=365, columns={"city": 0.1}, prediction=0.0)]
    )
    (found,) = by(measure_drift(counts(city=[[100, 900, 0, 0]]), shown, windows(1)))
    assert found.reference == 0.1
    assert found.change == pytest.approx(found.value - 0.1)
    assert found.change > 0.2


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1, 0.5), (24, 0.5), (72, 0.5), (7 * 24, 0.3), (10 * 24, 0.3), (60 * 24, 0.2)],
)
def test_a_window_is_held_against_periods_as_long_as_it_and_longer_ones(hours, expected):
    lengths = [(DAY, 0.5), (7 * DAY, 0.3), (28 * DAY, 0.2)]
    past = [
        PeriodDistances(seconds=length, windows=9, columns={"city": far}, prediction=far) for length, far in lengths
    ]
    (window,) = windows(1, hours * 3_600)
    assert past_distances(replace(BASELINE, history=past), window) == {"city": expected, "": expected}


def test_predictions_drift_too():
    found = measure_drift(counts(city=[[500, 500, 0, 0]], prediction=[[0, 900, 100, 0, 0]]), BASELINE, windows(1))
    (said,) = by(found, "prediction", "")
    assert said.value == pytest.approx(jensenshannon([0.9, 0.1], [0.5, 0.5], base=2), abs=0.002)


def test_recorded_windows_may_stand_in_for_the_baseline():
    now, before = counts(city=[[900, 100, 0, 0]]), counts(city=[[450, 50, 0, 3], [450, 50, 0, 0]])
    (found,) = by(measure_drift(now, BASELINE, windows(1), reference=before))
    assert (found.value, found.p_value) == (0, 1)
    assert by(measure_drift(now, BASELINE, windows(1)))[0].value > 0.3


def test_two_recorded_months_may_lie_twice_as_far_apart_as_history_shows_of_each():
    shown = replace(
        BASELINE, history=[PeriodDistances(seconds=DAY, windows=365, columns={"month": 0.885}, prediction=0.0)]
    )
    july, june = counts(month=months(300, month=7)), counts(month=months(300, month=6))
    (found,) = by(measure_drift(july, shown, windows(1), reference=june), subject="month")
    assert found.value > 0.99
    assert found.change <= 0


def test_a_reference_without_rows_is_told():
    (found,) = by(
        measure_drift(counts(city=[[9, 1, 0, 0]]), BASELINE, windows(1), reference=counts(city=[[0, 0, 0, 0]]))
    )
    assert (found.value, found.note) == (None, "nothing to compare with")
