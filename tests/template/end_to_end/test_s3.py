"""The cache on a real S3 server: what is pushed comes back byte for byte, also after either side has died."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import yaml
from engine.tests.ports import free_port

from cairn import config

RCLONE = shutil.which("rclone", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

ROOT = Path(__file__).parents[3]
BUCKET = "cairn"
OWN_CODE = {"PYTHONPATH": str(ROOT / "src")}  # for a folder with conf/ alone
LARGE = [(f"large/{number}.bin", 25_000_000) for number in range(8)]

Run = Callable[..., subprocess.CompletedProcess[str]]


class Stored(NamedTuple):
    """A project whose cache is on a server."""

    project: Path
    buckets: Path
    server: str
    env: dict[str, str]


@contextmanager
def serving(buckets: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(RCLONE), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", "KEY,SECRET", str(buckets)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port), alive=server)
        yield server
    finally:
        server.kill()
        server.wait(10)


def wait_until(happens: Callable[[], object], *, alive: subprocess.Popen) -> None:
    """Wait for something that must happen while a process lives."""
    while not happens():
        assert alive.poll() is None, "it ended before"
        time.sleep(0.002)


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def person(home: Path) -> dict[str, str]:
    """Give what a person sets to reach an S3 server that is not Amazon's."""
    return {
        "AWS_ACCESS_KEY_ID": "KEY",
        "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",  # else a file sent in several parts cannot be read back
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(home / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "none"),
    }


def must(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{done.args}\n{done.stdout}{done.stderr}"
    return done.stdout


def with_remote(project: Path, port: int, run: Run) -> None:
    must(run(["dvc", "remote", "add", "--default", "store", f"s3://{BUCKET}/cache"], project))
    must(run(["dvc", "remote", "modify", "store", "endpointurl", f"http://127.0.0.1:{port}"], project))
    must(run(["dvc", "remote", "modify", "store", "verify", "true"], project))
    must(run(["git", "commit", "--quiet", "--all", "--message", "Keep the cache on S3"], project))


def cloned(project: Path, place: Path, run: Run) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    must(run(["git", "clone", "--quiet", project, place], project))
    return place


def outputs(project: Path) -> dict[str, bytes]:
    """Read every file that a stage of dvc.yaml has written, but what `compose` makes anew wherever one works."""
    stages = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))["stages"].values()
    paths = [
        out["path"]
        for stage in stages
        for out in stage.get("outs", [])
        if "pipeline.stages.compose" not in stage["cmd"]
    ]
    places = [project / path for path in paths]
    files = [file for place in places for file in (place, *place.rglob("*")) if not file.is_dir()]
    return {str(file.relative_to(project)): file.read_bytes() for file in files}


def object_of(project: Path, path: str, buckets: Path) -> Path:
    """Find the object in the store that holds a file of the project, by its bytes."""
    content = (project / path).read_bytes()
    return next(each for each in buckets.rglob("*") if each.is_file() and each.read_bytes() == content)


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def bytes_below(folder: Path) -> int:
    total = 0
    for each in folder.rglob("*"):
        try:
            total += each.stat().st_size if each.is_file() else 0
        except FileNotFoundError:  # temporary files come and go
            continue
    return total


class Bucket(NamedTuple):
    """A server with an empty bucket: the folder beside its files, its port, and what a person sets to reach it."""

    home: Path
    port: int
    env: dict[str, str]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    home = tmp_path_factory.mktemp("s3")
    (home / "buckets" / BUCKET).mkdir(parents=True)
    port = free_port()
    with serving(home / "buckets", port):
        yield Bucket(home, port, person(home))


@pytest.fixture(scope="module")
def stored(bucket: Bucket, small_project: Path, run: Run) -> Stored:
    """Give the finished small project after `dvc push`, and the server that has its cache."""
    project = bucket.home / "project"
    shutil.copytree(small_project, project, symlinks=True)
    with_remote(project, bucket.port, run)
    must(run(["dvc", "push"], project, **bucket.env))
    return Stored(project, bucket.home / "buckets", f"http://127.0.0.1:{bucket.port}", bucket.env)


@pytest.mark.slow
def test_a_fresh_clone_pulls_equal_bytes_and_only_composes(stored: Stored, tmp_path: Path, run: Run) -> None:
    clone = cloned(stored.project, tmp_path / "clone", run)
    must(run(["dvc", "pull"], clone, **stored.env))
    ran = must(run(["dvc", "repro"], clone, **stored.env))
    assert ran.count("Running stage") == 1  # params.yaml comes from conf/ wherever one works
    assert "Running stage 'compose'" in ran
    assert outputs(clone) == outputs(stored.project)
    assert must(run(["git", "status", "--porcelain"], clone)) == ""


@pytest.mark.slow
def test_an_object_that_was_corrupted_in_the_store_is_named_and_never_restored(
    stored: Stored, tmp_path: Path, run: Run
) -> None:
    shutil.copytree(stored.buckets, tmp_path / "buckets")
    broken = {
        "models/model/model.ubj": "models/model",
        "data/interim/features.parquet": "data/interim/features.parquet",
    }
    for path in broken:
        flip_a_bit(object_of(stored.project, path, tmp_path / "buckets"))
    clone, port = cloned(stored.project, tmp_path / "clone", run), free_port()
    server_is = ["dvc", "remote", "modify", "--local", "store", "endpointurl"]
    must(run([*server_is, f"http://127.0.0.1:{port}"], clone))
    with serving(tmp_path / "buckets", port):
        for _ in range(2):  # nor does a second try take what the first has fetched
            done = run(["dvc", "pull"], clone, **stored.env)
            assert done.returncode != 0
            for path, named in broken.items():
                assert named in done.stderr.splitlines()
                assert not (clone / path).exists()
    must(run([*server_is, stored.server], clone))
    must(run(["dvc", "pull"], clone, **stored.env))
    assert outputs(clone) == outputs(stored.project)


@pytest.mark.parametrize(
    ("path", "env", "line"),
    [
        pytest.param("s3://bukket/t.csv", {}, "data.path: s3://bukket/t.csv: no bucket 'bukket'", id="no such bucket"),
        pytest.param(
            f"s3://{BUCKET}/t.csv",
            {"AWS_SECRET_ACCESS_KEY": "WRONG"},
            f"data.path: s3://{BUCKET}/t.csv: the server refuses (403); check the AWS_* credentials",
            id="the bucket refuses",
        ),
    ],
)
def test_a_table_on_s3_that_cannot_be_had_is_one_line(
    bucket: Bucket, project_conf: Path, run: Run, path: str, env: dict[str, str], line: str
) -> None:
    choices = ["data=file", f"data.path={path}", "data.target=y", f"data.endpoint=http://127.0.0.1:{bucket.port}"]
    config.write(config.compose(choices)[0])
    done = run([sys.executable, "-m", "pipeline.stages.ingest"], project_conf, **(bucket.env | env | OWN_CODE))
    assert (done.returncode, done.stderr) == (1, f"error: {line}\n")
    assert not (project_conf / "data" / "raw").exists()
    assert not list(project_conf.rglob("*.partial"))


@pytest.fixture
def large(finished: Path, run: Run) -> Path:
    """Give the finished project with 200 MB more of tracked data, so that there is a middle to die in."""
    for path, size in LARGE:
        (finished / path).parent.mkdir(exist_ok=True)
        (finished / path).write_bytes(Random(path).randbytes(size))
    must(run(["dvc", "add", "large"], finished))
    must(run(["git", "add", "--all"], finished))
    must(run(["git", "commit", "--quiet", "--message", "Track 200 MB more"], finished))
    return finished


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    (tmp_path / "buckets" / BUCKET).mkdir(parents=True)
    return tmp_path / "buckets"


@pytest.mark.slow
def test_a_push_whose_server_died_is_completed_by_the_next(
    large: Path, buckets: Path, tmp_path: Path, run: Run, env_of: Callable[[Path], dict[str, str]]
) -> None:
    port, env = free_port(), person(tmp_path)
    with serving(buckets, port) as server:
        with_remote(large, port, run)
        pushing = subprocess.Popen(
            ["dvc", "push"], cwd=large, env=env_of(large) | env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: bytes_below(buckets) > 30_000_000, alive=pushing)
        server.kill()
        assert pushing.wait(300) != 0
    assert bytes_below(buckets) < sum(size for _, size in LARGE)
    with serving(buckets, port):
        must(run(["dvc", "push"], large, **env))
        assert "in sync" in must(run(["dvc", "status", "--cloud"], large, **env))
        clone = cloned(large, tmp_path / "clone" / "project", run)
        must(run(["dvc", "pull"], clone, **env))
    assert outputs(clone) == outputs(large)
    assert same_large(clone, large)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["while it fetches", "while it lays out the files"])
def test_a_pull_that_was_killed_is_completed_by_the_next(
    large: Path, buckets: Path, tmp_path: Path, run: Run, env_of: Callable[[Path], dict[str, str]], moment: str
) -> None:
    port, env = free_port(), person(tmp_path)
    with serving(buckets, port):
        with_remote(large, port, run)
        must(run(["dvc", "push"], large, **env))
        clone = cloned(large, tmp_path / "clone" / "project", run)
        fetching, unfinished = clone / ".dvc" / "cache", lambda: list(clone.glob("large/.*.tmp"))
        pulling = subprocess.Popen(
            ["dvc", "pull"],
            cwd=clone,
            env=env_of(clone) | env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        fetches = moment == "while it fetches"
        wait_until((lambda: bytes_below(fetching) > 40_000_000) if fetches else unfinished, alive=pulling)
        os.killpg(pulling.pid, signal.SIGKILL)
        assert pulling.wait(10) == -signal.SIGKILL
        assert not fetches or bytes_below(fetching) < sum(size for _, size in LARGE)
        assert not same_large(clone, large)
        pulled_again(clone, run, env)
    assert outputs(clone) == outputs(large)
    assert same_large(clone, large)


def pulled_again(clone: Path, run: Run, env: dict[str, str]) -> None:
    """Pull after a pull was killed.

    Where it died while it laid out files, DVC finds its own unfinished one (`.<22 letters>.tmp`), takes it for unsaved
    work of the user's and refuses. The mend is to delete what it names, and to pull again; `dvc pull --force` would
    also do, and would throw the user's own changes away with it.
    """
    done = run(["dvc", "pull"], clone, **env)
    if done.returncode == 0:
        return
    assert "Can't remove the following unsaved files" in done.stderr
    left = re.findall(r"(?m)^(/.*/\.[\w-]{22}\.tmp)$", done.stderr)
    assert left, done.stderr
    for each in left:
        Path(each).unlink()
    must(run(["dvc", "pull"], clone, **env))


def same_large(one: Path, other: Path) -> bool:
    """Say whether both have the same large files, and nothing beside them."""
    if not (one / "large").is_dir() or {each.name for each in (one / "large").iterdir()} != {
        Path(path).name for path, _ in LARGE
    }:
        return False
    return all((one / path).read_bytes() == (other / path).read_bytes() for path, _ in LARGE)
