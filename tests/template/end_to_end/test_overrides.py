"""Applied experiments on real DVC and git: conf/ composes to params.yaml at every commit, and makes the same model."""

from pathlib import Path

import pytest
import yaml
from engine.tests.queues import wait_until_ended

DEEP = ["-S", "model.max_depth=4", "-S", "model.n_estimators=20"]
FOREST = ["-S", "model=random_forest", "-S", "model.n_estimators=20"]
LISTED = {"deep": ["model.n_estimators=20", "model.max_depth=4"], "forest": ["model=random_forest", FOREST[-1]]}


def well(run, project: Path, *command: str, **env: str) -> str:
    done = run(command, project, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed(project: Path) -> list[str]:
    return yaml.safe_load((project / "conf/overrides.yaml").read_text(encoding="utf-8"))


def state(project: Path) -> list[bytes]:
    return [(project / name).read_bytes() for name in ("params.yaml", "conf/overrides.yaml")]


def compose_anew(run, project: Path) -> None:
    """Compose outside an experiment, as any later `dvc repro` may."""
    well(run, project, "dvc", "repro", "--force", "compose", CI="true")


@pytest.mark.slow
def test_a_promoted_experiment_is_made_again_from_its_tag_in_a_fresh_clone(finished, run, tmp_path):
    well(run, finished, "dvc", "exp", "run", *DEEP)
    assert sorted(listed(finished)) == sorted(LISTED["deep"])
    applied = state(finished)
    train = finished / "src/pipeline/stages/train.py"
    train.write_text(train.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    well(run, finished, "dvc", "repro")
    assert state(finished) == applied, "an edit of code leaves an applied experiment alone"
    well(run, finished, "git", "commit", "--quiet", "--all", "--message", "Shallower trees")
    assert well(run, finished, "cairn", "promote", "prod").startswith("v0.0.1 is in prod")

    clone = tmp_path / "clone"
    well(run, finished, "git", "clone", "--quiet", "--branch", "model@v0.0.1", str(finished), str(clone))
    well(run, clone, "dvc", "repro", "card", CI="true")  # there is no cache: all of it is made anew
    assert state(clone) == applied
    models = [{path.name: path.read_bytes() for path in each.glob("models/model/*")} for each in (finished, clone)]
    assert models[0] and models[0] == models[1]
    compose_anew(run, clone)
    assert state(clone) == applied


@pytest.mark.parametrize("how", ["workspace", "--temp", "--queue"])
def test_overrides_are_part_of_the_experiment_however_it_runs(finished, run, how):
    words = [] if how == "workspace" else [how]
    before = state(finished)
    well(run, finished, "dvc", "exp", "run", *words, "--name", "deep", *DEEP, "compose")
    if how == "--queue":
        well(run, finished, "dvc", "queue", "start")
        assert "Success" in wait_until_ended(1, lambda: run(["dvc", "queue", "status"], finished).stdout)
    if how != "workspace":
        assert state(finished) == before
    well(run, finished, "git", "checkout", "--quiet", ".")
    well(run, finished, "dvc", "exp", "apply", "deep")
    assert sorted(listed(finished)) == sorted(LISTED["deep"])
    assert "conf/overrides.yaml" in well(run, finished, "git", "status", "--porcelain")
    applied = state(finished)
    compose_anew(run, finished)
    assert state(finished) == applied
    well(run, finished, "dvc", "exp", "branch", "deep", "try-deep")
    assert "max_depth=4" in well(run, finished, "git", "show", "try-deep:conf/overrides.yaml")


def test_two_experiments_one_after_the_other_a_recipe_and_the_way_back(finished, run):
    plain = state(finished)
    well(run, finished, "dvc", "exp", "run", *DEEP, "compose")
    said = well(run, finished, "dvc", "exp", "run", *FOREST, "compose")
    assert "conf/overrides.yaml: dropped model.max_depth=4 (an experiment starts from conf/ without them" in said
    assert listed(finished) == LISTED["forest"]
    forest = state(finished)[0]

    well(run, finished, "cairn", "keep", "forest")
    assert listed(finished) == ["+experiment=forest"]
    compose_anew(run, finished)
    well(run, finished, "dvc", "exp", "run", "-S", "+experiment=forest", "compose")
    assert (state(finished)[0], listed(finished)) == (forest, ["+experiment=forest"])

    well(run, finished, "dvc", "exp", "run", "-S", "seed=7", "compose")
    config = finished / "conf/config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("seed: 42", "seed: 3"), encoding="utf-8")
    compose_anew(run, finished)
    assert (yaml.safe_load(state(finished)[0])["seed"], listed(finished)) == (7, ["seed=7"])
    said = well(run, finished, "dvc", "exp", "run", "compose")  # without -S: conf/ alone
    assert "conf/overrides.yaml: dropped seed=7" in said
    assert (yaml.safe_load(state(finished)[0])["seed"], listed(finished)) == (3, [])
    well(run, finished, "git", "checkout", "--quiet", "conf/config.yaml")
    well(run, finished, "dvc", "exp", "run", "-S", "model.subsample=0.5", "compose")
    assert "conf/overrides.yaml: dropped model.subsample=0.5" in well(run, finished, "cairn", "reset")
    compose_anew(run, finished)
    assert state(finished) == plain
