"""dvc.yaml is honest: what a stage imports and which paths it names stand in its deps, params and outs."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from cairn import layout

ROOT = Path(__file__).parents[1]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# A journal of a search is what a killed run leaves for the next; it is neither read nor written by a finished graph.
# The link to the user's file is no output: when that file changes, `ingest` must run, and `compose` must not, or it
# would compose the overrides of an applied experiment away.
# What `tune` and `judge` read of a model is the champion's, out of the commit that its tag names.
UNTRACKED = {
    "tune": {layout.STUDIES, layout.LAST_STUDY, layout.MODEL},
    "judge": {layout.MODEL},
    "compose": {layout.SOURCE},
}


def module_file(name: str) -> Path | None:
    path = ROOT / "src" / Path(*name.split("."))
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else None


def imported(file: Path) -> set[Path]:
    """Files of ours that a file imports, at the top or inside its functions, but not for types alone."""
    found = set()
    tree = ast.parse(file.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pipeline"):
            found |= {module_file(node.module), *(module_file(f"{node.module}.{each.name}") for each in node.names)}
    return found - {None}


def configured(file: Path) -> set[Path]:
    """Files of ours that `_target_` names in the nodes of conf/ that a stage calls."""
    text = file.read_text()
    nodes = re.findall(r'config\.call\(\s*params\["(\w+)"\](?!\[)|config\.load\(\)\["(\w+)"\]', text)
    found = set()
    for part in re.findall(r'params\["report"\]\["(\w+)"\]', text):  # one of the nodes of conf/report
        for each in (ROOT / "conf" / "report").glob("*.yaml"):
            if node := yaml.safe_load(each.read_text())[part]:
                found.add(module_file(node["_target_"].rpartition(".")[0]))
    for group in {name for pair in nodes for name in pair if name}:
        for each in [*(ROOT / "conf" / group).glob("*.yaml"), ROOT / "conf" / "config.yaml"]:
            for target in re.findall(r"_target_: (pipeline\.[\w.]+)\.\w+", each.read_text()):
                if each.parent.name == group or re.search(rf"^{group}:\n  _target_: {target}", each.read_text(), re.M):
                    found.add(module_file(target))
    return found


def code_of(stage: str) -> set[str]:
    """All files of ours that a stage runs."""
    seen: set[Path] = set()
    templates: set[Path] = set()
    waiting = {ROOT / "src" / "pipeline" / "stages" / f"{stage}.py"}
    waiting |= configured(next(iter(waiting)))
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting |= imported(file) - seen
        if "PackageLoader" in file.read_text():  # the templates that it fills are code as well
            templates.add(file.parent / "templates")
    return {str(file.relative_to(ROOT)) for file in seen | templates}


def listed(stage: str, key: str) -> set[str]:
    return {next(iter(each)) if isinstance(each, dict) else each for each in STAGES[stage].get(key, [])}


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_runs_is_a_dependency(stage):
    assert {dep for dep in listed(stage, "deps") if dep.startswith("src/")} == code_of(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_every_path_that_a_stage_names_is_a_dependency_or_an_output(stage):
    source = (ROOT / "src" / "pipeline" / "stages" / f"{stage}.py").read_text()
    named = {getattr(layout, name) for name in re.findall(r"paths\.([A-Z_]+)", source)} - UNTRACKED.get(stage, set())
    known = [Path(each) for key in ("deps", "outs", "metrics", "plots") for each in listed(stage, key)]
    for path in named:
        assert any(path == each or each in path.parents or path in each.parents for each in known), path


@pytest.mark.parametrize("stage", STAGES)
def test_every_parameter_that_a_stage_reads_is_listed(stage):
    source = (ROOT / "src" / "pipeline" / "stages" / f"{stage}.py").read_text()
    if stage == "compose":  # reads and writes the whole file
        assert "params.yaml" in STAGES[stage]["deps"]
        return
    read = set(re.findall(r'(?:params|config\.load\(\))\["(\w+)"\]', source))
    assert read == {name.split(".")[0] for name in STAGES[stage].get("params", [])} - ({"features"} & {stage} - read)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_described_as_its_module_is(stage):
    module = ast.parse((ROOT / "src" / "pipeline" / "stages" / f"{stage}.py").read_text())
    assert ast.get_docstring(module) == STAGES[stage]["desc"]
    assert STAGES[stage]["cmd"] == f"python -m pipeline.stages.{stage}"


def test_stages_stand_in_the_order_in_which_they_run():
    made: set[str] = set()
    everything = {out for stage in STAGES for key in ("outs", "metrics") for out in listed(stage, key)}
    for stage in STAGES:
        for dep in listed(stage, "deps"):
            writer = next((out for out in everything if dep == out or dep.startswith(f"{out}/")), None)
            assert writer is None or writer in made, f"{stage} reads {dep} before it is made"
        made |= listed(stage, "outs") | listed(stage, "metrics")
