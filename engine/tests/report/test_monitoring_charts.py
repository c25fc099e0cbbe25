"""Which charts the page of monitoring shows."""

from engine.tests.report.observations import drifting, large, ordinary, record, report

from cairn.report.monitoring_charts import choose_series, draw_charts
from cairn.report.series import build_series


def test_of_many_features_the_worst_are_drawn():
    found = [drifting(0, 0.1 + n / 100, f"f{n}") for n in range(9)]
    chosen = choose_series(build_series(report(record(found, windows=2))))
    assert [each.subject for each in chosen] == ["f8", "f7", "f6", "f5", "f4", "f3"]


def test_where_little_is_wrong_a_few_are_drawn_all_the_same():
    found = [drifting(0, 0.01 if n else 0.3, f"f{n}") for n in range(9)]
    assert [each.subject for each in choose_series(build_series(report(record(found, windows=2))))] == [
        "f0",
        "f1",
        "f2",
    ]


def test_every_drawing_is_named_in_its_section_once():
    made = report(ordinary())
    drawn, sections = draw_charts(made, build_series(made), made.windows)
    assert [name for charts in sections.values() for name, _ in charts] == list(drawn)
    titles = {section: [each.title for _, each in charts] for section, charts in sections.items()}
    assert titles["drift"] == ["age", "age: its values"]
    assert titles["performance"] == ["ROC AUC"]
    assert titles["bias"] == ["Selection rate, by gender"]
    assert titles["traffic"] == ["Rows", "Latency"]


def test_200_features_over_100_windows_take_no_more_charts_than_a_page_holds():
    made = report(large())
    drawn, _ = draw_charts(made, build_series(made), made.windows)
    assert len(drawn) <= 30
