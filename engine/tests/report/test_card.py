"""The model card, as Markdown and as a page."""

from cairn.bias.documents import NoBiasReport
from cairn.evaluation.documents import (
    Baselines,
    Evaluation,
    GateReport,
    GateResult,
    Metric,
    PartRows,
    Slice,
    Slices,
)
from cairn.explain.documents import NoExplanations
from cairn.report import card

SIGNATURE = {"target": "y", "classes": None, "columns": [{"name": "a|b"}, {"name": "x_1"}], "left_out": {}}
MEASURED = {
    "evaluation": Evaluation(
        task="regression",
        threshold=None,
        test={"rmse": Metric(value=2.0, low=1.0, high=3.0), "coverage": Metric(value=0.9)},
        validation={"rmse": 2.1},
        train={"rmse": 1.9},
        baseline=Baselines(dummy={"rmse": 4.0}),
        rows=PartRows(train=80, test=10, validation=12),
    ),
    "slices": Slices(slices=[Slice(column="sex", value="f", rows=3, metrics={"rmse": None})]),
    "gates": GateReport(
        passed=False,
        gates=[GateResult(gate="rmse is at most 1", metric="rmse", value=2.0, bound=1.0, passed=False, why="")],
    ),
    "rules": {"rules": [{"rule": "overfit", "status": "warn", "message": "too good on the train part"}]},
    "validation": {"findings": [{"passed": True}, {"passed": False}]},
    "bias": NoBiasReport(left_out={"all": "data.sensitive names no column"}),
    "explanations": NoExplanations(why="left out by the choice report=none"),
    "signature": SIGNATURE,
    "training": {"params": {"model": {"_target_": "sklearn.linear_model.Ridge", "alpha": 0.5}}, "data": {"train.parquet": "0a1b"}},
    "data": {"_target_": "cairn.tables.file.File", "path": "mine.csv", "sensitive": ["sex"]},
    "raw": {"data/raw": "99ff.dir"},
}  # fmt: skip


def test_the_card_says_what_people_said_and_what_was_measured():
    text = card.card(MEASURED, name="Mine", purpose="To see.", owners=["Ann"], limits=["Few rows."], licence="MIT")
    for line in (
        "# Model card: Mine",
        "To see.",
        "**It did not pass its gates.**",
        "- Ann",
        "Licence: MIT.",
        "| source | File, mine.csv |",
        "| data/raw | MD5 99ff.dir |",
        "| train.parquet | MD5 0a1b |",
        "| expectations | 1 of 2 met |",
        "| learner | Ridge: alpha 0.5 |",
        "| rows | 80 train, 10 test, 12 validation |",
        "| RMSE | 2 | 1 to 3 | 4 |",
        "| **failed** | rmse is at most 1 | 2 | 1 |  |",
        "- Few rows.",
        "- Gate failed: rmse is at most 1 (2).",
        "- Rule overfit: too good on the train part.",
        "- Not measured, for want of rows: sex f (3 rows).",
        "Not measured: data.sensitive names no column.",
    ):
        assert line in text, line


def test_what_nobody_said_is_said_to_be_missing():
    text = card.card(MEASURED)
    assert text.startswith("# Model card: Prediction of y\n")
    assert text.count("Not said; `conf/card/` is the place.") == 2
    assert "Licence: not said." in text


def test_signs_of_markdown_in_data_stay_signs():
    text = card.card(MEASURED, purpose="<b>bold</b> [a](http://x) `code`\n# heading")
    page = card.alone(text)
    assert "&lt;b&gt;bold&lt;/b&gt; [a](http://x) `code` # heading" in page
    assert "a|b, x_1" in page
    assert page.count("<h1>") == 1 and "<b>" not in page


def test_within_a_page_its_headings_are_below_the_pages():
    part = card.within("# Model card: Mine\n\n## Data\n\ntext\n")
    assert "<h1>" not in part and "<h2>" not in part and "<h3>Data</h3>" in part
