import json
import subprocess
import sys
from dataclasses import replace
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from bench.quality import report, sets  # noqa: E402
from bench.quality.claims import claims, mean_ranks  # noqa: E402
from bench.quality.comparison import Difference, difference, over_splits, scores  # noqa: E402
from bench.quality.results import Cache, Measured, Result  # noqa: E402
from bench.quality.systems import run_stages  # noqa: E402

MARKER = "seen only in the test part"


def probabilities(*positive: float) -> np.ndarray:
    return np.column_stack([1 - np.array(positive), positive])


# --- figures -----------------------------------------------------------------------------------------------------------


def test_the_log_loss_of_a_sure_mistake_is_finite() -> None:
    found = scores(np.array([1, 0]), probabilities(0.0, 0.0), "binary")
    assert found["log_loss"] == pytest.approx(23 * log(2) / 2)  # half of the rows, at 2 ** -23


def test_the_error_of_a_log_loss_difference_is_that_of_the_mean_of_its_rows() -> None:
    found = difference("log_loss", np.array([1, 0]), probabilities(0.8, 0.5), probabilities(0.5, 0.5))
    # the rows differ by -ln 1.6 and 0: mean -ln 1.6 / 2, standard deviation ln 1.6 / sqrt 2, over sqrt 2 rows
    assert found == pytest.approx((-log(1.6) / 2, log(1.6) / 2))


def test_the_error_of_an_rmse_difference_follows_the_delta_method() -> None:
    found = difference("rmse", np.zeros(2), np.array([1.0, -1.0]), np.array([2.0, 0.0]))
    # derivatives: rows of the first (1 - 1) / 2 = 0; of the second (4 - 2, 0 - 2) / (2 sqrt 2); deviation 1
    assert found == pytest.approx((1 - sqrt(2), 1 / sqrt(2)))


def test_the_error_of_a_roc_auc_difference_is_delongs() -> None:
    actual = np.array([1, 1, 0, 0])
    found = difference("roc_auc", actual, probabilities(0.9, 0.8, 0.2, 0.1), probabilities(0.9, 0.3, 0.5, 0.1))
    # the second ranks one of four pairs wrongly; the placements differ by (0, 1/2) on both sides, variance 1/8 each
    assert found == pytest.approx((0.25, sqrt(1 / 8 / 2 + 1 / 8 / 2)))


def test_equal_scores_count_half_in_the_roc_auc() -> None:
    assert scores(np.array([1, 0, 1]), probabilities(0.4, 0.4, 0.4), "binary")["roc_auc"] == 0.5


def test_the_error_over_several_splits_is_that_of_their_mean() -> None:
    found = over_splits([Difference(value, 99.0) for value in (1.0, 2.0, 3.0)])
    assert found == pytest.approx((2, 1 / sqrt(3)))
    assert over_splits([Difference(1.0, 0.5)]) == (1.0, 0.5)


# --- report ------------------------------------------------------------------------------------------------------------


class Bench:
    """A cache of made-up results of a regression whose target is 0 everywhere, so that a prediction is its error."""

    def __init__(self, folder: Path) -> None:
        self.cache = Cache(folder)

    def add(self, name: str, system: str, predicted: list[float] | None, *, split: int = 0, **figures: Any) -> None:
        budget = None if system.endswith("default") else 60
        known: dict[str, Any] = {"seconds": 60.0, "cpu": 100.0, "gib": 1.0, "rows": 20_000} | figures
        result = Result(set=name, split=split, budget=budget, system=system, task="regression", **known)
        if predicted is None:
            self.cache.keep(replace(result, failed="no model"), np.zeros(4), None)
            return
        errors = np.array(predicted)
        found = scores(np.zeros(len(errors)), errors, "regression")
        self.cache.keep(replace(result, scores=found), np.zeros(len(errors)), errors)

    def all(self) -> Measured:
        return self.cache.all()

    def held(self) -> dict[str, bool | None]:
        return {claim.asked.removeprefix("60 s: "): claim.held for claim in claims(self.all())}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "cache")
    for system, size in {"autogluon_medium": 2.0, "autogluon_good": 2.5, "flaml": 3.0}.items():
        bench.add("houses", system, [size, -size] * 2)
    for system, size in {"xgboost_default": 4.0, "hist_gradient_boosting_default": 3.5}.items():
        bench.add("houses", system, [size, -size] * 2)
    return bench


def only(held: dict[str, bool | None], words: str) -> bool | None:
    found = [value for asked, value in held.items() if words in asked]
    assert len(found) == 1
    return found[0]


def test_what_is_not_measured_is_neither_held_nor_missed(bench: Bench) -> None:
    assert set(bench.held().values()) == {None}
    assert "not measured" in report.document(report.figures(bench.all()))


@pytest.mark.parametrize(("size", "ahead", "near"), [(1.0, True, True), (2.01, False, True), (2.03, False, False)])
def test_automl_is_held_against_the_best_rival_and_autogluon(
    bench: Bench, size: float, ahead: bool, near: bool
) -> None:
    bench.add("houses", "automl", [size, -size] * 2)
    assert only(bench.held(), "mean rank") is ahead
    assert only(bench.held(), "nowhere worse than AutoGluon") is near


@pytest.mark.parametrize(
    ("predicted", "no_worse", "better"),
    [
        ([1.0, 1.0, 1.1, 1.0], True, True),
        ([3.4, 3.7, 3.4, 3.7], True, False),  # 0.053 more, and an error of 0.087
        ([3.6, 3.7, 3.6, 3.7], False, False),  # 0.150 more, and an error of 0.029
    ],
)
def test_tpe_is_held_against_the_better_default(
    bench: Bench, predicted: list[float], no_worse: bool, better: bool
) -> None:
    bench.add("houses", "tpe", predicted)
    assert only(bench.held(), "tpe is nowhere worse") is no_worse
    assert only(bench.held(), "tpe beats it") is better


@pytest.mark.parametrize(("figures", "held"), [({"seconds": 65.9}, True), ({"seconds": 66.1}, False)])
def test_the_budget_may_be_exceeded_by_a_tenth(bench: Bench, figures: dict[str, float], held: bool) -> None:
    bench.add("houses", "automl", [1.0, 1.0, 1.0, 1.0], **figures)
    assert only(bench.held(), "automl takes at most") is held


@pytest.mark.parametrize(("gib", "held"), [(1.49, True), (1.51, False)])
def test_memory_is_held_against_the_smaller_autogluon(bench: Bench, gib: float, held: bool) -> None:
    bench.add("houses", "autogluon_good", [2.5] * 4, gib=7.0)
    bench.add("houses", "automl", [1.0] * 4, gib=gib)
    assert only(bench.held(), "memory") is held


def test_a_system_that_failed_ranks_last_and_equal_ones_share_a_rank(bench: Bench) -> None:
    bench.add("houses", "flaml", None)
    bench.add("houses", "automl", [2.0, -2.0] * 2)
    ranks, n_sets = mean_ranks(bench.all(), 60, ["automl", "autogluon_medium", "autogluon_good", "flaml"])
    assert (ranks, n_sets) == ({"automl": 1.5, "autogluon_medium": 1.5, "autogluon_good": 3, "flaml": 4}, 1)


def test_a_small_set_is_compared_over_the_splits_that_both_systems_have(bench: Bench) -> None:
    for split, size in enumerate((1.0, 2.0, 6.0)):
        bench.add("shops", "automl", [size, -size], split=split, rows=500)
        if split < 2:
            bench.add("shops", "flaml", [3.0, -3.0], split=split, rows=500)
    measured = bench.all()
    # differences 2 and 1: mean 1.5, standard deviation sqrt 0.5, over sqrt 2 splits
    assert measured.difference("shops", 60, "flaml", "automl", "rmse") == pytest.approx((1.5, 0.5))
    assert measured.score("shops", 60, "automl", "rmse") == 3
    assert "| flaml  | 3    | +1.50 ± 0.50 | 60.0    | 1.00 | 2      |" in report.document(report.figures(measured))


# --- sets --------------------------------------------------------------------------------------------------------------


def test_a_set_is_named_on_the_command_line(tmp_path: Path) -> None:
    data = sets.DataSet.parse(f"hats={tmp_path}/hats.csv:sold:id,when")
    assert data == sets.DataSet("hats", f"{tmp_path}/hats.csv", "sold", ("id", "when"))
    for wrong in ("hats.csv", "hats=hats.csv", "=hats.csv:sold", "a/b=hats.csv:sold", "hats=hats.csv:sold:id:more"):
        with pytest.raises(ValueError, match="NAME=PATH:TARGET"):
            sets.DataSet.parse(wrong)


def table(n_rows: int = 400) -> pd.DataFrame:
    size = np.arange(n_rows) % 40
    kinds = np.array(["felt", "straw", "NA"])[np.arange(n_rows) % 3]
    return pd.DataFrame({"size": size, "kind": kinds, "sold": np.where(size > 27, "yes", "no")})


def test_the_parts_are_the_ones_that_the_plain_split_gives() -> None:
    from sklearn.model_selection import train_test_split

    rows = table()
    parts = sets.split(rows, sets.DataSet("hats", "", "sold"), 3)
    _, test = train_test_split(rows, test_size=0.2, random_state=45, stratify=rows["sold"])
    assert parts.test.equals(test[["size", "kind"]].reset_index(drop=True))
    assert (parts.actual == (test["sold"] == "yes")).all()
    assert (parts.task, parts.classes, len(parts.train)) == ("binary", [0, 1], 320)


def test_only_the_empty_text_is_missing(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "hats.csv", index=False)
    data = sets.DataSet("hats", "hats.csv", "sold", ("size",))
    assert sets.read(data, tmp_path)["kind"].value_counts()["NA"] == 133
    with pytest.raises(KeyError, match="no column price"):
        sets.read(replace(data, target="price"), tmp_path)


# --- the whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_defaults_are_measured_once_and_the_report_is_written(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "hats.csv", index=False)
    places = ["--data", str(tmp_path), "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "report")]
    hats = ["--set", f"hats={tmp_path}/hats.csv:sold", "--sets", "hats", "adult"]
    command = [sys.executable, "-m", "bench.quality", *places]

    def ran(*arguments: str) -> tuple[str, str, Any]:
        done = subprocess.run([*command, *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout, done.stderr, json.loads((tmp_path / "report/quality.json").read_text())

    first = ran(*hats, "--systems", "xgboost_default", "--splits", "2")
    assert "adult: skipped: [Errno 2] No such file" in first[1]
    assert first[0].count("running") == 2
    runs = first[2]["runs"]
    assert [(each["set"], each["split"], each["system"]) for each in runs] == [
        ("hats", 0, "xgboost_default"),
        ("hats", 1, "xgboost_default"),
    ]
    assert all(each["roc_auc"] == 1 and each["log_loss"] < 0.1 and each["seconds"] > 0 for each in runs)
    again = ran(*hats, "--systems", "xgboost_default", "--splits", "2")
    assert "running" not in again[0]
    assert again[2]["runs"] == runs
    (tmp_path / "hats.csv").unlink()
    assert ran("--report-only")[2]["runs"] == runs


@pytest.mark.slow
def test_our_stages_learn_in_a_project_that_holds_nothing_of_the_test_part(tmp_path: Path) -> None:
    parts = sets.split(table(), sets.DataSet("hats", "", "sold"), 0)
    marked = parts.test.assign(kind=MARKER)
    job = {"task": "binary", "target": "sold", "cores": 2}
    taken = run_stages(["search=none"], replace(parts, test=marked), tmp_path, job)
    assert taken.wall > 0
    predicted = np.load(tmp_path / "predicted.npy")
    assert scores(parts.actual, predicted, "binary")["roc_auc"] == 1
    tables = [path for path in (tmp_path / "project" / "data").rglob("*.parquet")]
    assert sum(len(pd.read_parquet(path)) for path in tables) == len(parts.train)
    assert not any(MARKER in pd.read_parquet(path)["kind"].to_numpy() for path in tables)
    texts = [path.read_bytes() for path in (tmp_path / "project").rglob("*") if path.is_file()]
    assert not any(MARKER.encode() in text for text in texts)
