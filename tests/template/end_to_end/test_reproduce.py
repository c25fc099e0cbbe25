"""`dvc repro` runs what changed and nothing else, says why, and gives the same bytes wherever it runs."""

import filecmp
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

STAGES = (
    "compose code ingest validate features profile split tune train evaluate bias explain baseline judge card".split()
)
STAGES += ["report", "gate"]
AFTER_TRAIN = {"evaluate", "bias", "explain", "baseline", "judge", "card", "report", "gate"}
FROM_TRAIN = {"train", *AFTER_TRAIN}
FROM_SPLIT = {"split", "tune", *FROM_TRAIN}
MODEL, GATES, SQL = "conf/model/xgboost.yaml", "conf/gates/hat_shop.yaml", "conf/features/hat_shop.sql"


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def ran(output: str) -> set[str]:
    """The stages whose command `dvc repro` ran."""
    return set(re.findall(r"^Running stage '(\w+)'", output, re.M))


def blocks(output: str) -> dict[str, list[str]]:
    """What `cairn why` says: stage -> reasons."""
    reasons: dict[str, list[str]] = {}
    for line in output.splitlines():
        if line.startswith("  - "):
            reasons[list(reasons)[-1]].append(line.removeprefix("  - "))
        else:
            reasons[line] = []
    return reasons


def model_files(project: Path) -> dict[str, bytes]:
    folder = project / "models/model"
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def repro(run, finished):
    def reproduce(project: Path = finished) -> set[str]:
        done = run(["dvc", "repro"], project)
        assert done.returncode == 0, done.stdout + done.stderr
        return ran(done.stdout)

    return reproduce


def test_a_finished_search_is_kept_to_look_at_and_not_gone_on_with(finished):
    assert [each.name for each in (finished / "models/studies").iterdir()] == ["finished.journal"]


def test_a_second_repro_runs_no_stage_and_leaves_nothing_to_commit(finished, run, repro):
    assert repro() == set()
    assert run(["git", "status", "--porcelain"], finished).stdout == ""
    assert run(["cairn", "why"], finished).stdout == "Nothing changed: no stage would run.\n"


@pytest.mark.slow
def test_a_fresh_clone_ends_with_the_lock_the_metrics_and_the_model_of_the_first(finished, tmp_path, run, repro):
    clone = tmp_path / "another-place" / "clone"
    assert run(["git", "clone", "--quiet", finished, clone], finished).returncode == 0
    # What these write is in git, or nothing: as everything before them gives the same bytes, they have nothing to do.
    assert repro(clone) == set(STAGES) - {"bias", "judge", "gate"}
    assert "model.ubj" in model_files(finished)
    assert run(["git", "status", "--porcelain"], clone).stdout == "", "dvc.lock or a report differs"
    assert model_files(clone) == model_files(finished)
    for name in ("dvc.lock", "reports/metrics.json", "reports/trials.json", "reports/index.html"):
        assert filecmp.cmp(clone / name, finished / name, shallow=False), name


# What is edited, the line that `cairn why` prints, with the stage it stands under, and the stages that run beside
# `compose`, and `code` where params.yaml changed.
# A search may find the same parameters again: then nothing after it runs.
EDITS = {
    "a comment of conf": (MODEL, "# Gradient", "# Boosted", None, set()),
    "a file that was not chosen": ("conf/features/as_is.yaml", "threads: 1", "threads: 2", None, set()),
    "a parameter of the model": (MODEL, "gamma: 0.0", "gamma: 0.5", ("tune", "parameter model.gamma: 0.0 -> 0.5  (conf/model/)"), {"tune", *FROM_TRAIN}),
    "a parameter that is searched": (MODEL, "max_depth: 6", "max_depth: 2", ("tune", "parameter model.max_depth: 6 -> 2  (conf/model/)"), {"tune", "if found"}),
    "the space of the search": (MODEL, "{low: 0.01, high: 100.0", "{low: 0.01, high: 50.0", ("tune", "parameter model.space.reg_lambda.high: 100.0 -> 50.0  (conf/model/)"), {"tune", "if found"}),
    "the number of trials": ("conf/search/tpe.yaml", "trials: 3", "trials: 1", ("tune", "parameter search.trials: 3 -> 1  (conf/search/)"), {"tune", "if found"}),
    "what the decision maximises": ("conf/decision/hat_shop.yaml", "maximise: profit", "maximise: f1", ("train", "parameter decision.maximise: profit -> f1  (conf/decision/)"), FROM_TRAIN),
    "a gate's threshold": (GATES, "threshold: 0.6", "threshold: 0.61", ("judge", "parameter gates.gates: "), {"judge", "card", "report", "gate"}),
    "the resamples": ("conf/config.yaml", "resamples: 50", "resamples: 60", ("evaluate", "parameter evaluation.resamples: 50 -> 60  (conf/config.yaml)"), AFTER_TRAIN - {"bias", "explain"}),
    "the sensitive columns": ("conf/data/hat_shop.yaml", "[gender] ", "[gender, age] ", ("evaluate", "parameter data.sensitive: ['gender'] -> ['gender', 'age']  (conf/data/)"), {"ingest", "features", *AFTER_TRAIN}),
    "a comment of the query": (SQL, "-- One row", "-- A row", ("features", "query features.sql: changed  (conf/features/)"), {"features"}),
    "an expectation": ("conf/expectations/hat_shop.yaml", "max_value: 90}", "max_value: 99}", ("validate", "parameter expectations.tables.customers: "), {"validate", "features", "card", "report", "gate"}),
    "the query": (SQL, "days_ago < 90) as orders_90d", "days_ago < 60) as orders_90d", ("features", "query features.sql: changed  (conf/features/)"), {"features", "profile", *FROM_SPLIT}),
    "a share of the split": ("conf/split/stratified.yaml", "train: 0.8\nvalidation: 0.1", "train: 0.7\nvalidation: 0.2", ("split", "parameter split.train: 0.8 -> 0.7  (conf/split/)"), FROM_SPLIT),
    "the seed": ("conf/config.yaml", "seed: 42", "seed: 43", ("split", "parameter seed: 42 -> 43  (conf/config.yaml)"), {"profile", *FROM_SPLIT}),
    "the licence": ("conf/card/hat_shop.yaml", "licence: MIT", "licence: BSD", ("card", "parameter card.licence: MIT -> BSD  (conf/card/)"), {"card", "report", "gate"}),
    "the data set": ("conf/data/hat_shop.yaml", "customers: 1000 ", "customers: 1001 ", ("ingest", "parameter data.customers: 1000 -> 1001  (conf/data/)"), set(STAGES)),
}  # fmt: skip
# What is edited together, one turn after another in the same project: each turn begins where the one before ended.
TURNS = [
    ("a file that was not chosen", "a comment of the query"),
    ("an expectation", "the licence"),
    ("what the decision maximises", "the resamples", "the sensitive columns"),
    ("a parameter that is searched", "the space of the search", "the number of trials"),
    ("a parameter of the model", "the query", "a share of the split", "the seed"),
    ("the data set",),
]


def run_edited(project: Path, run, repro, edits: Iterable[str]) -> None:
    """Make edits, and compare what `cairn why` names and what `dvc repro` runs with what is expected."""
    expected = set()
    for name in edits:
        file, old, new, _, stages = EDITS[name]
        edit(project, file, old, new)
        expected |= stages
    foretold = blocks(run(["cairn", "why"], project).stdout)
    assert foretold["compose"] == ["configuration conf: changed"]
    for stage, line in filter(None, (EDITS[name][3] for name in edits)):
        assert any(reason.startswith(line) for reason in foretold[stage]), (line, foretold)

    found, params = (project / "models/tuned.json").read_bytes(), (project / "params.yaml").read_bytes()
    happened = repro(project)
    if (project / "params.yaml").read_bytes() != params:
        expected |= {"code"}
    if "if found" in expected:
        # the report shows what was tried, even where nothing better was found
        same = (project / "models/tuned.json").read_bytes() == found
        expected = {"code", "tune"} if same else {"code", "tune", *FROM_TRAIN}
        happened -= {"report", "gate"} - expected
    assert happened == {"compose", *expected}, edits
    assert happened <= foretold.keys(), "a stage ran that `cairn why` had not named"


@pytest.mark.slow
def test_an_edit_of_a_gate_runs_the_stages_from_the_gates_on(finished, run, repro):
    run_edited(finished, run, repro, ["a comment of conf", "a gate's threshold"])
    assert repro() == set()


@pytest.mark.slow
def test_edits_run_the_stages_they_concern_and_why_names_them(finished, run, repro):
    assert {name for turn in TURNS for name in turn} == EDITS.keys() - {"a comment of conf", "a gate's threshold"}
    for turn in TURNS:
        run_edited(finished, run, repro, turn)
    assert repro() == set()


def test_why_of_one_stage_speaks_of_that_stage_alone(finished, run):
    edit(finished, "conf/decision/hat_shop.yaml", "maximise: profit", "maximise: f1")
    asked = run(["cairn", "why", "train"], finished)
    assert blocks(asked.stdout) == {"train": ["parameter decision.maximise: profit -> f1  (conf/decision/)"]}
    asked = run(["cairn", "why", "split"], finished)
    assert asked.returncode == 0
    assert asked.stdout == "Nothing changed: split would not run.\n"
    asked = run(["cairn", "why", "trian"], finished)
    assert (asked.returncode, asked.stderr) == (1, "error: cairn why: no stage 'trian' (did you mean 'train'?)\n")


@pytest.mark.slow
def test_an_output_that_was_changed_by_hand_is_named_and_made_anew(finished, run, repro):
    test_part = finished / "data/processed/test.parquet"
    before = test_part.read_bytes()
    test_part.unlink()
    test_part.write_bytes(before[:-1])
    assert "its output data/processed: changed" in blocks(run(["cairn", "why"], finished).stdout)["split"]
    repro()
    assert test_part.read_bytes() == before
    assert run(["git", "status", "--porcelain"], finished).stdout == ""


@pytest.mark.slow
def test_a_model_that_fails_a_gate_has_its_page_and_card_and_is_not_promoted(finished, run, repro):
    edit(finished, GATES, "threshold: 0.6", "threshold: 0.999")
    for _ in range(2):  # what failed once is not forgotten: the next repro fails again
        failed = run(["dvc", "repro"], finished)
        assert failed.returncode != 0
        assert "pipeline.stages.gate, exited with 1" in failed.stderr
        assert "error: 1 of 2 gates failed; reports/gates.json says which, reports/ shows why" in failed.stderr
        assert "FAIL  roc_auc is at least 0.999" in failed.stdout
    report = json.loads((finished / "reports/gates.json").read_text(encoding="utf-8"))
    assert report["passed"] is False
    assert [gate["passed"] for gate in report["gates"]] == [False, True]
    measured = json.loads((finished / "reports/metrics.json").read_text(encoding="utf-8"))
    assert report["gates"][0]["value"] == measured["test"]["roc_auc"] < 0.999
    assert "Failed 1 of 2 gates" in (finished / "reports/index.html").read_text(encoding="utf-8")
    card = (finished / "models/model/model_card.md").read_text(encoding="utf-8")
    assert "It did not pass its gates." in card and "Gate failed: roc_auc is at least 0.999" in card
    run(["git", "commit", "--quiet", "--all", "--message", "It failed"], finished)
    refused = run(["cairn", "promote", "prod"], finished)
    assert (refused.returncode, "1 of 2 gates failed" in refused.stderr) == (1, True)
    run(["git", "reset", "--quiet", "HEAD~1"], finished)

    edit(finished, GATES, "threshold: 0.999", "threshold: 0.6")
    assert repro() == {"compose", "judge", "card"}  # of the others DVC remembers what these inputs gave
    assert run(["git", "status", "--porcelain"], finished).stdout == ""


@pytest.mark.slow
def test_a_failing_expectation_stops_the_graph_and_shows_what_failed(finished, run):
    edit(finished, "conf/expectations/hat_shop.yaml", "max_value: 90}", "max_value: 50}")
    failed = run(["dvc", "repro"], finished)
    assert failed.returncode != 0
    assert ran(failed.stdout) == {"compose", "code", "validate"}
    assert re.search(r"^.*customers.*age.*50", failed.stdout, re.M), failed.stdout
    assert "error: 1 of 21 expectations failed; reports/validation/index.html shows them" in failed.stderr
    assert (finished / "reports/validation/index.html").exists()
    report = json.loads((finished / "reports/validation.json").read_text(encoding="utf-8"))
    assert [finding["passed"] for finding in report["findings"]].count(False) == 1
