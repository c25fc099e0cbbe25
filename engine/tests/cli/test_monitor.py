"""The command `cairn monitor`, as a person runs it: a real model, and predictions as the server records them."""

import json
import os
import shutil
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from engine.tests.stages import Outcome, run_cairn
from sklearn.metrics import log_loss, roc_auc_score

from cairn import config
from cairn.documents import to_json
from cairn.evaluation.documents import Baselines, Evaluation, Metric, PartRows, Slices
from cairn.explain.documents import NoExplanations
from cairn.files import read_json, write_json
from cairn.models import estimators, saved
from cairn.monitoring.baseline import build_baseline
from cairn.monitoring.outcome_baseline import measure_outcomes
from cairn.rows import signature
from cairn.serving.capture import GIB, Capture, Captured

ROOT = Path(__file__).parents[3]
START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = ["--since", "2026-03-01", "--until", "2026-03-04"]
CLASSES = [False, True]


def people(count: int, seed: int, *, older: float = 0.0, upside_down: bool = False) -> pd.DataFrame:
    """People of whom the rich and the young buy; or the other way round."""
    draw = np.random.default_rng(seed)
    age, income = draw.normal(40 + older, 10, count), draw.normal(0, 1, count)
    logit = 1.5 * income - 0.05 * (age - 40)
    chance = 1 / (1 + np.exp(logit if upside_down else -logit))
    city = draw.choice(["Oslo", "Rome"], count)
    return pd.DataFrame({"age": age, "income": income, "city": city, "bought": draw.random(count) < chance})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a model's folder as the stages leave it."""
    place = tmp_path_factory.mktemp("monitor")
    train, test = people(3000, 1), people(2000, 2)
    about = signature.describe(
        train, features=["age", "income", "city"], target="bought", task="binary", classes=CLASSES
    )
    node = {"_target_": "sklearn.linear_model.LogisticRegression", "balance": "none"}
    estimator = estimators.build(node, task="binary", n_classes=2, seed=0)
    estimators.fit(estimator, about.frame(train), about.labels(train), balance="none")
    saved.save(place / "model", estimator, about, {})
    made = saved.load(place / "model")
    for name, part in (("train", train), ("test", test)):
        part.to_parquet(place / f"{name}.parquet")
    chance = made.predict_proba(test)[:, 1]
    figures = {"roc_auc": roc_auc_score(test["bought"], chance), "log_loss": log_loss(test["bought"], chance)}
    baseline = build_baseline(
        made, [place / "train.parquet", place / "test.parquet"], place / "test.parquet", time=None
    )
    outcomes = measure_outcomes(
        made,
        test,
        all_rows=None,
        time=None,
        sensitive=["city"],
        values=None,
        evaluation=Evaluation(
            task="binary",
            threshold=None,
            test={name: Metric(value=figure, low=figure, high=figure) for name, figure in figures.items()},
            validation={},
            train={},
            baseline=Baselines(dummy={}),
            rows=PartRows(train=len(train), test=len(test), validation=0),
        ),
        slices=Slices(slices=[]),
        explanations=NoExplanations(why="left out of a test"),
        seed=0,
    )
    write_json(to_json(replace(baseline, expected=outcomes)), place / "model" / "baseline.json")
    return place / "model"


def serve(model: Path, folder: Path, days: list[pd.DataFrame], version: str | None = None) -> Path:
    """Record what the model says of each day's people; give the table of what came true."""
    made, capture = saved.load(model), Capture(folder / "captured", 1.0, GIB)
    labels = []
    for day, table in enumerate(days):
        chance = made.predict_proba(table)
        said = made.choose(chance).astype(bool)
        for number, row in enumerate(table.drop(columns="bought").to_dict("records")):
            told = {"predictions": [bool(said[number])], "probabilities": [chance[number].tolist()]}
            time = START + timedelta(days=day, seconds=number)
            capture.take(Captured(f"{day}-{number}", time, 0.004, version, made.signature, [row], told))
            labels.append({"request_id": f"{day}-{number}", "bought": bool(table["bought"].iloc[number])})
    capture.close()
    pd.DataFrame(labels).to_parquet(folder / "labels.parquet")
    return folder / "captured"


@pytest.fixture(scope="module")
def quiet(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return serve(model, tmp_path_factory.mktemp("quiet"), [people(600, seed) for seed in (11, 12, 13)])


@pytest.fixture(scope="module")
def drifting(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    days = [people(600, 21), people(600, 22), people(600, 23, older=15)]
    return serve(model, tmp_path_factory.mktemp("drifting"), days)


def run(model: Path, *arguments: str | Path, folder: Path = ROOT, **env: str) -> Outcome:
    return run_cairn("monitor", "--path", model, *arguments, cwd=folder, **env)


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CAIRN_")]:
        monkeypatch.delenv(name)


def test_quiet_traffic_is_no_alarm_and_everything_is_written(model, quiet, tmp_path):
    done = run(model, *DAYS, "--captured", quiet, "--output", tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "1,800 predictions, compared with the model's baseline of 5,000 rows" in done.stdout
    content = read_json(tmp_path / "monitoring.json")
    assert [window["rows"] for window in content["windows"]] == [600, 600, 600]
    assert content["areas"]["drift"] == {"window": 2, "status": "ok"}
    assert content["alarms"] == []
    assert "cairn_monitor_status 0.0\n" in (tmp_path / "monitoring.prom").read_text()
    assert (tmp_path / "monitoring" / "index.html").read_text().startswith("<!doctype html>")


def test_drifting_traffic_is_an_alarm_that_names_the_column_first(model, drifting, tmp_path):
    done = run(model, *DAYS, "--captured", drifting, "--output", tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("alarm: drift of age: js_distance ")
    assert done.stderr.count("\n") == 1
    content = read_json(tmp_path / "monitoring.json")
    assert [each["areas"]["drift"] for each in content["windows"]] == ["ok", "ok", "alarm"]
    shown = content["distributions"]["age"]
    assert sum(shown["reference"]) == 5000
    assert [sum(shown["windows"][number]) for number in "012"] == [600, 600, 600]


def test_an_alarm_may_end_with_zero_for_dvc(model, drifting, tmp_path):
    done = run(model, *DAYS, "--captured", drifting, "--output", tmp_path, "--exit-zero")
    assert done.returncode == 0
    assert "ALARM" in done.stdout


def test_an_alarm_starts_the_retraining_that_the_settings_ask_for_and_stays_an_alarm(model, drifting, tmp_path):
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.invalid"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    params = config.compose(folder=ROOT / "conf")[0]
    params["monitor"]["retrain"] = {"_target_": "cairn.monitoring.retraining.Retraining", "promote": "nowhere"}
    (tmp_path / "params.yaml").write_text(config.dump(params))
    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "A project")
    asked = [*DAYS, "--captured", drifting, "--output", tmp_path / "reports"]
    refused = run(model, *asked, folder=tmp_path)
    assert refused.returncode == 3
    assert [line.split(" ", 1)[0] for line in refused.stderr.splitlines()] == ["alarm:", "error:"]
    assert "no stage 'nowhere'" in refused.stderr
    params["monitor"]["retrain"]["promote"] = None
    (tmp_path / "params.yaml").write_text(config.dump(params))
    git("switch", "--quiet", "--create", "retrain/one")
    git("commit", "--quiet", "--allow-empty", "--message", "A model")
    git("switch", "--quiet", "main")
    waits = run(model, *asked, folder=tmp_path)
    assert waits.returncode == 3
    assert "retrain/one waits already" in waits.stdout
    assert "waits" not in run(model, *asked, "--exit-zero", folder=tmp_path).stdout


def test_a_day_that_is_not_over_raises_no_alarm(model, drifting, tmp_path):
    done = run(model, *DAYS[:2], "--until", "2026-03-03T12:00", "--captured", drifting, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2026-03-03 00:00 so far" in done.stdout


def test_recorded_predictions_may_be_the_reference(model, drifting, tmp_path):
    since = ["--since", "2026-03-03", "--until", "2026-03-04", "--captured", drifting, "--output", tmp_path]
    before = run(model, *since, "--reference", "2d")
    assert before.returncode == 3
    assert "compared with 1,200 predictions of 2026-03-01 00:00 to 2026-03-03 00:00" in before.stdout
    itself = run(model, *since, "--reference", "2026-03-03..2026-03-04")
    drift = [each for each in read_json(tmp_path / "monitoring.json")["findings"] if each["area"] == "drift"]
    assert itself.returncode == 0, itself.stderr
    assert drift and {each["value"] for each in drift} == {0.0}


def test_windows_may_be_rows(model, drifting, tmp_path):
    run(model, *DAYS, "--window", "700", "--captured", drifting, "--output", tmp_path)
    windows = read_json(tmp_path / "monitoring.json")["windows"]
    assert [(each["rows"], each["full"]) for each in windows] == [(700, True), (700, True), (400, False)]


def test_labels_show_what_inputs_cannot(model, tmp_path):
    """The same people come, and now the poor and the old buy."""
    captured = serve(model, tmp_path, [people(600, 31, upside_down=True)])
    day = ["--since", "2026-03-01", "--until", "2026-03-02", "--captured", captured, "--output", tmp_path]
    assert run(model, *day).returncode == 0
    done = run(model, *day, "--labels", tmp_path / "labels.parquet")
    assert done.returncode == 3
    assert "600 of them with a label" in done.stdout
    content = read_json(tmp_path / "monitoring.json")
    assert content["areas"]["performance"]["status"] == "alarm"
    table, chance = people(600, 31, upside_down=True), saved.load(model).predict_proba(people(600, 31))[:, 1]
    (found,) = [each for each in content["findings"] if each["area"] == "performance" and each["measure"] == "roc_auc"]
    assert found["value"] == pytest.approx(roc_auc_score(table["bought"], chance))


def test_labels_that_came_true_as_expected_are_no_alarm(model, quiet, tmp_path):
    done = run(model, *DAYS, "--captured", quiet, "--labels", quiet.parent / "labels.parquet", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_json(tmp_path / "monitoring.json")["areas"]["performance"] == {"window": 2, "status": "ok"}


def test_a_damaged_file_is_named_and_the_others_are_used(model, tmp_path):
    captured = serve(model, tmp_path, [people(600, 41)])
    (captured / "date=2026-03-01" / "000000-1-000001.parquet").write_bytes(b"PAR1 torn")
    done = run(model, *DAYS, "--captured", captured, "--output", tmp_path)
    assert done.returncode == 0
    assert "note: date=2026-03-01/000000-1-000001.parquet: damaged, and left out" in done.stdout
    assert "600 predictions" in done.stdout


def test_other_versions_are_counted_and_not_looked_at(model, tmp_path):
    own = serve(model, tmp_path / "own", [people(600, 51)])
    other = serve(model, tmp_path / "other", [people(300, 52, older=30)], version="v0.0.9")
    done = run(model, *DAYS, "--captured", own, other, "--output", tmp_path)
    assert done.returncode == 0
    assert (
        "note: 300 predictions of v0.0.9 in the same time are not looked at here: `cairn monitor --version v0.0.9`"
        in done.stdout
    )
    assert read_json(tmp_path / "monitoring.json")["rows"] == {
        "recorded": 600,
        "labelled": None,
        "others": {"v0.0.9": 300},
    }


def test_too_few_rows_are_said_to_be_too_few(model, tmp_path):
    captured = serve(model, tmp_path, [people(50, 61, older=30)])
    done = run(model, *DAYS, "--captured", captured, "--output", tmp_path)
    assert done.returncode == 0
    assert "Nothing could be judged" in done.stdout


def test_a_webhook_is_told_once_of_one_alarm(model, drifting, tmp_path):
    told = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Told) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        given = {"CAIRN_WEBHOOK": f"http://127.0.0.1:{server.server_port}/"}
        for _ in range(2):
            assert run(model, *DAYS, "--captured", drifting, "--output", tmp_path, **given).returncode == 3
        server.shutdown()
    assert [each["findings"][0]["subject"] for each in told] == ["age"]


def test_a_webhook_that_cannot_be_reached_hides_no_alarm(model, drifting, tmp_path):
    done = run(model, *DAYS, "--captured", drifting, "--output", tmp_path, CAIRN_WEBHOOK="http://127.0.0.1:1/secret")
    assert done.returncode == 3
    first, last = done.stderr.splitlines()
    assert first.startswith("error: CAIRN_WEBHOOK: not delivered: ")
    assert last.startswith("alarm: drift of age")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--captured", "{tmp}/nowhere"], "error: {tmp}/nowhere: no such folder; serve with -S capture=all, or name the server's capture folder"),
        (["--captured", "{tmp}"], "error: {tmp}: no recorded predictions of that time; serve with -S capture=all, or name the folder that serve.capture_folder had"),
        (["--since", "2026-03-04", "--until", "2026-03-01"], "error: --since: 2026-03-04T00:00:00Z is not before 2026-03-01T00:00:00Z, where it ends"),
        (["--since", "yesterday"], "error: --since: 'yesterday' is not a time such as 24h, 2026-03-01 or 2026-03-01T08:00Z"),
        (["--window", "daily"], "error: window: 'daily' is not a span of time such as 90m, 24h or 7d"),
        (["--window", "0"], "error: window: must be at least 1 row, or a span such as 1d; got 0"),
        (["--reference", "2026-01-01..2026-01-02", "--captured", "{quiet}"], "error: {quiet}: no recorded predictions of that time"),
        (["--labels", "{tmp}/none.csv", "--captured", "{quiet}"], "error: labels: "),
        (["--labels", "{labels}", "--labels-key", "order", "--captured", "{quiet}"], "error: "),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_and_exit_code_1(model, quiet, tmp_path, arguments, line):
    names = {"{tmp}": str(tmp_path), "{quiet}": str(quiet), "{labels}": str(quiet.parent / "labels.parquet")}
    for name, value in names.items():
        arguments, line = [each.replace(name, value) for each in arguments], line.replace(name, value)
    given = arguments if "--since" in arguments else [*DAYS, *arguments]
    done = run(model, *given, "--output", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "monitoring.json").exists()


def test_a_model_without_a_baseline_is_said_to_have_none(model, quiet, tmp_path):
    old = shutil.copytree(model, tmp_path / "old", ignore=shutil.ignore_patterns("baseline.json"))
    done = run(old, *DAYS, "--captured", quiet)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"error: {old}: has no baseline.json, so it was made before there was monitoring; make a new one by `dvc repro`\n"
    )
