"""DVC's experiments on the finished graph: overrides, sweeps, comparisons and plots."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

FOREST = ["-S", "model=random_forest", "-S", "model.n_estimators=20"]


def params_of(project: Path) -> dict:
    return yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))


def state_of(project: Path) -> dict[str, bytes]:
    """What a person would notice if it changed."""
    return {str(path.relative_to(project)): path.read_bytes() for path in project.glob("models/model/*")} | {
        name: (project / name).read_bytes() for name in ("params.yaml", "dvc.lock", "models/tuned.json")
    }


@pytest.fixture(scope="session")
def experimented(small_project, once, run) -> Path:
    """A project in which the experiment `forest` has just run; its tests only look."""

    def make(project: Path) -> None:
        shutil.copytree(small_project, project, symlinks=True)
        done = run(["dvc", "exp", "run", "--name", "forest", *FOREST], project)
        assert done.returncode == 0, done.stdout + done.stderr
        ran = re.findall(r"^Running stage '(\w+)'", done.stdout, re.M)
        assert ran == [
            "compose",
            "code",
            "tune",
            "train",
            "evaluate",
            "bias",
            "explain",
            "baseline",
            "judge",
            "card",
            "report",
            "gate",
        ]

    return once("forest", make)


@pytest.mark.slow
def test_an_experiment_swaps_the_model_and_repro_keeps_it(experimented, run):
    before = state_of(experimented)
    assert params_of(experimented)["model"]["_target_"].endswith(".random_forest")
    assert params_of(experimented)["model"]["n_estimators"] == 20
    assert "models/model/model.skops" in before
    done = run(["dvc", "repro"], experimented)
    assert done.returncode == 0, done.stderr
    assert "Running stage" not in done.stdout
    assert state_of(experimented) == before


@pytest.mark.slow
def test_experiments_are_compared_by_parameters_metrics_and_in_one_table(experimented, run):
    told = {}
    for topic in ("params", "metrics"):
        done = run(["dvc", topic, "diff", "--json", "main", "forest"], experimented)
        assert done.returncode == 0, done.stderr
        told[topic] = json.loads(done.stdout)
    changed = told["params"]["params.yaml"]
    assert changed["model._target_"]["new"].endswith(".random_forest")
    assert {key.split(".")[0] for key in changed} == {"model"}
    roc_auc = told["metrics"]["reports/metrics.json"]["test.roc_auc"]
    assert roc_auc["new"] == json.loads((experimented / "reports/metrics.json").read_text())["test"]["roc_auc"]
    assert roc_auc["diff"] == pytest.approx(roc_auc["new"] - roc_auc["old"])

    table = run(["dvc", "exp", "show", "--csv"], experimented).stdout.splitlines()
    assert any(line.startswith("forest,") for line in table)


@pytest.mark.slow
def test_every_plot_of_dvc_yaml_is_drawn_for_both_models(experimented, run, tmp_path):
    done = run(["dvc", "plots", "diff", "main", "forest", "--json", "--out", tmp_path / "plots"], experimented)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    # A forest does not learn by rounds, and the target has two classes: neither is an error.
    # Of few trials no importance can be told.
    curves, residuals = "reports/training/plots/metrics", "reports/plots/residuals.json"
    importances = "reports/search/importances.json"
    assert [(each["name"], each["rev"]) for each in told["errors"]] == [(curves, "forest")]
    listed = {next(iter(each)) for each in yaml.safe_load((experimented / "dvc.yaml").read_text())["plots"]}
    for name in listed - {curves, residuals, importances}:
        assert [sorted(plot["revisions"]) for plot in told["data"][name]] == [["forest", "main"]], name
    assert [plot["revisions"] for plot in told["data"][f"{curves}/validation/log_loss.tsv"]] == [["main"]]
    assert told["data"][residuals] == told["data"][importances] == []


@pytest.mark.slow
def test_the_plots_of_a_model_are_one_page(experimented, run, tmp_path):
    page = run(["dvc", "plots", "show", "--out", tmp_path], experimented)
    assert page.returncode == 0, page.stderr
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    for title in ("ROC", "Precision and recall", "Calibration", "Cumulative gain", "Confusion", "Importances"):
        assert title in text


def test_the_graph_is_drawn_with_every_stage(small_project, run):
    done = run(["dvc", "dag", "--dot"], small_project)
    assert done.returncode == 0, done.stderr
    stages = yaml.safe_load((small_project / "dvc.yaml").read_text())["stages"]
    assert {name for name in stages if f'"{name}"' in done.stdout} == set(stages)


@pytest.mark.slow
def test_an_experiment_that_is_applied_again_leaves_nothing_to_run(experimented, run, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(experimented, project, symlinks=True)
    wanted = state_of(project)
    assert run(["git", "reset", "--hard", "--quiet"], project).returncode == 0
    assert run(["dvc", "checkout"], project).returncode == 0
    assert run(["cairn", "why"], project).stdout == "Nothing changed: no stage would run.\n"

    applied = run(["dvc", "exp", "apply", "forest"], project)
    assert applied.returncode == 0, applied.stderr
    assert state_of(project) == wanted
    assert run(["dvc", "status"], project).stdout == "Data and pipelines are up to date.\n"
    assert run(["cairn", "why"], project).stdout == "Nothing changed: no stage would run.\n"


@pytest.mark.slow
def test_a_wrong_override_is_one_line_and_the_next_repro_is_well(finished, run):
    before = state_of(finished)
    failed = run(["dvc", "exp", "run", "-S", "model.max_depth=abc"], finished)
    assert failed.returncode != 0
    lines = [line for line in failed.stderr.splitlines() if not line.startswith("ERROR: failed to reproduce 'compose'")]
    assert len(lines) == 1
    assert re.fullmatch(r"error: .*max_depth: 'abc': input should be a valid integer.*", lines[0])
    done = run(["dvc", "repro"], finished)
    assert done.returncode == 0, done.stderr
    assert state_of(finished) == before
    assert run(["git", "status", "--porcelain"], finished).stdout == ""
