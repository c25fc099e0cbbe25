"""Keeping an experiment: what `cairn keep` writes, that composing gives it back, and what it refuses."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from cairn import config
from cairn.cli.keep import keep
from cairn.errors import InputError
from pipeline.stages import compose

# One experiment a line, as after `-S`: swapped files, changed keys, added keys, and what a data set brings along.
EXPERIMENTS = [
    "model.max_depth=4",
    "model.max_depth=4 model.subsample=0.5 seed=7",
    "model=random_forest",
    "model=random_forest model.max_depth=8 model.n_estimators=20",
    "model=linear model.C=0.1 search=none",
    "model=dummy",
    "model.balance=weights search.trials=3",
    "model.space.max_depth.high=6",
    "model.early_stopping_rounds=null",
    "search=none",
    "data=wine",
    "data=wine model=extra_trees split.train=0.6 split.test=0.3",
    "data=file data.path=my.csv data.target=income +data.types.zip=VARCHAR 'data.missing=[NA,\"?\"]'",
    "data=adult seed=1",
    "features=as_is",
    "gates=default decision=default",
    "data=breast_cancer gates=hat_shop",
    "split=time",
    "data.customers=1000 data.drop=[gender] data.sensitive=[]",
    "evaluation.resamples=50 evaluation.confidence=0.9",
    "decision.values.true_positive=12",
    "data.positive=1",  # not the same as true
    "model.max_depth=12",
    "+model.grow_policy=lossguide",
    "+experiment=quick",
    "+experiment=quick model=random_forest seed=3",
]


def run_experiment(monkeypatch, overrides: str) -> str:
    """Leave params.yaml as `dvc exp run -S ...` leaves it; `dvc exp apply` brings the same file."""
    import shlex

    config.write(config.compose(shlex.split(overrides))[0])
    with monkeypatch.context() as during:
        during.setenv("DVC_EXP_NAME", "some-name")
        during.setattr(config, "check", lambda *_: None)  # some of these experiments only have to compose
        compose.main()
    return config.PARAMS.read_text()


def composed(monkeypatch, *overrides: str) -> str:
    """Give what the stage `compose` writes."""
    monkeypatch.setattr("sys.argv", ["compose", *overrides])
    with monkeypatch.context() as during:
        during.setattr(config, "check", lambda *_: None)
        compose.main()
    return config.PARAMS.read_text()


def kept(name: str) -> dict:
    return yaml.safe_load(Path(f"conf/experiment/{name}.yaml").read_text())


def conf_files() -> dict[str, str]:
    return {str(path): path.read_text() for path in Path("conf").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "overrides", [pytest.param(each, marks=[pytest.mark.slow] * (at % 3 > 0)) for at, each in enumerate(EXPERIMENTS)]
)
def test_composing_with_what_was_kept_gives_the_applied_parameters_to_the_byte(project_conf, monkeypatch, overrides):
    applied = run_experiment(monkeypatch, overrides)
    before = conf_files()
    keep("kept")
    assert config.PARAMS.read_text() == applied
    assert conf_files() == before | {"conf/experiment/kept.yaml": Path("conf/experiment/kept.yaml").read_text()}
    assert composed(monkeypatch, "+experiment=kept") == applied


@pytest.mark.parametrize("overrides", EXPERIMENTS[::5])
def test_a_default_is_what_conf_composes_to_from_then_on(project_conf, monkeypatch, overrides):
    applied = run_experiment(monkeypatch, overrides)
    keep("kept", default=True)
    assert composed(monkeypatch) == applied


def test_it_holds_what_changed_and_nothing_else(project_conf, monkeypatch):
    run_experiment(monkeypatch, "model=random_forest model.max_depth=8 seed=7")
    keep("forest")
    assert kept("forest") == {"defaults": [{"override /model": "random_forest"}], "model": {"max_depth": 8}, "seed": 7}
    run_experiment(monkeypatch, "model.max_depth=12")
    keep("deep")
    assert kept("deep") == {"model": {"max_depth": 12}}
    run_experiment(monkeypatch, "data=wine")
    keep("wine")
    assert kept("wine") == {"defaults": [{"override /data": "wine"}]}, "its companions come by themselves"
    run_experiment(monkeypatch, "data=breast_cancer gates=hat_shop")
    keep("strict")
    assert kept("strict") == {"defaults": [{"override /data": "breast_cancer"}, {"override /gates": "hat_shop"}]}


def test_one_changed_key_is_no_swap_of_a_file_that_has_it_too(project_conf, monkeypatch):
    text = Path("conf/model/xgboost.yaml").read_text()
    Path("conf/model/deep.yaml").write_text(text.replace("max_depth: 6", "max_depth: 12", 1))
    run_experiment(monkeypatch, "model.max_depth=12")
    keep("twelve")
    assert kept("twelve") == {"model": {"max_depth": 12}}


def test_the_default_goes_last_into_the_list_with_every_comment_kept(project_conf, monkeypatch):
    before = Path("conf/config.yaml").read_text()
    run_experiment(monkeypatch, "model=random_forest")
    keep("forest", default=True)
    after = Path("conf/config.yaml").read_text()
    assert after == before.replace("  - _self_\n", "  - _self_\n  - experiment: forest\n")

    run_experiment(monkeypatch, "experiment=forest seed=7")
    keep("seven", default=True)
    assert Path("conf/config.yaml").read_text() == after.replace("experiment: forest", "experiment: seven")
    assert kept("seven") == {"defaults": [{"override /model": "random_forest"}], "seed": 7}, "it stands on its own"
    assert yaml.safe_load(composed(monkeypatch))["seed"] == 7


def test_beside_a_default_an_experiment_is_named_without_plus(project_conf, monkeypatch):
    run_experiment(monkeypatch, "seed=7")
    keep("seven", default=True)
    applied = run_experiment(monkeypatch, "model.max_depth=3")
    assert "dvc exp run -S experiment=shallow" in keep("shallow")
    assert kept("shallow") == {"model": {"max_depth": 3}, "seed": 7}
    assert composed(monkeypatch, "experiment=shallow") == applied


def test_the_same_again_is_fine_and_can_become_the_default(project_conf, monkeypatch):
    applied = run_experiment(monkeypatch, "seed=7")
    keep("seven")
    path = Path("conf/experiment/seven.yaml")
    path.write_text(path.read_text() + "# the best so far\n")
    keep("seven", default=True)
    assert path.read_text().endswith("# the best so far\n")
    assert composed(monkeypatch) == applied


@pytest.mark.parametrize("name", ["", "a b", "../up", "a.b", "quick.yaml", "null", "True", "12", "-x", "ä"])
def test_a_bad_name_is_refused(project_conf, monkeypatch, name):
    run_experiment(monkeypatch, "seed=7")
    assert_refused(name, f"cairn keep: {name!r} is no name for a file of conf/experiment/: a letter, then ")


def test_a_name_that_is_taken_is_refused(project_conf, monkeypatch):
    run_experiment(monkeypatch, "seed=7")
    assert_refused("quick", "cairn keep: conf/experiment/quick.yaml is there already and says something else")


def test_nothing_changed_is_refused(project_conf, monkeypatch):
    composed(monkeypatch)
    assert_refused("same", "cairn keep: nothing changed, since params.yaml is what conf/ composes to")


def test_without_params_yaml_it_is_refused(project_conf):
    assert_refused("any", "cairn keep: no params.yaml here")


def test_what_no_file_of_conf_can_say_is_refused(project_conf, monkeypatch):
    run_experiment(monkeypatch, "'~model.space.subsample'")
    assert_refused(
        "less", "cairn keep: params.yaml has no model.space.subsample, and a file of conf/experiment/ cannot"
    )
    params, _ = config.compose()
    config.write(params | {"features": params["features"] | {"sql": "select ${seed}"}})  # Hydra would fill it in
    assert_refused("dollar", "cairn keep: conf/experiment/ cannot say this: features.sql: ")


def test_a_defaults_list_on_one_line_is_refused(project_conf, monkeypatch):
    text = Path("conf/config.yaml").read_text()
    entries = re.findall(r"^  - ([\w: ]+\w)", text, re.M)
    Path("conf/config.yaml").write_text(f"defaults: [{', '.join(entries)}]\n" + text[text.index("# Makes the split") :])
    run_experiment(monkeypatch, "seed=7")
    assert_refused("seven", "cairn keep: conf/config.yaml: the defaults list must have one entry a line", default=True)


def assert_refused(name: str, line: str, default: bool = False) -> None:
    before = conf_files()
    with pytest.raises(InputError) as refused:
        keep(name, default=default)
    assert str(refused.value).startswith(line), str(refused.value)
    assert "\n" not in str(refused.value)
    assert conf_files() == before


def test_a_project_without_experiments_gets_its_first(project_conf, monkeypatch):
    shutil.rmtree("conf/experiment")
    applied = run_experiment(monkeypatch, "seed=7")
    keep("seven")
    assert composed(monkeypatch, "+experiment=seven") == applied
