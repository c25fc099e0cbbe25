"""An edit of code, the project's or the engine's, runs the stages that reach it, and changes no parameter."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

SPLIT = "engine/src/cairn/tables/split.py"
LOADED = """
import atexit, json, sys
def note():
    ours = [name for name in sys.modules if name.partition(".")[0] in ("cairn", "pipeline")]
    print("LOADED", json.dumps(ours), file=sys.stderr)
atexit.register(note)
"""
OWN_CARD = """
import tiny
from cairn.report import card as engine

def card(*args, **kwargs):
    return engine.card(*args, **kwargs)
"""


def append_comment(file: Path) -> None:
    with file.open("a", encoding="utf-8") as source:
        source.write("# A comment.\n")


def ran(done) -> set[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return set(re.findall(r"^Running stage '(\w+)'", done.stdout, re.M))


def why(run, project: Path, **env: str) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for line in run(["cairn", "why"], project, **env).stdout.splitlines():
        if line.startswith("  - "):
            reasons[list(reasons)[-1]].append(line.removeprefix("  - "))
        else:
            reasons[line] = []
    return reasons


def test_edit_of_a_module_runs_the_stages_that_reach_it_as_far_as_their_outputs_change(finished, run):
    append_comment(finished / SPLIT)
    reasons = why(run, finished)
    assert reasons["code"] == ["code engine/src/cairn: changed"]
    assert reasons["split"] == ["code cairn.tables.split: changed"]
    assert not any(line.startswith("code") for line in reasons["tune"])
    assert ran(run(["dvc", "repro"], finished)) == {"code", "split", "report"}, (
        "the report shows the split's parameters"
    )
    assert list(why(run, finished)) == ["Nothing changed: no stage would run."]


def test_repro_of_one_stage_sees_an_edit_and_single_item_does_not(finished, run):
    append_comment(finished / "engine/src/cairn/report/card.py")
    assert ran(run(["dvc", "repro", "--single-item", "card"], finished)) == set()
    assert ran(run(["dvc", "repro", "card"], finished)) == {"code", "card"}


@pytest.mark.slow
def test_edit_of_code_keeps_the_parameters_of_an_applied_experiment(finished, run):
    applied = run(["dvc", "exp", "run", "-S", "decision.maximise=f1"], finished)
    assert applied.returncode == 0, applied.stderr
    append_comment(finished / SPLIT)
    assert ran(run(["dvc", "repro"], finished)) == {"code", "split", "report"}
    assert yaml.safe_load((finished / "params.yaml").read_text(encoding="utf-8"))["decision"]["maximise"] == "f1"


@pytest.mark.slow
def test_experiment_in_a_folder_of_its_own_runs_the_code_that_lies_there(finished, run):
    append_comment(finished / SPLIT)
    relative = f"src{os.pathsep}engine/src"
    done = run(["dvc", "exp", "run", "--temp", "-S", "card.licence=BSD"], finished, PYTHONPATH=relative)
    assert {"compose", "code", "split", "card"} <= ran(done)


def test_own_function_and_a_package_that_it_imports_are_code_of_the_stage_that_calls_it(finished, run, tmp_path):
    site = tmp_path / "site"
    (finished / "src/pipeline/own.py").write_text(OWN_CARD, encoding="utf-8")
    conf = finished / "conf/card/hat_shop.yaml"
    conf.write_text(
        conf.read_text(encoding="utf-8").replace("cairn.report.card.card", "pipeline.own.card"), encoding="utf-8"
    )
    env = {"PYTHONPATH": os.pathsep.join(map(str, (finished / "src", finished / "engine/src", site)))}
    install(site, "1.0")
    assert {"compose", "code", "card"} <= ran(run(["dvc", "repro"], finished, **env))

    append_comment(finished / "src/pipeline/own.py")
    assert why(run, finished, **env)["card"][0] == "code pipeline.own: changed"
    assert ran(run(["dvc", "repro"], finished, **env)) == {"code", "card", "report"}

    install(site, "1.1")
    reasons = why(run, finished, **env)
    assert reasons["card"][0] == "package tiny 1.0 -> 1.1"
    assert "run `dvc repro --force --single-item code` first" in reasons["code"][0]
    append_comment(finished / "requirements.lock")
    assert why(run, finished, **env)["code"] == ["packages requirements.lock: changed"]
    assert ran(run(["dvc", "repro"], finished, **env)) == {"code", "card", "report"}


def install(site: Path, version: str) -> None:
    info = site / "tiny.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (site / "tiny.py").touch()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n", encoding="utf-8")
    (info / "RECORD").write_text("tiny.py,,\ntiny.dist-info/METADATA,,\n", encoding="utf-8")


def test_function_that_no_longer_takes_a_key_is_one_line_before_any_stage_runs(finished, run):
    file = finished / SPLIT
    file.write_text(file.read_text(encoding="utf-8").replace("validation:", "valid:"), encoding="utf-8")
    done = run(["dvc", "repro"], finished)
    assert done.returncode != 0
    assert re.search(
        r"^error: params.yaml: split.validation: no such key for cairn.tables.split.stratified", done.stderr, re.M
    )
    assert re.findall(r"^Running stage '(\w+)'", done.stdout, re.M) == ["code"]


@pytest.mark.slow
def test_every_module_that_a_stage_loads_is_listed_as_its_code(finished, run, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(LOADED, encoding="utf-8")
    path = os.pathsep.join(map(str, (tmp_path / "site", finished / "src", finished / "engine/src")))
    stages = yaml.safe_load((finished / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for stage in stages.keys() - {"compose", "code"}:  # these load all that params.yaml names, and depend on no list
        listed = {line.split(" ")[1] for line in (finished / f"data/interim/code/{stage}.txt").read_text().splitlines()}
        done = run(["python", "-m", f"pipeline.stages.{stage}"], finished, PYTHONPATH=path)
        assert done.returncode == 0, done.stderr
        (loaded,) = re.findall(r"^LOADED (.*)$", done.stderr, re.M)
        assert set(json.loads(loaded)) <= listed, stage
