"""What `cairn summary` prints of the reports that lie there."""

from cairn import layout
from cairn.cli import summary
from cairn.files import write_json


def test_the_coverage_of_an_interval_which_no_dummy_gives_is_shown_without_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure = {"value": 0.9, "low": 0.88, "high": 0.92}
    measured = {
        "task": "regression",
        "rows": {"train": 900, "test": 100},
        "test": {"rmse": figure, "coverage": figure},
        "baseline": {"dummy": {"rmse": 1.5}},
    }
    write_json(measured, layout.EVALUATION)
    gates = [{"gate": "rmse is at most 1", "passed": True, "value": 0.9, "bound": 1.0, "why": ""}]
    write_json({"passed": True, "gates": gates}, layout.GATES)
    lines = {line.split(" ")[0]: line.split() for line in summary.summary().splitlines() if line}
    assert lines["rmse"][-1] == "1.5"
    assert lines["coverage"][-1] == "-"
