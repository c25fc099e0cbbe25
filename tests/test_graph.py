"""dvc.yaml is complete: the code, the paths and the parameters that a stage uses stand in its deps, params and outs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cairn import layout

ROOT = Path(__file__).parents[1]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
BEFORE_CODE = {"compose", "code"}
OUTSIDE = {"experiment", "monitor", "registry", "serve"}  # groups of conf/ that commands use, and no stage
# Paths that a stage may name without listing them. Journals of a search are what a killed run leaves for the next.
# data/source is a link to the user's file: when the file changes, `ingest` must run and `compose` must not. Of the
# model, `tune` and `judge` read the champion's, out of the commit that its tag names.
UNTRACKED = {
    "compose": {layout.SOURCE},
    "judge": {layout.MODEL},
    "tune": {layout.STUDIES, layout.LAST_STUDY, layout.MODEL},
}


def script(stage: str) -> str:
    return (ROOT / "src" / "pipeline" / "stages" / f"{stage}.py").read_text(encoding="utf-8")


def listed(stage: str, key: str) -> set[str]:
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in STAGES[stage].get(key, [])}


def parameters_read(source: str) -> Iterator[tuple[str, bool]]:
    """Yield each `params["a"]["b"]` of a script as `a.b`, and whether a key that only the run knows follows."""
    tree = ast.parse(source)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Subscript) or id(node) in inner:
            continue
        keys: list[ast.expr] = []
        value: ast.expr = node
        while isinstance(value, ast.Subscript):
            keys.insert(0, value.slice)
            value = value.value
        if ast.unparse(value) in {"params", "config.load()"} and isinstance(keys[0], ast.Constant):
            fixed = [key.value for key in keys if isinstance(key, ast.Constant)]
            yield ".".join(fixed), len(fixed) < len(keys)


def covers(name: str, key: str, *, partly: bool = False) -> bool:
    """Return whether a listed name holds a key, or with `partly` a part of what stands under it."""
    return name == key or key.startswith(f"{name}.") or (partly and name.startswith(f"{key}."))


@pytest.mark.parametrize("stage", sorted(STAGES.keys() - BEFORE_CODE))
def test_stage_depends_on_its_own_code(stage):
    deps = listed(stage, "deps")
    assert f"data/interim/code/{stage}.txt" in deps
    assert not {dep for dep in deps if dep.startswith(("src", "engine", "vendor"))}, "the stage `code` lists modules"


@pytest.mark.parametrize("stage", STAGES)
def test_stage_lists_every_path_that_it_names(stage):
    constants = re.findall(r"layout\.([A-Z_]+)", script(stage))
    named = {getattr(layout, constant) for constant in constants} - UNTRACKED.get(stage, set())
    known = [Path(entry) for key in ("deps", "outs", "metrics", "plots") for entry in listed(stage, key)]
    for path in named:
        assert any(path == entry or entry in path.parents or path in entry.parents for entry in known), path


@pytest.mark.parametrize("stage", sorted(STAGES.keys() - BEFORE_CODE))
def test_stage_lists_the_parameters_that_it_reads_and_no_others(stage):
    names = listed(stage, "params")
    read = list(parameters_read(script(stage)))
    for key, open_ended in read:
        assert any(covers(name, key, partly=open_ended) for name in names), f"params: lacks {key}"
    for name in names:
        assert any(covers(name, key) or covers(key, name) for key, _ in read), f"params: {name} is not read"


def nodes() -> Iterator[tuple[str, str]]:
    """Yield each node of conf/ that names a function, with its file: `model`, `report.page`."""
    for path in sorted((ROOT / "conf").rglob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        group = [] if path.name == "config.yaml" else [path.parent.name]
        if group and "_target_" in content:
            yield path.parent.name, path.name
        else:
            for key, value in content.items():
                if isinstance(value, dict) and "_target_" in value:
                    yield ".".join([*group, key]), path.name


@pytest.mark.parametrize("node", sorted({node for node, _ in nodes() if node.split(".")[0] not in OUTSIDE}))
def test_every_node_of_conf_is_a_parameter_of_a_stage_with_all_its_keys(node):
    assert any(covers(name, node) for stage in STAGES for name in listed(stage, "params"))


@pytest.mark.parametrize("stage", STAGES)
def test_stage_is_described_as_its_script_is(stage):
    assert ast.get_docstring(ast.parse(script(stage))) == STAGES[stage]["desc"]
    assert STAGES[stage]["cmd"] == f"python -m pipeline.stages.{stage}"


def test_stages_stand_in_the_order_in_which_they_run():
    outputs = {stage: listed(stage, "outs") | listed(stage, "metrics") for stage in STAGES}
    written: set[str] = set()
    for stage in STAGES:
        for dep in listed(stage, "deps"):
            writers = {out for outs in outputs.values() for out in outs if Path(dep).is_relative_to(out)}
            assert writers <= written, f"{stage} reads {dep} before it is written"
        written |= outputs[stage]
