"""The whole circle: a served model drifts, monitoring says so, a retrained one takes its place, and all is quiet."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest
from engine.tests.serving.conftest import Running, Starter, until

from cairn.models import saved

DRIFT = ["data.year=2026", "data.drift=younger"]  # those who are asked are 30 % closer to 18
ROWS, AT_ONCE = 1000, 100
HERE = ["--since", "1h", "--window", "500"]


@pytest.mark.slow
def test_drift_is_seen_retrained_promoted_served_and_gone(
    finished: Path, tmp_path: Path, run: Callable, env_of: Callable, asked: pd.DataFrame
) -> None:
    def must(*command: str, code: int = 0):
        done = run(command, finished, XDG_CACHE_HOME=str(tmp_path / "cache"))
        assert done.returncode == code, done.stdout + done.stderr
        return done

    share(finished, must)
    must("cairn", "promote", "prod", "-m", "The first model")
    first, second = asked[:ROWS], asked[ROWS:]
    with Starter() as start:
        server = start(
            *("--stage", "prod", "-S", "capture=all", "-S", "poll=0.5", "-S", "processes=1"),
            folder=finished,
            **(env_of(finished) | {"XDG_CACHE_HOME": str(tmp_path / "cache")}),
        )
        send(server, first)
        wait_for(finished, ROWS)

        alarm = must("cairn", "monitor", "--stage", "prod", *HERE, code=3)
        assert "drift of age" in alarm.stderr

        proposed = must("cairn", "retrain", "-S", "data.customers=3000", *(w for each in DRIFT for w in ("-S", each)))
        branch = must("git", "for-each-ref", "--format=%(refname:short)", "refs/heads/retrain").stdout.strip()
        assert branch in proposed.stdout
        message = must("git", "log", "-1", "--format=%B", branch).stdout
        assert message.startswith("Retrain: ")
        assert "\nAlarm: drift of age" in message
        assert "newer than its own" in message  # what the champion was compared on
        assert server.ask("/info").body["model"]["version"] == "v0.0.1"

        must("cairn", "promote", "prod", "--revision", branch, "-m", "Younger customers")
        assert until(lambda: server.ask("/info").body["model"]["version"] == "v0.0.2")
        send(server, second)
        wait_for(finished, 2 * ROWS)

        quiet = must("cairn", "monitor", "--stage", "prod", *HERE)
        seen = json.loads((finished / "reports/monitoring.json").read_text())
        assert (seen["model"]["version"], seen["rows"]["recorded"]) == ("v0.0.2", ROWS), quiet.stdout
        assert seen["areas"]["drift"]["status"] != "unknown"
        assert not [each for each in seen["findings"] if each["status"] == "alarm"]

        last = answered(server, second[:1])
        history = json.loads(must("cairn", "audit", "--format", "json").stdout)
        assert [(each["event"], each["version"]) for each in history] == [
            ("registered", "v0.0.1"),
            ("promoted", "v0.0.1"),
            ("used", "v0.0.1"),
            ("retrained", "v0.0.2"),
            ("registered", "v0.0.2"),
            ("promoted", "v0.0.2"),
            ("used", "v0.0.2"),
        ]
        wait_for(finished, 2 * ROWS + 1)
        (found,) = json.loads(must("cairn", "audit", "--request", last, "--format", "json").stdout)
        assert (found["version"], found["lineage"]["version"]) == ("v0.0.2", "v0.0.2")


@pytest.fixture
def asked(finished: Path, tmp_path: Path, run: Callable) -> pd.DataFrame:
    """Those who will ask once the world has changed, in any order; the model will be retrained on others."""
    aside = tmp_path / "aside"
    for name in ("src", "engine", "conf"):
        shutil.copytree(finished / name, aside / name)
    overrides = [*DRIFT, "data.seed=1", f"data.customers={2 * ROWS}"]
    for stage in ("compose", "ingest", "features"):
        done = run(["python", "-m", f"pipeline.stages.{stage}", *(overrides if stage == "compose" else [])], aside)
        assert done.returncode == 0, done.stderr
    names = [column.name for column in saved.load(finished / "models/model").signature.columns]
    return pd.read_parquet(aside / "data/interim/features.parquet", columns=names).sample(frac=1, random_state=0)


def share(project: Path, must: Callable) -> None:
    """Give the project a repository and a DVC remote beside it, which all share."""
    must("git", "init", "--quiet", "--bare", "--initial-branch=main", "../shared.git")
    must("git", "remote", "add", "origin", "../shared.git")
    must("dvc", "remote", "add", "--default", "store", "../store")
    must("git", "commit", "--quiet", "--all", "--message", "A place for all")
    must("git", "push", "--quiet", "--set-upstream", "origin", "main")


def send(server: Running, table: pd.DataFrame) -> None:
    for begin in range(0, len(table), AT_ONCE):
        answered(server, table[begin : begin + AT_ONCE])


def answered(server: Running, rows: pd.DataFrame) -> str:
    """Send rows, every digit of them, and give the id of the request."""
    plain = rows.astype(object).where(rows.notna(), None)
    answer = server.ask("/predict", {"instances": plain.to_dict("records")})
    assert answer.status == 200, answer.body
    return answer.body["request_id"]


def wait_for(project: Path, rows: int) -> None:
    """Wait until so many rows are written down."""
    folder = project / "data/captured"
    assert until(lambda: folder.exists() and ds.dataset(folder, format="parquet").count_rows() >= rows)
