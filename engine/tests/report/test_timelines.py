"""Where limits lie on a chart."""

import pytest
from engine.tests.report.observations import finding, record, report

from cairn.report import timelines
from cairn.report.series import build_series


def drawn(rows, limits=(0.1, 0.2)):
    found = [
        finding(at, "quality", "a", "m", value, reference=reference, change=change)
        for at, (value, reference, change) in enumerate(rows)
    ]
    made = record(found, windows=len(rows) + 1)
    made["rules"]["limits"]["quality"] = dict(zip(("warning", "alarm"), limits, strict=True))
    (each,) = build_series(report(made))
    return timelines.limits(each)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([(0.3, 0.25, 0.05), (0.4, 0.25, 0.15)], [0.35, 0.45]),  # more is worse
        ([(0.8, 0.9, 0.1), (0.7, 0.9, 0.2)], [0.8, 0.7]),  # less is worse
        ([(0.44, 0.4, 0.1), (0.5, 0.4, 0.25)], [0.44, 0.48]),  # in parts of the reference
        ([(0.12, 0.0, 0.1), (0.27, 0.0, 0.25)], [0.12, 0.22]),  # 0.02 is allowed
        ([(0.3, 0.2, 0.1), (0.1, 0.2, 0.1)], [0.1, 0.3, 0.0, 0.4]),  # both sides
        ([(0.3, 0.25, 0.01), (0.4, 0.25, 0.15)], []),  # by no such rule
        ([(0.3, None, 0.3)], []),
        ([(0.3, 0.3, 0.0)], []),  # never off: the side is not known
    ],
)
def test_a_limit_is_a_line_where_the_change_follows_a_plain_rule(rows, lines):
    assert [value for value, _ in drawn(rows)] == pytest.approx(lines)


def test_a_limit_that_is_never_is_not_drawn():
    assert drawn([(0.3, 0.25, 0.05)], limits=(None, 0.2)) == [(pytest.approx(0.45), "alarm")]
