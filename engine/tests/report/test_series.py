"""How findings become time lines, which is worst, and since when."""

from engine.tests.report.observations import drifting, finding, record, report

from cairn.report.series import build_series


def only(values, **more):
    (each,) = build_series(
        report(record([drifting(at, value) for at, value in enumerate(values)], windows=len(values), **more))
    )
    return each


def test_since_when_is_the_first_window_of_those_that_are_as_bad_as_now():
    assert only([0.3, 0.01, 0.25, 0.3, 0.01]).since == 2
    assert only([0.15, 0.25, 0.15, 0.01]).since == 0  # a warning now; worse before does not end it
    assert only([0.15, 0.25, 0.01]).since == 1  # an alarm now; a warning before is another matter
    assert only([0.01, 0.02, 0.5]).since is None  # the last window is not full


def test_a_window_in_which_nothing_could_be_said_does_not_end_what_is_wrong():
    found = [drifting(0, 0.3), finding(1, "drift", "age", "js_distance", None, status="unknown"), drifting(2, 0.3)]
    (each,) = build_series(report(record(found, windows=4)))
    assert each.since == 0


def test_the_worst_stands_first_by_status_and_then_by_its_share_of_the_limit():
    found = [drifting(0, value, name) for name, value in (("a", 0.12), ("b", 0.3), ("c", 0.01), ("d", 0.21))]
    assert [each.subject for each in build_series(report(record(found, windows=2)))] == ["b", "d", "a", "c"]


def test_a_measure_s_own_limits_win_over_those_of_its_area():
    made = record([drifting(0, 0.3)], windows=2)
    made["rules"]["limits"]["drift"] = {"warning": 0.1, "alarm": 0.2, "js_distance": {"warning": 0.3, "alarm": 0.6}}
    (each,) = build_series(report(made))
    assert each.limits == {"warning": 0.3, "alarm": 0.6}
    assert each.limit_share == 0.5
