"""The quality of recorded rows, against shares worked by hand and Fisher's exact test."""

from datetime import timedelta

import numpy as np
import pytest
from engine.tests.monitoring.models import baseline
from engine.tests.monitoring.recordings import LATER, NOON, SIGNATURE, row, write
from scipy.stats import fisher_exact

from cairn.monitoring.histograms import count_records
from cairn.monitoring.quality import measure_quality
from cairn.monitoring.records import open_records
from cairn.rows.signature import Column, Signature
from cairn.serving.capture import schema

EDGES = [17.9, *range(18, 91, 6)]
BASELINE = baseline(
    {
        "age": {"kind": "number", "edges": EDGES, "rows": [0, *[300] * 13, 0], "missing": 100},
        "city": {"kind": "category", "levels": ["Oslo", "Rome"], "rows": [2_000, 1_996, 4], "missing": 0},
        "smokes": {"kind": "boolean", "levels": ["false", "true"], "rows": [2_000, 2_000, 0], "missing": 0},
        "joined": {"kind": "time", "edges": [0.0, 1.0], "rows": [0, 4_000, 0], "missing": 0},
    },
    {"kind": "probability", "edges": [0.5], "rows": [4_000, 0], "missing": 0},
)


def people(number: int) -> list[dict]:
    rng = np.random.default_rng(0)
    return [
        row(NOON + timedelta(seconds=place), request=str(place), age=float(rng.integers(18, 91)), city="Oslo")
        for place in range(number)
    ]


def measured(tmp_path, rows, **options):
    write(tmp_path / "a.parquet", rows)
    with open_records([str(tmp_path)], signature=SIGNATURE, now=LATER, **options) as found:
        return measure_quality(found, count_records(found, BASELINE), BASELINE)


def one(findings, subject, measure):
    (found,) = (each for each in findings if (each.subject, each.measure) == (subject, measure))
    return found


def test_shares_beyond_the_baseline_are_the_change(tmp_path):
    rows = people(300)
    for place in range(60):
        rows[place]["inputs"]["age"] = None
    for place in range(30):
        rows[place]["inputs"]["city"] = "Bern"
    for place in range(60, 90):
        rows[place]["inputs"]["age"] = 4_000.0
    found = measured(tmp_path, rows)
    missing = one(found, "age", "missing_share")
    assert (missing.value, missing.reference, missing.change) == (0.2, 0.025, pytest.approx(0.175))
    unseen = one(found, "city", "unseen_share")
    assert (unseen.value, unseen.reference, unseen.change) == (0.1, 0.001, pytest.approx(0.099))
    beyond = one(found, "age", "out_of_range_share")
    assert (beyond.value, beyond.reference, beyond.rows) == (30 / 240, 0, 240)
    tests = 7  # four of missing values, one of levels, one of ranges; a time's range is not tested
    expected = fisher_exact([[60, 240], [100, 3_900]], alternative="greater").pvalue
    assert expected < missing.p_value <= expected * tests
    assert max(missing.p_value, unseen.p_value, beyond.p_value) < 1e-6


def test_one_odd_row_in_300_is_no_alarm(tmp_path):
    rows = people(300)
    rows[7]["inputs"] |= {"age": -5.0, "city": "Bern", "smokes": None}
    for finding in measured(tmp_path, rows):
        assert finding.change is None or finding.p_value is None or finding.p_value > 0.01
        assert finding.change is None or finding.change < 0.01


def test_fewer_missing_values_than_in_training_are_no_trouble(tmp_path):
    found = one(measured(tmp_path, people(300)), "age", "missing_share")
    assert (found.value, found.change, found.p_value) == (0, -0.025, 1)


@pytest.mark.parametrize(
    ("broken", "subject", "measure"),
    [({"age": None}, "age", "missing_share"), ({"city": "OSLO"}, "city", "unseen_share")],
)
def test_a_broken_column_upstream_is_found(tmp_path, broken, subject, measure):
    rows = people(200)
    for each in rows:
        each["inputs"] |= broken
    found = one(measured(tmp_path, rows), subject, measure)
    assert found.value == 1
    assert found.p_value < 1e-50


def test_a_unit_changed_by_100_is_out_of_range(tmp_path):
    rows = people(200)
    for each in rows:
        each["inputs"]["age"] *= 100
    found = one(measured(tmp_path, rows), "age", "out_of_range_share")
    assert (found.value, found.change) == (1, 1)
    assert found.p_value < 1e-50


def test_times_that_move_on_are_shown_and_never_an_alarm(tmp_path):
    found = one(measured(tmp_path, people(50)), "joined", "out_of_range_share")
    assert (found.value, found.change, found.p_value, found.note) == (1, None, None, "times move on")


def test_a_request_that_was_recorded_twice_is_counted(tmp_path):
    rows = people(100)
    found = measured(tmp_path, [*rows, *rows[:25], row(rows[0]["time"], request="0", number=1)])
    assert one(found, "", "duplicated_share").value == 25 / 126


def test_an_empty_window_has_no_figures(tmp_path):
    rows = [row(NOON), row(NOON + timedelta(days=2), request="two")]
    found = measured(tmp_path, rows)
    empty = [each for each in found if each.window == 1]
    assert {(each.value, each.note) for each in empty} == {(None, "no rows")}


def test_columns_that_changed_since_training_are_findings_of_the_newest_window(tmp_path):
    now = Signature([Column("age", "number"), Column("smokes", "boolean"), Column("height", "number")], classes=[True])
    write(tmp_path / "b.parquet", [row(NOON + timedelta(days=1)) | {"prediction": True}], schema(now))
    changed = [each for each in measured(tmp_path, people(10)) if each.measure == "changed"]
    assert {(each.window, each.subject, each.change, each.note) for each in changed} == {
        (1, "city", 1, "missing"),
        (1, "joined", 1, "missing"),
        (1, "height", 1, "new"),
    }


def test_recorded_windows_may_stand_in_for_the_baseline(tmp_path):
    rows = people(100)
    for each in rows[:50]:
        each["inputs"]["age"] = None
    write(tmp_path / "a.parquet", rows)
    with open_records([str(tmp_path)], signature=SIGNATURE, now=LATER) as found:
        counts = count_records(found, BASELINE)
        missing = one(measure_quality(found, counts, BASELINE, reference=counts), "age", "missing_share")
    assert (missing.value, missing.reference, missing.change) == (0.5, 0.5, 0)
