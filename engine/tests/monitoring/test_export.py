"""monitoring.json, its words, and the text for Prometheus."""

import json

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cairn.documents import to_json
from cairn.monitoring import export
from cairn.monitoring.documents import AreaStatus
from cairn.monitoring.finding import Finding

LABELS = {"area": "drift", "subject": "age", "measure": "js_distance"}


def samples(text):
    found = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *sorted(sample.labels.items())): sample.value for sample in found}


def test_the_newest_full_window_decides_and_the_one_that_still_fills_does_not(content_of):
    content = content_of()
    assert content.status == "alarm"
    assert content.areas["drift"] == AreaStatus(window=1, status="alarm")
    assert [(each.subject, each.window) for each in content.alarms] == [("age", 1), ("roc_auc", 0)]
    assert [each.subject for each in content.warnings] == ["city"]
    assert [each.full for each in content.windows] == [True, True, False]


def test_a_window_sums_up_its_own_findings(content_of):
    second = content_of(labelled={0: 900}).windows[1]
    assert second.counts == {"unknown": 1, "ok": 0, "warning": 1, "alarm": 1}
    assert second.areas["performance"] == "unknown"
    assert second.labelled == 0
    assert (second.start, second.end) == ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")


def test_numbers_of_numpy_and_none_that_are_no_numbers_become_json(content_of):
    odd = Finding(np.int64(0), "drift", "age", "psi", np.float32(0.5), np.nan, np.inf, rows=np.int64(1000))
    (finding,) = json.loads(json.dumps(to_json(content_of([odd]).findings), allow_nan=False))
    assert (finding["value"], finding["reference"], finding["change"], finding["rows"]) == (0.5, None, None, 1000)


def test_an_alarm_is_one_line_with_what_how_much_and_when(content_of):
    assert export.alarm_lines(content_of()) == [
        "drift of age: js_distance 0.31, 0 before (2026-03-02 00:00 to 2026-03-03 00:00)",
        "performance: roc_auc 0.6, 0.8 before (2026-03-01 00:00 to 2026-03-02 00:00)",
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-01T08:00:00Z", "2026-03-01T14:00:00Z", "2026-03-01 08:00 to 14:00"),
        ("2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z", "2026-03-01 08:00 to 2026-03-02 08:00"),
        ("2026-03-01T08:00:01Z", "2026-03-01T08:00:31.5Z", "2026-03-01 08:00:01 to 08:00:31"),
    ],
)
def test_a_period_says_no_more_than_it_must(start, end, expected):
    assert export.format_period(start, end) == expected


def test_only_what_the_last_run_did_not_have_is_news(content_of):
    quiet, loud = content_of([]), content_of()
    assert export.new_findings(quiet, None, "alarm") == []
    assert export.new_findings(loud, quiet, "alarm") == loud.alarms
    assert export.new_findings(loud, loud, "alarm") == []
    assert export.new_findings(loud, None, "warning") == [*loud.alarms, *loud.warnings]


def test_the_same_alarm_of_another_version_is_news(content_of):
    assert export.new_findings(content_of(version="v0.0.4"), content_of(version="v0.0.3"), "alarm") != []


def test_a_warning_that_grew_to_an_alarm_is_news(content_of):
    warned = content_of([Finding(1, "drift", "age", "js_distance", 0.06, change=0.06, rows=1000)])
    assert [each.subject for each in export.new_findings(content_of(), warned, "warning")][:1] == ["age"]


def test_prometheus_reads_the_figures_of_the_windows_that_answer(content_of):
    found = samples(export.prometheus(content_of()))
    labels = sorted(LABELS.items())
    assert found["cairn_monitor_finding_status", *labels] == 2
    assert found["cairn_monitor_value", *labels] == 0.31
    assert found["cairn_monitor_reference", *labels] == 0
    assert found[("cairn_monitor_status",)] == 2
    assert found[("cairn_monitor_last_run_timestamp_seconds",)] == 1772539200  # date -d 2026-03-03T12:00Z +%s
    assert found[("cairn_monitor_window_end_timestamp_seconds",)] == 1772496000
    assert found["cairn_monitor_model_info", ("stage", "prod"), ("version", "v0.0.3")] == 1
    assert found["cairn_monitor_value", ("area", "performance"), ("measure", "roc_auc"), ("subject", "roc_auc")] == 0.6


def test_a_subject_with_quotes_and_line_ends_survives(content_of):
    odd = 'a "b"\\\n{c}'
    text = export.prometheus(content_of([Finding(1, "drift", odd, "js_distance", 0.5, change=0.5, rows=1000)]))
    assert samples(text)["cairn_monitor_value", ("area", "drift"), ("measure", "js_distance"), ("subject", odd)] == 0.5


def test_what_is_not_known_is_no_line_and_its_status_is_said(content_of):
    unknown = Finding(1, "drift", "age", "js_distance", None, rows=1000)
    found = samples(export.prometheus(content_of([unknown])))
    labels = sorted(LABELS.items())
    assert found["cairn_monitor_finding_status", *labels] == -1
    assert ("cairn_monitor_value", *labels) not in found
    assert found[("cairn_monitor_status",)] == -1


def test_without_a_full_window_only_the_run_is_said(content_of):
    found = samples(export.prometheus(content_of([], full=())))
    assert found[("cairn_monitor_status",)] == -1
    assert not [name for name, *_ in found if "window" in name or "finding" in name]


def test_the_text_has_no_times_which_the_textfile_collector_refuses(content_of):
    families = text_string_to_metric_families(export.prometheus(content_of()))
    assert {sample.timestamp for family in families for sample in family.samples} == {None}
