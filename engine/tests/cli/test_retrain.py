"""Retraining beside the working tree: real git, real DVC, and small stages that take moments."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from engine.tests.small_project import CARD, JUDGED, Project, copied, make, trainer

from cairn.cli.promote import promote
from cairn.cli.retrain import retrain
from cairn.errors import InputError
from cairn.registry import history, tags
from cairn.registry.worktree import PLACE, worktree

DVC_YAML = f"""
stages:
  ingest:
    cmd: python ingest.py
    deps: [ingest.py]
    params: [data]
    outs: [data/raw]
  train:
    cmd: python train.py
    deps: [train.py, data/raw]
    outs: [models/trained]
  gate:
    cmd: python -c "import json; exit(not json.load(open('reports/gates.json'))['passed'])"
    deps: [reports/gates.json]
{JUDGED}"""
INGEST = """
from pathlib import Path
import yaml
data = yaml.safe_load(open("params.yaml"))["data"]
Path("data/raw").mkdir(parents=True, exist_ok=True)
rows = Path(data["path"]).read_text() if data.get("path") else str(data["customers"])
Path("data/raw/table").write_text(rows)
"""
WAIT = """
import time
while Path("/tmp", "SLOW").exists():
    time.sleep(0.1)
"""
JUDGE = """
import json
from pathlib import Path
rows = int(Path("models/trained/one").read_text()[3:])
gate = {"gate": "rows are at most 50000", "metric": "rows", "value": rows, "bound": 50000, "passed": rows <= 50000, "why": ""}
Path("reports").mkdir(exist_ok=True)
champion = {"version": "v0.0.1", "commit": "0123456789", "rows": 1000, "newer_than": None, "metrics": {}}
report = {"passed": gate["passed"], "newest": None, "champion": champion, "gates": [gate]}
Path("reports/gates.json").write_text(json.dumps(report))
Path("reports/metrics.json").write_text(json.dumps({"test": {"rows": rows}}))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("retrain")
    project = make(home)
    slow = trainer("data/raw/table") + WAIT.replace('"/tmp", "SLOW"', f"{str(home / 'slow')!r}")
    files = {"dvc.yaml": DVC_YAML, "ingest.py": INGEST, "train.py": slow, "judge.py": JUDGE, "card.py": CARD}
    for name, text in files.items():
        (project.folder / name).write_text(text)
    project.run("dvc", "config", "hydra.enabled", "True")
    (project.folder / "data.txt").unlink()
    project.git("rm", "-r", "--quiet", "--cached", "dvc.lock", "make.py")
    (project.folder / "dvc.lock").unlink()
    project.run(sys.executable, "-m", "pipeline.stages.compose")
    (project.folder / ".gitignore").write_text("/data/\n/models/\nmy.csv\n")
    project.run("dvc", "repro", "--quiet")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "The first model")
    project.git("push", "--quiet")
    with pytest.MonkeyPatch.context() as during:
        during.chdir(project.folder)
        promote("prod")
    return home


@pytest.fixture
def ann(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of all of it, a model in prod, and a person in the middle of something."""
    project = copied(made, tmp_path, monkeypatch)
    (project.folder / "conf/config.yaml").open("a").write("# half a thought\n")
    (project.folder / "notes.txt").write_text("mine")
    return project


def state(project: Project) -> tuple[str, ...]:
    """What a person sees of their own tree."""
    texts = [path.read_text() for path in sorted(project.folder.glob("*.yaml"))]
    return (
        project.git("status", "--porcelain"),
        project.git("rev-parse", "HEAD"),
        project.git("branch", "--show-current"),
        *texts,
    )


def branches(project: Project, folder: str | None = None) -> list[str]:
    where = ["--git-dir", folder] if folder else []
    return project.git(*where, "for-each-ref", "--format=%(refname:short)", "refs/heads/retrain").split()


def nothing_is_left(project: Project) -> bool:
    trees = project.git("worktree", "list").splitlines()
    experiments = [each for each in project.git("for-each-ref", "refs/exps").splitlines() if "/exec/" not in each]
    return len(trees) == 1 and not PLACE.exists() and not experiments


def test_what_passes_its_gates_is_proposed_and_a_persons_own_tree_is_as_it_was(ann):
    before = state(ann)
    alarm = "drift of age: js_distance 0.31, 0.02 before"
    said = retrain(alarms=[alarm], given=["data.customers=30000"])
    (name,) = branches(ann)
    assert branches(ann, "../shared.git") == [name]
    assert name in said
    assert state(ann) == before
    assert nothing_is_left(ann)
    assert ann.git("rev-parse", f"{name}~") == ann.git("rev-parse", "HEAD")
    message = ann.git("log", "-1", "--format=%B", name)
    assert message.startswith(f"Retrain: {alarm}\n")
    assert message.splitlines()[-4:] == [
        f"Alarm: {alarm}",
        "Override: data.customers=30000",
        "Champion: v0.0.1",
        "Retrained-by: Ann <ann@example.invalid>",
    ]
    changed = ann.git("diff", "--name-only", f"{name}~", name).split()
    made = {"dvc.lock", "params.yaml", "reports/gates.json", "reports/metrics.json"}
    assert set(changed) == {*made, "conf/overrides.yaml"}
    assert "\n- data.customers=30000\n" in ann.git("show", f"{name}:conf/overrides.yaml") + "\n"
    assert tags.promoted("prod").version == "v0.0.1", "nothing is promoted unless the settings say so"
    assert tags.promoted("staging") is None


def test_a_failed_gate_is_one_line_and_leaves_nothing(ann):
    before = state(ann)
    with pytest.raises(InputError) as error:
        retrain(given=["data.customers=60000"])
    assert str(error.value).startswith(
        "1 of 1 gates failed, so nothing is proposed: rows are at most 50000 (6e+04 beside 5e+04)"
    )
    assert "`dvc exp run -S data.customers=60000` shows the report" in str(error.value)
    assert "\n" not in str(error.value)
    assert (state(ann), branches(ann), branches(ann, "../shared.git")) == (before, [], [])
    assert nothing_is_left(ann)


@pytest.mark.slow
def test_a_stage_that_fails_is_named_with_what_it_said(ann):
    with pytest.raises(InputError, match=r"nowhere\.csv") as error:
        retrain(given=["data=file", "data.path=/nowhere.csv", "data.target=x"])
    assert "retrain.log" in str(error.value)
    assert nothing_is_left(ann)


def test_the_same_data_teach_nothing_new(ann):
    with pytest.raises(InputError, match=r"no new data: `ingest` brings what commit .* was made from"):
        retrain()
    assert nothing_is_left(ann)


@pytest.mark.slow
def test_a_proposal_reaches_those_without_a_cache_and_while_it_waits_an_alarm_makes_no_second(ann, tmp_path):
    retrain(given=["data.customers=30000"])
    (name,) = branches(ann)
    other = ann.clone("bob")
    other.run("dvc", "cache", "dir", "--local", str(tmp_path / "empty"))
    other.run("dvc", "get", ".", "models/model", "--rev", f"origin/{name}", "--out", "got")
    assert (other.folder / "got/one").read_text() == "one30000"

    assert retrain(given=["data.customers=31000"]).startswith(f"{name} waits already")
    ann.git("branch", "-D", name)
    assert retrain(given=["data.customers=31000"]).startswith(f"origin/{name} waits already")
    ann.git("push", "--quiet", "origin", f":{name}")
    retrain(given=["data.customers=31000"])
    assert len(branches(ann)) == 1


@pytest.mark.slow
def test_the_newest_of_a_persons_own_table_is_what_is_learnt_from(ann):
    (ann.folder / "my.csv").write_text("123")
    retrain(given=["data=file", "data.path=my.csv", "data.target=x"])
    (name,) = branches(ann)
    assert yaml.safe_load(ann.git("show", f"{name}:reports/metrics.json"))["test"]["rows"] == 123
    assert "my.csv" not in ann.git("ls-tree", "-r", "--name-only", name)


@pytest.mark.slow
def test_a_table_that_git_keeps_goes_with_the_model(ann):
    (ann.folder / "kept.csv").write_text("1")
    ann.git("add", "kept.csv")
    ann.git("commit", "--quiet", "--message", "A table", "kept.csv")
    (ann.folder / "kept.csv").write_text("2")
    retrain(given=["data=file", "data.path=kept.csv", "data.target=x"])
    (name,) = branches(ann)
    assert ann.git("show", f"{name}:kept.csv") == "2"


def test_a_table_beside_the_repository_has_to_be_named_in_full(ann):
    with pytest.raises(InputError, match=r"data.path: ../my.csv lies outside the repository; give it in full"):
        retrain(given=["data=file", "data.path=../my.csv", "data.target=x"])


def until(seen: Callable[[], bool]) -> None:
    ends = time.monotonic() + 240
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def running(ann, made) -> Iterator[subprocess.Popen[bytes]]:
    """A retraining of another process, which trains until the test is over."""
    slow = made / "slow"
    slow.touch()
    code = "from cairn.cli.retrain import retrain; retrain(given=['data.customers=30000'])"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            until((PLACE / "models/trained/two").exists)
            yield process
        finally:
            slow.unlink(missing_ok=True)
            process.kill()


@pytest.mark.slow
def test_killed_half_way_it_leaves_a_tree_that_the_next_run_clears(ann, made, running):
    running.kill()
    running.wait()
    with pytest.raises(InputError, match="another retraining runs there"):  # what it started still is
        retrain(given=["data.customers=31000"])
    assert branches(ann) == []
    (made / "slow").unlink()
    until(lambda: not at_work())
    assert PLACE.exists()
    retrain(given=["data.customers=31000"])
    assert len(branches(ann)) == 1
    assert nothing_is_left(ann)


@pytest.mark.slow
def test_asked_to_end_it_takes_what_it_started_along(ann, running):
    assert at_work()
    running.terminate()
    assert running.wait(timeout=240) == 143
    assert nothing_is_left(ann)
    assert not at_work()


def at_work() -> list[int]:
    """The processes whose working directory is the second tree."""
    place = str(PLACE.resolve())
    return [each.pid for each in psutil.process_iter(["cwd"]) if (each.info["cwd"] or "").startswith(place)]


def test_two_at_once_do_not_meet(ann):
    with worktree("HEAD"), pytest.raises(InputError, match="another retraining runs there"), worktree("HEAD"):
        pass


@pytest.mark.slow
def test_without_a_remote_the_branch_stays_here(ann):
    ann.git("remote", "remove", "origin")
    assert "a branch here alone, since git has no remote" in retrain(given=["data.customers=30000"])
    assert len(branches(ann)) == 1


@pytest.mark.slow
def test_a_remote_that_refuses_leaves_no_branch_here(ann):
    hook = ann.folder.parent / "shared.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(InputError, match=r"git .*push"):
        retrain(given=["data.customers=30000"])
    assert branches(ann) == []


def github(project: Project, monkeypatch: pytest.MonkeyPatch, script: str | None) -> None:
    """Let the remote be GitHub's by name, and `gh` be what the test says."""
    address = "https://github.com/ann/shop.git"
    project.git("config", f"url.{project.folder.parent}/shared.git.insteadOf", address)
    project.git("remote", "set-url", "origin", address)
    programs = project.folder.parent / "programs"
    programs.mkdir()
    if script:
        (programs / "gh").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.slow
def test_on_github_a_pull_request_is_asked_for(ann, monkeypatch):
    github(ann, monkeypatch, 'echo "$@" > ../asked; cat >> ../asked; echo https://github.com/ann/shop/pull/7')
    said = retrain(alarms=["drift of age"], given=["data.customers=30000"])
    (name,) = branches(ann)
    assert "https://github.com/ann/shop/pull/7" in said
    asked = (ann.folder.parent / "asked").read_text()
    assert asked.startswith(f"pr create --head {name} --base main --title Retrain: drift of age --body-file -\n")
    assert "pass  rows are at most 50000" in asked


@pytest.mark.parametrize(
    ("script", "said"),
    [(None, "`gh` is not installed"), ("echo no token >&2; exit 4", "no pull request, since gh says: no token")],
)
@pytest.mark.slow
def test_that_no_pull_request_can_be_asked_for_is_said_and_no_error(ann, monkeypatch, script, said):
    if script is None and shutil.which("gh"):
        pytest.skip("gh is installed")
    github(ann, monkeypatch, script)
    assert said in retrain(given=["data.customers=30000"])
    assert len(branches(ann, "../shared.git")) == 1


@pytest.mark.slow
def test_the_settings_may_promote_and_give_overrides(ann):
    node = {
        "_target_": "cairn.monitoring.retraining.Retraining",
        "overrides": ["data.customers=30000"],
        "promote": "staging",
    }
    said = retrain(settings=node)
    assert tags.promoted("staging").version == "v0.0.2"
    assert tags.promoted("prod").version == "v0.0.1"
    assert "v0.0.2 is in staging" in said
    (event,) = [each for each in history.events(tags.read()) if each.event == "retrained"]
    assert (event.version, event.who) == ("v0.0.2", "Ann <ann@example.invalid>")


def test_a_stage_that_is_none_is_refused_before_the_work(ann):
    node = {"_target_": "cairn.monitoring.retraining.Retraining", "promote": "production"}
    with pytest.raises(InputError, match="no stage 'production'"):
        retrain(settings=node)
