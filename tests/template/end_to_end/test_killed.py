"""Killed at any moment, the next `dvc repro` finishes with the bytes of a run that nobody disturbed."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PATIENCE = 300  # seconds until what a test waits for is called missing


def outputs(stage: str) -> list[str]:
    listed = [*GRAPH[stage].get("outs", []), *GRAPH[stage].get("metrics", [])]
    return [next(iter(each)) if isinstance(each, dict) else each for each in listed]


def forget(project: Path, stage: str) -> None:
    """Delete all that a stage made and the memory of its runs, and record another command, so that it must run."""
    lock = project / "dvc.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace(f"cmd: python -m pipeline.stages.{stage}\n", "cmd: another\n"), encoding="utf-8")
    for path in [*(project / each for each in outputs(stage)), project / ".dvc/cache/runs"]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def of_stage(repro: subprocess.Popen, stage: str) -> list[psutil.Process]:
    """The processes that run a stage's own Python."""
    found = []
    for process in psutil.Process(repro.pid).children(recursive=True):
        try:
            if f"pipeline.stages.{stage}" in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def begun_to_write(project: Path, stage: str) -> bool:
    places = [project / each for each in outputs(stage)]
    return any(each.exists() or each.with_name(f".{each.name}.partial").exists() for each in places)


def kill_when(project: Path, env: dict[str, str], seen: Callable[[subprocess.Popen], bool]) -> bool:
    """Start `dvc repro`, and kill -9 its whole group once something is seen; False: it had ended before."""
    mend_lock(project)
    repro = subprocess.Popen(
        ["dvc", "repro"],
        cwd=project,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    try:
        while repro.poll() is None and not seen(repro):
            assert time.monotonic() < deadline, "what the kill waits for was never seen"
            time.sleep(0.002)
        return repro.poll() is None
    finally:
        if repro.poll() is None:
            os.killpg(repro.pid, signal.SIGKILL)
        repro.wait()
        while group_lives(repro.pid):
            time.sleep(0.01)


def mend_lock(project: Path) -> None:
    """Delete DVC's lock where it is empty, as docs/troubleshooting.md says: DVC writes it in place."""
    lock = project / ".dvc/tmp/rwlock"
    if lock.exists() and not lock.read_text(encoding="utf-8"):
        lock.unlink()


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def damaged(project: Path) -> Iterator[str]:
    """Files of DVC's cache whose content is not what their name says."""
    for path in (project / ".dvc/cache/files/md5").glob("??/*"):
        name = path.parent.name + path.name.removesuffix(".dir")
        if hashlib.md5(path.read_bytes()).hexdigest() != name:
            yield str(path)


def assert_well(project: Path, run, *targets: str) -> None:
    mend_lock(project)
    done = run(["dvc", "repro", *targets], project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(["dvc", "status", *targets], project).stdout == "Data and pipelines are up to date.\n"
    assert not [path for path in project.rglob(".*.partial") if ".dvc" not in path.parts]
    assert not list(damaged(project))


def test_killed_in_every_stage_the_next_repro_ends_as_if_nothing_had_been(finished, run, env_of):
    """Go through the graph in one project: a killed stage is run to its end on the way to the next."""
    env = env_of(finished)
    for stage in filter(outputs, GRAPH):
        forget(finished, stage)
        assert kill_when(finished, env, lambda _, at=stage: begun_to_write(finished, at)), f"{stage} was never seen"

        ran = []

        def over(repro: subprocess.Popen, at: str = stage, ran: list = ran) -> bool:
            now = of_stage(repro, at)
            ran.extend(now)
            return bool(ran) and not now

        kill_when(finished, env, over)  # while DVC keeps what the stage wrote; it may have ended already
        assert ran, f"{stage} did not run again"
    assert_well(finished, run)
    assert run(["git", "status", "--porcelain"], finished).stdout == "", "dvc.lock or a report differs"


@pytest.mark.parametrize("stage", ["ingest", "train"])
def test_killed_before_it_writes_a_stage_runs_again(finished, run, env_of, stage):
    forget(finished, stage)
    assert kill_when(finished, env_of(finished), lambda repro: bool(of_stage(repro, stage))), "the stage never ran"
    assert_well(finished, run)
    assert run(["git", "status", "--porcelain"], finished).stdout == "", "dvc.lock or a report differs"


def test_a_search_killed_between_its_trials_goes_on_and_ends_the_same(finished, run, env_of, tmp_path):
    path = finished / "conf/search/tpe.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("trials: 3", "trials: 25"), encoding="utf-8")
    undisturbed = tmp_path / "undisturbed" / "project"
    shutil.copytree(finished, undisturbed, symlinks=True)
    assert_well(undisturbed, run, "tune")

    def trials() -> int:
        """Count the trials that have a result, by the journal's operation 6 and a trial's state 1 or 2."""
        journals = sorted((finished / "models/studies").glob("*.journal"), key=lambda each: each.stat().st_mtime)
        lines = journals[-1].read_bytes().splitlines() if len(journals) == 2 else []
        return sum(b'"op_code":6' in line and b'"state":0' not in line for line in lines)

    kept = []
    for at_least in (1, 5, 12):
        assert kill_when(finished, env_of(finished), lambda _, n=at_least: trials() >= n), "the search ended too soon"
        kept.append(trials())
    assert kept == sorted(kept)
    assert kept[0] >= 1
    assert_well(finished, run, "tune")
    for name in ("dvc.lock", "models/tuned.json", "reports/trials.json"):
        assert (finished / name).read_bytes() == (undisturbed / name).read_bytes(), name
