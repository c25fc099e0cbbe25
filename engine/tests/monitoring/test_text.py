"""The one screen that monitoring prints."""

from datetime import UTC, datetime

from cairn.monitoring import text
from cairn.monitoring.documents import Reference
from cairn.monitoring.finding import Finding, Window


def test_the_screen_shows_windows_down_areas_across_and_the_worst_first(content_of):
    assert text.screen(content_of(labelled={0: 900}, troubles=["x.parquet: damaged"])) == (
        "model v0.0.3 (prod): 3,000 predictions, 900 of them with a label, compared with the model's baseline of 4,000 rows; times in UTC\n"
        "\n"
        "window                    rows  labels  drift  performance\n"
        "2026-03-01 00:00         1,000     900  ok     ALARM\n"
        "2026-03-02 00:00         1,000       0  ALARM  -\n"
        "2026-03-03 00:00 so far  1,000       0  ALARM  -\n"
        "\n"
        "         finding                     value  before  change   p-value   rows  window from\n"
        "ALARM    drift of age: js_distance    0.31       0    0.31  < 0.0001  1,000  2026-03-02 00:00\n"
        "ALARM    performance: roc_auc          0.6     0.8    0.25    0.0010    900  2026-03-01 00:00\n"
        "warning  drift of city: js_distance   0.06       0    0.06  < 0.0001  1,000  2026-03-02 00:00\n"
        "\n"
        "note: x.parquet: damaged"
    )


def test_a_quiet_model_is_said_to_be_quiet(content_of):
    quiet = [Finding(1, "drift", "age", "js_distance", 0.01, change=0.01, rows=1000)]
    assert "No figure reached its limit." in text.screen(content_of(quiet))


def test_what_could_not_be_judged_is_not_said_to_be_well(content_of):
    screen = text.screen(content_of([Finding(1, "drift", "age", "js_distance", 0.5, change=0.5, rows=9)]))
    assert "Nothing could be judged" in screen
    assert "No figure reached its limit" not in screen


def test_of_many_windows_and_findings_the_newest_and_the_worst_are_shown(content_of):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    windows = [Window(n, start.replace(hour=n), start.replace(hour=n + 1), 1000) for n in range(20)]
    findings = [Finding(19, "drift", f"x{n}", "js_distance", 1.0, change=1.0, rows=1000) for n in range(40)]
    screen = text.screen(content_of(findings, windows=windows, full=range(20)))
    assert "(6 earlier windows are in the report)" in screen
    assert "(and 25 more)" in screen


def test_a_reference_of_recorded_predictions_is_named(content_of):
    reference = Reference(kind="recorded", rows=500, since="2026-02-01T00:00:00Z", until="2026-02-08T00:00:00Z")
    assert "compared with 500 predictions of 2026-02-01 00:00 to 2026-02-08 00:00" in text.screen(
        content_of(reference=reference)
    )
