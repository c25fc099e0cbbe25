"""Composition: what conf/ composes to, and what each mistake in it says."""

import re
from pathlib import Path

import pytest
import yaml

from cairn import config
from cairn.composition import compose_applied
from cairn.errors import InputError

ROOT = Path(__file__).parents[2]
CHOICES = sorted(path.relative_to(ROOT / "conf") for path in (ROOT / "conf").glob("*/*.yaml"))
EXPERIMENTS = [choice.stem for choice in CHOICES if choice.parent.name == "experiment"]
CHOICES = [choice for choice in CHOICES if choice.parent.name != "experiment"]


def checked(*overrides: str) -> dict:
    params, choices = config.compose(overrides)
    config.check(params, choices)
    return params


def recipe(name: str) -> str:
    """Name an experiment as Hydra wants it: with a plus, unless conf/config.yaml lists one."""
    return f"{'' if 'experiment' in config.compose()[1] else '+'}experiment={name}"


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))


def test_params_yaml_is_what_conf_composes_to_with_the_applied_experiment(monkeypatch):
    text = (ROOT / "params.yaml").read_text()
    if not config.parse_yaml(text):
        pytest.skip("params.yaml: nothing has run yet; `make run` composes conf/ into it")
    monkeypatch.chdir(ROOT)
    if listed := config.applied():
        print(f"{config.OVERRIDES}: an experiment is applied, {', '.join(listed)}")
    assert text == config.dump(compose_applied())


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_every_file_of_conf_names_something_that_exists_and_takes_its_keys(project_conf, choice):
    more = ["data.path=some.csv", "data.target=label"] if choice == Path("data/file.yaml") else []
    params = checked(f"{choice.parent}={choice.stem}", *more)
    node = params[str(choice.parent)]
    for each in [node] if "_target_" in node else filter(None, node.values()):  # conf/report holds several, or none
        assert callable(config.locate(each["_target_"]))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_of_conf_changes_something_and_only_what_is_there(project_conf, name):
    plain = checked()
    with_recipe = checked(recipe(name))
    listed = config.compose()[1].get("experiment") == name
    assert (with_recipe == plain) is listed
    assert with_recipe.keys() == plain.keys()


def test_the_quick_experiment_suits_every_data_set_and_model(project_conf):
    quick = recipe("quick")
    for choice in CHOICES:
        if choice.parent.name in {"data", "model"} and choice.stem != "file":
            assert checked(quick, f"{choice.parent}={choice.stem}")["search"]["trials"] == 3


def test_dvc_writes_the_same_bytes(project_conf):
    from dvc.utils.hydra import compose_and_dump

    overrides = ["model=random_forest", "split=time", "model.max_depth=7"]
    compose_and_dump(
        project_conf / "dvc.yaml", str(project_conf / "conf"), None, "config", str(project_conf), overrides
    )
    config.write(config.compose(overrides)[0])
    assert (project_conf / "dvc.yaml").read_bytes() == config.PARAMS.read_bytes()


def test_a_data_set_brings_its_companions_and_the_command_line_has_the_last_word(project_conf):
    assert checked()["features"]["sql"] == "hat_shop.sql"
    assert checked("data=wine")["features"]["sql"] is None
    assert checked("features=as_is")["features"]["sql"] is None


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("model/xgboost", "max_depth: 6", "max_dept: 6", "conf/model/xgboost.yaml: max_dept: no such key for .* (did you mean 'max_depth'?)"),
        ("model/xgboost", "max_depth: 6", "max_depth: six", "conf/model/xgboost.yaml: max_depth: 'six': input should be a valid integer"),
        ("model/xgboost", "max_depth: 6", "max_depth: 6.5", "conf/model/xgboost.yaml: max_depth: 6.5: input should be a valid integer"),
        ("model/xgboost", "balance: none", "balance: weight", "conf/model/xgboost.yaml: balance: 'weight' is not a valid choice (did you mean 'weights'?)"),
        ("model/xgboost", "max_depth: {low: 3", "max_dept: {low: 3", "conf/model/xgboost.yaml: space.max_dept: no such parameter (did you mean 'max_depth'?)"),
        ("model/xgboost", "{low: 3, high: 10}", "{low: 10, high: 3}", "conf/model/xgboost.yaml: space.max_depth: low 10 is above high 3"),
        ("model/xgboost", "{low: 3, high: 10}", "{lo: 3, high: 10}", "conf/model/xgboost.yaml: space.max_depth: no such key 'lo' (did you mean 'low'?)"),
        ("model/xgboost", "estimators.xgboost", "estimators.xgbost", "conf/model/xgboost.yaml: _target_: nothing named 'xgbost' in cairn.models.estimators (did you mean 'xgboost'?)"),
        ("split/stratified", "train: 0.8", "train: most", "conf/split/stratified.yaml: train: 'most': input should be a valid number"),
        ("decision/hat_shop", "maximise: profit", "maximise: profits", "conf/decision/hat_shop.yaml: maximise: 'profits' is none of f1, profit, youden, accuracy (did you mean 'profit'?)"),
        ("gates/hat_shop", "threshold: 0.75", "treshold: 0.75", "conf/gates/hat_shop.yaml: gates[0]: no key 'treshold' (did you mean 'threshold'?)"),
        ("gates/hat_shop", "metric: roc_auc", "metric: rocauc", "conf/gates/hat_shop.yaml: gates[0].metric: no 'rocauc' for a binary target (did you mean 'roc_auc'?)"),
        ("expectations/hat_shop", "expect_column_values_to_be_unique", "expect_column_values_to_be_uniqe", "conf/expectations/hat_shop.yaml: .*no expectation 'expect_column_values_to_be_uniqe' (did you mean 'expect_column_values_to_be_unique'?)"),
        ("data/hat_shop", "customers: 40000", "customers: 10", "conf/data/hat_shop.yaml: data.customers: 10 is not from 1,000 to 10,000,000"),
        ("data/hat_shop", "target: bought_hat", "targt: bought_hat", "conf/data/hat_shop.yaml: targt: no such key for .* (did you mean 'target'?)"),
        ("data/hat_shop", "task: binary", "task: binry", "conf/data/hat_shop.yaml: task: 'binry' is none of auto, binary, multiclass, regression (did you mean 'binary'?)"),
        ("features/hat_shop", "sql: hat_shop.sql", "sql: hatshop.sql", "features.sql: no file conf/features/hatshop.sql (did you mean 'hat_shop.sql'?)"),
        ("report/full", "points: 120", "point: 120", "conf/report/full.yaml: page.point: no such key for cairn.report.page.page (did you mean 'points'?)"),
        ("report/full", "points: 120", "points: many", "conf/report/full.yaml: page.points: 'many': input should be a valid integer"),
        ("report/full", "page.page", "page.pag", "conf/report/full.yaml: page._target_: nothing named 'pag' in cairn.report.page (did you mean 'page'?)"),
        ("report/full", "\npage:", "\npages:", "conf/report/full.yaml: pages: no such part of the report (did you mean 'page'?)"),
        ("config", "- model: xgboost", "- model: xgbost", "conf/config.yaml: model: no file conf/model/xgbost.yaml (did you mean 'xgboost'?)"),
        ("config", "seed: 42", "seed: many", "conf/config.yaml: seed: 'many': input should be a valid integer"),
        ("config", "seed: 42", "sede: 42", "conf/config.yaml: sede: no such key (did you mean 'seed'?)"),
        ("config", "seed: 42", "seed: 42\nsearhc: 3", "conf/config.yaml: searhc: no such key (did you mean 'search'?)"),
        ("config", "resamples: 1000", "resample: 1000", "conf/config.yaml: resample: no such key for .* (did you mean 'resamples'?)"),
        ("config", "seed: 42", "seed: [", "conf/config.yaml: line "),
    ],
)  # fmt: skip
def test_a_mistake_in_conf_is_one_line_with_the_file_the_key_and_the_nearest_name(project_conf, file, old, new, line):
    from pipeline.stages import compose

    before = (ROOT / "params.yaml").read_text()
    config.PARAMS.write_text(before)
    edit(f"conf/{file}.yaml", old, new)
    with pytest.raises(InputError) as refused:
        compose.main()
    pattern = re.escape(line).replace(r"\.\*", ".*")
    assert re.match(pattern, str(refused.value)), str(refused.value)
    assert "\n" not in str(refused.value)
    assert config.PARAMS.read_text() == before


def experiment(text: str) -> None:
    Path("conf/experiment/mine.yaml").write_text(text)


@pytest.mark.parametrize(
    ("text", "override", "line"),
    [
        ("seed: 1\n", "+experiment=quik", "override +experiment=quik: no file conf/experiment/quik.yaml (did you mean 'quick'?)"),
        ("seed: 1\n", "+experiment=mine", "conf/experiment/mine.yaml: write `# @package _global_` as the first line, or nothing sees its keys"),
        ("# @package _global_\nmodel:\n  max_dept: 4\n", "+experiment=mine", "conf/experiment/mine.yaml: model.max_dept: no such key for cairn.models.estimators.xgboost (did you mean 'max_depth'?)"),
        ("# @package _global_\nmodel:\n  max_depth: deep\n", "+experiment=mine", "conf/experiment/mine.yaml: model.max_depth: 'deep': input should be a valid integer"),
        ("# @package _global_\nmodle:\n  max_depth: 4\n", "+experiment=mine", "conf/experiment/mine.yaml: modle: no such key (did you mean 'model'?)"),
        ("# @package _global_\ndefaults:\n  - override /model: forest\n", "+experiment=mine", "conf/experiment/mine.yaml: model: no file conf/model/forest.yaml (did you mean 'random_forest'?)"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_experiment_is_one_line(project_conf, text, override, line):
    experiment(text)
    with pytest.raises(InputError) as refused:
        checked(override)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


def test_a_key_that_only_another_family_has_is_one_line(project_conf):
    with pytest.raises(InputError, match=r"^override model\.max_depth: conf/ has no such key$"):
        checked("model=linear", "model.max_depth=4")


def test_a_stage_run_by_hand_takes_an_experiment(project_conf, monkeypatch):
    config.write(config.compose()[0])
    monkeypatch.setattr("sys.argv", ["tune", recipe("quick"), "search.trials=2"])
    assert config.load()["search"]["trials"] == 2
    assert config.load()["search"]["rows"] == 2000


@pytest.mark.parametrize("before", [None, "# nothing has run yet\n"])
def test_compose_writes_params_and_says_what_changed(project_conf, capsys, before):
    from pipeline.stages import compose

    if before:
        config.PARAMS.write_text(before)
    compose.main()
    assert capsys.readouterr().out == "params.yaml: composed from conf/\n"
    edit("conf/model/xgboost.yaml", "max_depth: 6", "max_depth: 5")
    compose.main()
    assert capsys.readouterr().out == "params.yaml: model.max_depth: 6 -> 5\n"
    assert yaml.safe_load(config.PARAMS.read_text())["model"]["max_depth"] == 5


def test_under_an_experiment_params_stay_as_dvc_composed_them_but_are_checked(project_conf, monkeypatch):
    from pipeline.stages import compose

    config.write(config.compose(["model.max_depth=9"])[0])
    monkeypatch.setenv("DVC_EXP_NAME", "deep-trees")
    compose.main()
    assert config.load()["model"]["max_depth"] == 9
    config.write(config.compose(["model.max_depth=deep"])[0])
    with pytest.raises(InputError, match="max_depth: 'deep': input should be a valid integer"):
        compose.main()


def test_a_stage_run_by_hand_takes_hydra_overrides(project_conf, monkeypatch):
    config.write(config.compose()[0])
    monkeypatch.setattr("sys.argv", ["train", "model=random_forest", "model.max_depth=3"])
    params = config.load()
    assert params["model"]["_target_"].endswith("random_forest")
    assert params["model"]["max_depth"] == 3


def test_an_expected_error_is_one_line_and_exit_code_1(capsys):
    def fail() -> None:
        raise InputError("data.path: no such file")

    with pytest.raises(SystemExit) as stopped:
        config.run(fail)
    assert stopped.value.code == "error: data.path: no such file"


def test_command_line_and_composition_import_nothing_heavy():
    import subprocess
    import sys

    modules = ["cairn.cli.main", "cairn.composition", "pipeline.stages.compose", "pipeline.stages.code"]
    heavy = [
        "pandas",
        "sklearn",
        "xgboost",
        "optuna",
        "great_expectations",
        "duckdb",
        "pyarrow",
        "dvc",
        "hydra",
        "dvclive",
        "gto",
    ]
    code = f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_parameter_that_an_override_sets_is_not_searched(project_conf, monkeypatch):
    from pipeline.stages import compose

    config.write(config.compose(["model.max_depth=4"])[0])
    monkeypatch.setenv("DVC_EXP_NAME", "shallow-trees")
    compose.main()
    model = config.load()["model"]
    assert model["max_depth"] == 4
    assert set(config.own_values("model", model)["space"]) - set(model["space"]) == {"max_depth"}


def test_what_an_override_sets_is_tried_by_no_start_and_no_last_change(project_conf, monkeypatch):
    from pipeline.stages import compose

    config.write(config.compose(["model.learning_rate=0.3", "model.subsample=0.9"])[0])
    monkeypatch.setenv("DVC_EXP_NAME", "fast")
    compose.main()
    model = config.load()["model"]
    assert model["finish"] == []
    assert model["starts"] and all("subsample" not in start for start in model["starts"])


def test_a_second_file_for_the_same_family_is_told_apart(project_conf):
    text = Path("conf/model/xgboost.yaml").read_text()
    Path("conf/model/deep.yaml").write_text(text.replace("max_depth: 6", "max_depth: 12", 1))
    for choice, depth in (("xgboost", 6), ("deep", 12)):
        node = config.compose([f"model={choice}", "model.subsample=0.5"])[0]["model"]
        assert config.own_values("model", node)["max_depth"] == depth


def test_the_users_own_file_is_watched_by_its_content(project_conf, monkeypatch):
    from cairn import layout
    from pipeline.stages import compose

    table = project_conf / "mine.csv"
    table.write_text("a,b\n1,2\n")
    monkeypatch.setattr("sys.argv", ["compose", "data=file", "data.path=mine.csv", "data.target=b"])
    compose.main()
    assert layout.SOURCE.samefile(table)
    monkeypatch.setattr("sys.argv", ["compose"])
    compose.main()
    assert layout.SOURCE.samefile(table), "what is applied stays"
    config.OVERRIDES.write_text("[]\n")
    compose.main()
    assert layout.SOURCE.read_text() == "no file on this disk to watch\n"
    assert table.read_text() == "a,b\n1,2\n"
