"""What `cairn summary` prints of the reports that lie there."""

import pytest

from cairn import layout
from cairn.cli import summary
from cairn.documents import to_json
from cairn.errors import InputError
from cairn.evaluation.documents import Baselines, Evaluation, GateReport, GateResult, Metric, PartRows
from cairn.files import write_json

EVALUATION = Evaluation(
    task="regression",
    threshold=None,
    test=dict.fromkeys(("rmse", "coverage"), Metric(value=0.9, low=0.88, high=0.92)),
    validation={"rmse": 0.9, "coverage": 0.9},
    train={"rmse": 0.8, "coverage": 0.9},
    baseline=Baselines(dummy={"rmse": 1.5}),
    rows=PartRows(train=900, test=100, validation=100),
)
RESULT = GateResult(gate="rmse is at most 1", metric="rmse", value=0.9, bound=1.0, passed=True, why="")


def write_reports():
    write_json(to_json(EVALUATION), layout.EVALUATION)
    write_json(to_json(GateReport(passed=True, gates=[RESULT])), layout.GATES)


def test_the_coverage_of_an_interval_which_no_dummy_gives_is_shown_without_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_reports()
    lines = {line.split(" ")[0]: line.split() for line in summary.summary().splitlines() if line}
    assert lines["rmse"][-1] == "1.5"
    assert lines["coverage"][-1] == "-"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<<<<<<< HEAD",
            r"^reports/gates\.json: not valid JSON: .*; the file was changed, or another version wrote it$",
        ),
        ('{"passed": true}', r"^reports/gates\.json: gates: Field required; the file was changed"),
    ],
)
def test_a_report_that_is_not_valid_is_one_line(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    write_reports()
    layout.GATES.write_text(text)
    with pytest.raises(InputError, match=message):
        summary.summary()
