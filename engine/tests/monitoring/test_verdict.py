"""When a finding is a warning or an alarm, and which window answers."""

import pytest

from cairn.monitoring import verdict
from cairn.monitoring.finding import Finding
from cairn.monitoring.settings import Settings

LIMITS = {
    "drift": {"warning": 0.1, "alarm": 0.2},
    "performance": {"warning": 0.1, "alarm": None},
    "traffic": {"warning": 0.5, "alarm": 0.9},
}
SETTINGS = Settings(limits=LIMITS, least_rows=100, significance=0.01)


def status(area="drift", *, value=1.0, change=None, p_value=None, rows=100):
    (judged,) = verdict.judge(
        [Finding(0, area, "age", "distance", value, change=change, p_value=p_value, rows=rows)], SETTINGS
    )
    return judged.status


@pytest.mark.parametrize(
    ("change", "p_value", "expected"),
    [
        (0.2, None, "alarm"),  # the limit itself is reached
        (0.2, 0.009, "alarm"),
        (0.2, 0.01, "ok"),  # chance alone may do that
        (0.19, 0.0001, "warning"),
        (0.1, None, "warning"),
        (0.09, 1e-30, "ok"),  # sure, and too small to matter
        (None, 1e-30, "ok"),
        (-3.0, None, "ok"),
    ],
)
def test_a_change_has_to_be_both_large_and_no_chance(change, p_value, expected):
    assert status(change=change, p_value=p_value) == expected


def test_an_area_whose_alarm_is_null_only_warns():
    assert status("performance", change=9.0) == "warning"


def test_an_area_without_limits_is_shown_and_never_an_alarm():
    assert status("bias", change=9.0) == "ok"


def test_a_figure_that_could_not_be_had_is_unknown():
    assert status(value=None, change=9.0) == "unknown"


def test_few_rows_are_not_judged_and_the_note_says_so():
    few = Finding(0, "drift", "age", "distance", 1.0, change=1.0, rows=99, note="of visits alone")
    (judged,) = verdict.judge([few], SETTINGS)
    assert judged.status == "unknown"
    assert judged.note == "99 rows; fewer than 100 are not judged; of visits alone"


def test_traffic_is_judged_however_little_there_is():
    assert status("traffic", change=1.0, rows=0) == "alarm"


def finding(window, area, status, change=None, subject=""):
    return Finding(window, area, subject, "distance", 1.0, change=change, status=status)


def test_the_newest_full_window_answers():
    findings = [finding(0, "drift", "ok"), finding(1, "drift", "alarm"), finding(2, "drift", "ok")]
    assert verdict.deciding_windows(findings, [0, 1])["drift"] == (1, "alarm")


def test_an_area_whose_labels_come_late_is_answered_by_an_older_window():
    findings = [finding(0, "performance", "warning"), finding(1, "performance", "unknown"), finding(1, "drift", "ok")]
    answers = verdict.deciding_windows(findings, [0, 1])
    assert answers["performance"] == (0, "warning")
    assert answers["drift"] == (1, "ok")
    assert answers["bias"] == (None, "unknown")


def test_no_full_window_is_no_answer():
    assert verdict.deciding_windows([finding(0, "drift", "alarm")], [])["drift"] == (None, "unknown")


def test_one_bad_figure_among_many_makes_an_area_bad():
    findings = [finding(0, "drift", each) for each in ("ok", "alarm", "unknown", "warning")]
    assert verdict.deciding_windows(findings, [0])["drift"] == (0, "alarm")


def test_the_worst_stand_first_area_by_area_and_old_windows_are_not_named():
    findings = [
        finding(0, "drift", "alarm", 9.0, "old"),
        finding(1, "prediction", "alarm", 5.0, "later area"),
        finding(1, "drift", "alarm", 0.3, "small"),
        finding(1, "drift", "alarm", 0.4, "large"),
        finding(1, "drift", "warning", 7.0, "a warning"),
    ]
    named = verdict.deciding_findings(findings, verdict.deciding_windows(findings, [0, 1]), "alarm")
    assert [each.subject for each in named] == ["large", "small", "later area"]


def test_an_alarm_is_worse_than_a_warning_and_knowing_is_worse_than_not():
    assert verdict.worst_status(["ok", "alarm", "warning"]) == "alarm"
    assert verdict.worst_status(["unknown", "ok"]) == "ok"
    assert verdict.worst_status([]) == "unknown"


def test_that_rows_came_is_not_to_say_that_the_model_is_well():
    assert verdict.overall_status({"traffic": "ok", "drift": "unknown"}) == "unknown"
    assert verdict.overall_status({"traffic": "ok", "drift": "ok"}) == "ok"
    assert verdict.overall_status({"traffic": "alarm", "drift": "unknown"}) == "alarm"
    assert verdict.overall_status({"traffic": "warning", "drift": "ok"}) == "warning"
