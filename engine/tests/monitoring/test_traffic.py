"""Rows, requests, latency and versions by window."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from engine.tests.monitoring.recordings import LATER, NOON, SIGNATURE, row, write

from cairn.monitoring.records import open_records
from cairn.monitoring.traffic import measure_traffic
from cairn.serving.capture import schema

DAY = timedelta(days=1)
about = schema(SIGNATURE)
TIMED = about if "seconds" in about.names else about.append(pa.field("seconds", pa.float64()))


def measured(tmp_path, rows, about=TIMED, **options):
    write(tmp_path / "a.parquet", rows, about)
    with open_records([str(tmp_path)], signature=SIGNATURE, now=LATER, **options) as found:
        return measure_traffic(found)


def of(findings, measure, subject=""):
    return [each for each in findings if (each.measure, each.subject) == (measure, subject)]


def test_rows_and_requests_are_counted(tmp_path):
    rows = [row(request="one", number=number) for number in range(5)] + [row(request="two")]
    found = measured(tmp_path, rows)
    figures = {name: of(found, name)[0].value for name in ("rows", "requests", "rows_per_request")}
    assert figures == {"rows": 6, "requests": 2, "rows_per_request": 3}


def test_latency_is_counted_by_request(tmp_path):
    seconds = np.random.default_rng(0).gamma(2, 0.01, 101).tolist()
    rows = [
        row(NOON + timedelta(seconds=place), request=str(place), number=number) | {"seconds": each}
        for place, each in enumerate(seconds)
        for number in range(1 + place % 3)
    ]
    found = measured(tmp_path, rows)
    for name, share in {"seconds_p50": 0.5, "seconds_p95": 0.95, "seconds_p99": 0.99}.items():
        assert of(found, name)[0].value == pytest.approx(np.quantile(seconds, share))


def test_latency_that_was_not_recorded_is_unknown(tmp_path):
    (found,) = of(
        measured(tmp_path, [row()], pa.schema([each for each in TIMED if each.name != "seconds"])), "seconds_p95"
    )
    assert (found.value, found.note) == (None, "not recorded")


def test_versions_are_told_apart(tmp_path):
    found = measured(tmp_path, [row(), row(), row() | {"version": None}])
    assert [of(found, "rows", name)[0].value for name in ("v0.0.1", "local")] == [2, 1]


def test_traffic_that_is_lost_is_a_share_of_what_was_usual(tmp_path):
    rows = [row(NOON + day * DAY) for day, number in enumerate([10, 20, 12, 0, 3]) for _ in range(number)]
    found = of(measured(tmp_path, rows), "rows")
    assert [each.value for each in found] == [10, 20, 12, 0, 3]
    assert [each.change for each in found] == [None, None, None, 1.0, pytest.approx(1 - 3 / 11)]
    assert found[4].reference == 11  # the median of 10, 20, 12, 0


def test_windows_of_rows_lose_no_traffic(tmp_path):
    rows = [row(NOON + timedelta(minutes=place)) for place in range(9)]
    assert {each.change for each in of(measured(tmp_path, rows, window=2), "rows")} == {None}
