"""Experiments that are applied, kept and dropped: conf/ composes to the same params.yaml all along."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from cairn import config
from cairn.cli.keep import keep
from cairn.cli.reset import reset
from cairn.errors import InputError
from pipeline.stages import compose

# One experiment a line: swapped files, changed, added and removed keys, and what a data set brings along.
EXPERIMENTS = [
    ["model.max_depth=4", "model.subsample=0.5", "seed=7"],
    ["model=random_forest", "split=time", "model.n_estimators=20"],
    ["model.space.max_depth.high=6", "model.early_stopping_rounds=null"],
    ["data=breast_cancer", "gates=hat_shop", "search=none"],
    ["data=file", "data.path='my 1.csv'", "data.target=y", "++data.types={zip code:VARCHAR}", "data.missing=[NA,'?']"],
    ["data.positive=1", "evaluation.confidence=1e-05", "report.page=null"],  # 1 is not the same as true
    ["+model.grow_policy=lossguide", "model.finish=[{learning_rate:0.01}]", "~model.space.subsample"],
    ["features.sql='select \\${a} as it\\'s'"],
]
NOT_A_RECIPE = EXPERIMENTS[-2:]


@pytest.fixture(autouse=True)
def only_composed(monkeypatch):
    """Some of these experiments only have to compose."""
    monkeypatch.setattr(config, "check", lambda *_: None)
    monkeypatch.setattr("cairn.composition.check", lambda *_: None)
    monkeypatch.setattr(compose, "_watch", lambda *_: None)
    monkeypatch.setattr("cairn.composition.query", lambda *_: "")


def run_experiment(monkeypatch, overrides: str | list[str]) -> str:
    """Leave params.yaml as `dvc exp run -S ...` leaves it; `dvc exp apply` brings the same files."""
    config.write(config.compose(overrides.split() if isinstance(overrides, str) else overrides)[0])
    with monkeypatch.context() as during:
        during.setenv("DVC_EXP_NAME", "some-name")
        compose.main()
    return config.PARAMS.read_text()


def composed(monkeypatch, *overrides: str) -> str:
    """Return what the stage `compose` writes outside an experiment."""
    monkeypatch.setattr("sys.argv", ["compose", *overrides])
    compose.main()
    return config.PARAMS.read_text()


def kept(name: str) -> dict:
    return yaml.safe_load(Path(f"conf/experiment/{name}.yaml").read_text())


def conf_files() -> dict[str, str]:
    return {str(path): path.read_text() for path in Path("conf").rglob("*") if path.is_file()}


@pytest.mark.parametrize("overrides", EXPERIMENTS, ids=" ".join)
def test_an_applied_experiment_composes_to_the_same_bytes_before_and_after_it_is_kept(
    project_conf, monkeypatch, overrides
):
    applied = run_experiment(monkeypatch, overrides)
    assert sorted(config.applied()) == sorted(overrides)
    before = conf_files()
    assert composed(monkeypatch) == applied
    assert conf_files() == before
    if overrides not in NOT_A_RECIPE:
        keep("kept")
        assert config.applied() == ["+experiment=kept"]
        assert set(conf_files()) == {*before, "conf/experiment/kept.yaml"}
        assert composed(monkeypatch) == applied


def test_a_default_is_what_conf_composes_to_from_then_on(project_conf, monkeypatch):
    applied = run_experiment(monkeypatch, "data=wine model=extra_trees split.train=0.6 split.test=0.3")
    keep("kept", default=True)
    assert config.applied() == []
    assert composed(monkeypatch) == applied


def test_a_recipe_holds_what_changed_and_nothing_else(project_conf, monkeypatch):
    run_experiment(monkeypatch, "model=random_forest model.max_depth=8 seed=7")
    keep("forest")
    assert kept("forest") == {"defaults": [{"override /model": "random_forest"}], "model": {"max_depth": 8}, "seed": 7}
    run_experiment(monkeypatch, "data=wine")
    keep("wine")
    assert kept("wine") == {"defaults": [{"override /data": "wine"}]}, "its companions come by themselves"


def test_one_changed_key_is_no_swap_of_a_file_that_has_it_too(project_conf, monkeypatch):
    text = Path("conf/model/xgboost.yaml").read_text()
    Path("conf/model/deep.yaml").write_text(text.replace("max_depth: 6", "max_depth: 12", 1))
    run_experiment(monkeypatch, "model.max_depth=12")
    assert config.applied() == ["model.max_depth=12"]


def test_the_default_goes_last_into_the_list_and_a_later_one_replaces_it(project_conf, monkeypatch):
    before = Path("conf/config.yaml").read_text()
    run_experiment(monkeypatch, "model=random_forest")
    keep("forest", default=True)
    after = Path("conf/config.yaml").read_text()
    assert after == before.replace("  - _self_\n", "  - _self_\n  - experiment: forest\n")

    applied = run_experiment(monkeypatch, "experiment=forest seed=7")
    assert "dvc exp run -S experiment=seven" in keep("seven"), "without a plus beside a default"
    assert kept("seven") == {"defaults": [{"override /model": "random_forest"}], "seed": 7}, "it stands on its own"
    assert config.applied() == ["experiment=seven"]
    assert composed(monkeypatch) == applied
    path = Path("conf/experiment/seven.yaml")
    path.write_text(path.read_text() + "# the best so far\n")
    keep("seven", default=True)
    assert path.read_text().endswith("# the best so far\n")
    assert Path("conf/config.yaml").read_text() == after.replace("experiment: forest", "experiment: seven")
    assert composed(monkeypatch) == applied


def test_a_second_experiment_drops_the_overrides_of_the_first_and_reports_it(project_conf, monkeypatch, capsys):
    run_experiment(monkeypatch, "model=random_forest model.max_depth=8")
    capsys.readouterr()
    run_experiment(monkeypatch, "seed=7")
    assert config.applied() == ["seed=7"]
    assert capsys.readouterr().out.splitlines()[:2] == [
        "conf/overrides.yaml: dropped model=random_forest, model.max_depth=8 (an experiment starts from conf/ without "
        "them, so repeat them by -S, or `cairn keep NAME --default` before it)",
        "conf/overrides.yaml: applied seed=7 (`cairn keep NAME` or `cairn reset` ends it)",
    ]


def test_an_experiment_without_overrides_takes_edits_of_conf_and_keeps_what_is_applied(project_conf, monkeypatch):
    import hashlib

    applied = run_experiment(monkeypatch, "model.max_depth=4")
    md5 = hashlib.md5(applied.encode()).hexdigest()
    Path("dvc.lock").write_text(
        yaml.safe_dump({"stages": {"compose": {"deps": [{"path": "params.yaml", "md5": md5}]}}})
    )
    text = Path("conf/config.yaml").read_text()
    Path("conf/config.yaml").write_text(text.replace("seed: 42", "seed: 1"))
    monkeypatch.setenv("DVC_EXP_NAME", "some-name")
    compose.main()
    assert config.applied() == ["model.max_depth=4"]
    assert yaml.safe_load(config.PARAMS.read_text()) == yaml.safe_load(applied) | {"seed": 1}


def test_overrides_by_hand_are_added_to_the_applied_ones(project_conf, monkeypatch):
    run_experiment(monkeypatch, "model=random_forest model.max_depth=8 seed=7")
    composed(monkeypatch, "seed=8")
    assert config.applied() == ["model=random_forest", "model.max_depth=8", "seed=8"]
    composed(monkeypatch, "model=linear")
    assert config.applied() == ["seed=8", "model=linear"]


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ("model.learning_rate=0.3", "conf/overrides.yaml: override model.learning_rate: conf/ has no such key; "),
        (
            "model.max_depth=4",
            "conf/overrides.yaml: model.max_depth=4 was applied to cairn.models.estimators.xgboost, ",
        ),
    ],
)
def test_an_override_that_no_longer_fits_conf_is_one_line(project_conf, monkeypatch, overrides, line):
    applied = run_experiment(monkeypatch, overrides)
    text = Path("conf/config.yaml").read_text()
    Path("conf/config.yaml").write_text(text.replace("model: xgboost", "model: random_forest"))
    for _ in range(2):
        with pytest.raises(InputError) as refused:
            composed(monkeypatch)
        assert str(refused.value).startswith(line)
        assert str(refused.value).endswith("; edit it, or drop its overrides by `cairn reset`")
        assert config.PARAMS.read_text() == applied
    assert reset().splitlines()[0] == f"conf/overrides.yaml: dropped {overrides}"
    assert "random_forest" in composed(monkeypatch)


def test_a_fault_of_conf_is_not_blamed_on_the_overrides(project_conf, monkeypatch):
    run_experiment(monkeypatch, "seed=7")
    text = Path("conf/config.yaml").read_text()
    Path("conf/config.yaml").write_text(text.replace("model: xgboost", "model: xgbost"))
    with pytest.raises(InputError, match=r"^conf/config.yaml: model: no file conf/model/xgbost.yaml"):
        composed(monkeypatch)


@pytest.mark.parametrize("content", ["seed: 7\n", "- seed: 7\n", "seed\n", "- [\n"])
def test_something_else_than_a_list_of_overrides_is_refused_until_it_is_reset(project_conf, monkeypatch, content):
    config.OVERRIDES.write_text(content)
    with pytest.raises(InputError, match=r"^conf/overrides.yaml: ") as refused:
        composed(monkeypatch)
    assert "\n" not in str(refused.value)
    assert content.splitlines()[0] in reset()
    assert config.applied() == []


def test_an_experiment_asks_for_the_list_that_git_has_to_track(project_conf, monkeypatch):
    config.OVERRIDES.unlink()
    with pytest.raises(InputError, match=r"^conf/overrides.yaml: no such file; `cairn reset` writes it, then"):
        run_experiment(monkeypatch, "seed=7")
    assert reset() == "conf/overrides.yaml: written, and empty"
    run_experiment(monkeypatch, "seed=7")
    assert reset().splitlines() == [
        "conf/overrides.yaml: dropped seed=7",
        "`dvc repro` composes conf/ without them",
    ]
    assert reset() == "conf/overrides.yaml: lists no overrides"


def test_what_cannot_be_kept_is_refused_and_changes_nothing(project_conf, monkeypatch):
    assert_refused("any", "cairn keep: conf/overrides.yaml lists no overrides; apply an experiment first")
    run_experiment(monkeypatch, "seed=7")
    for name in ["", "a b", "../up", "a.b", "quick.yaml", "null", "True", "12", "-x", "ä"]:
        assert_refused(name, f"cairn keep: {name!r} is not a valid name in conf/experiment/: a letter, then ")
    assert_refused("quick", "cairn keep: conf/experiment/quick.yaml exists already with other content")
    config.OVERRIDES.write_text("- ~model.space.subsample\n")
    assert_refused("less", "cairn keep: a file of conf/experiment/ cannot take model.space.subsample away")
    config.OVERRIDES.write_text("- features.sql='select \\${seed}'\n")
    assert_refused("dollar", "cairn keep: a file of conf/experiment/ cannot express this: features.sql: ")
    text = Path("conf/config.yaml").read_text()
    entries = re.findall(r"^  - ([\w: ]+\w)", text, re.M)
    Path("conf/config.yaml").write_text(f"defaults: [{', '.join(entries)}]\n" + text[text.index("# Makes the split") :])
    config.OVERRIDES.write_text("- seed=7\n")
    line = "cairn keep: conf/config.yaml: the defaults list must have one entry a line"
    assert_refused("seven", line, default=True)


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
    assert composed(monkeypatch) == applied
