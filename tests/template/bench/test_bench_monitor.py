"""What `python -m bench.monitor` makes of its streams and of what the tools say of them."""

import math

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from bench.monitor import asked, report, streams
from bench.project import ROOT

from cairn.rows.signature import describe


def run(scenario, alarms, tool="cairn", seed=0, area="drift"):
    flags = [place in alarms for place in range(streams.WINDOWS)]
    why = [[[area, "age", "js_distance", 0.2, 0.0001]] if flag else [] for flag in flags]
    return {
        "tool": tool,
        "scenario": scenario,
        "seed": seed,
        "alarms": {"any": flags},
        "why": why,
    }


def claims(*runs):
    return {each["asked"]: (each["found"], each["held"]) for each in report.found(list(runs), {})["claims"]}


FOUND = "every planted drift is found within 2 windows, in every run"
QUIET = "fewer than 2% of the windows without drift have an alarm"


def test_a_drift_is_found_by_an_alarm_in_its_first_or_second_window_and_no_later():
    assert claims(run("cents", [6]), run("cents", [7], seed=1))[FOUND] == ("2 of 2 runs", True)
    assert claims(run("cents", [8]), run("richer", [6]))[FOUND] == ("1 of 2 runs; not all of cents", False)


def test_an_alarm_before_the_drift_does_not_find_it():
    assert claims(run("cents", [5]))[FOUND] == ("0 of 1 runs; not all of cents", False)


def test_false_alarms_are_a_share_of_the_windows_of_quiet_streams():
    assert claims(run("none", [3]), run("season", []))[QUIET] == ("4.2% of 24", False)  # 1 of 24
    assert claims(*(run("none", [0] if seed == 0 else [], seed=seed) for seed in range(5)))[QUIET] == (
        "1.7% of 60",
        True,
    )


def test_what_was_not_measured_is_not_held():
    assert claims(run("none", [], tool="evidently"))[FOUND] == ("", None)


def test_the_delay_is_counted_from_the_drifts_first_window_and_unknown_if_a_run_never_alarmed():
    assert report.delay([run("cents", [2, 6]), run("cents", [9])], "any") == pytest.approx((1 + 4) / 2)
    assert report.delay([run("cents", [6]), run("cents", [2])], "any") is None


def test_what_needs_the_true_answers_does_not_alarm_before_they_are_there():
    assert sum(report.early(run("none", [1, 2], area="performance"))) == 0
    assert sum(report.early(run("none", [1, 2], area="estimate"))) == 2


def test_the_loss_is_the_log_loss_of_each_window():
    table = pd.DataFrame({"window": [0, 0, 1], "probability": [0.5, 0.25, 0.9], "actual": [1, 0, 1]})
    assert report.losses(table) == pytest.approx([-(math.log(0.5) + math.log(0.75)) / 2, -math.log(0.9)])


def test_the_page_names_every_scenario_and_tool_that_was_measured():
    runs = [run(name, [6]) for name in streams.SCENARIOS]
    page = report.document(report.found(runs, {"evidently": "evidently==0.7.23"}))
    assert all(each.says in page for each in streams.SCENARIOS.values())
    assert "Cairn, before labels" in page
    assert "NannyML, any alert" not in page
    assert "elec2: what really drifts" not in page


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    def draw(scenario, seed=3):
        return streams.draw(streams.Stream(scenario, seed), ROOT, tmp_path_factory.mktemp("raw"))

    return draw


def test_a_stream_is_twelve_windows_of_a_thousand_and_changes_with_the_seventh(drawn):
    quiet, cents = drawn("none"), drawn("cents")
    assert quiet["window"].value_counts().to_dict() == dict.fromkeys(range(12), 1_000)
    before, after = quiet["window"] < 6, quiet["window"] >= 6
    pd.testing.assert_frame_equal(cents[before], quiet[before])
    assert cents["income"][after].equals(100 * quiet["income"][after])
    pd.testing.assert_frame_equal(cents.drop(columns="income"), quiet.drop(columns="income"))


def test_the_season_is_twelve_weeks_in_a_row_of_the_next_year(drawn):
    asked_at = drawn("season")["asked_at"]
    assert asked_at.is_monotonic_increasing
    assert set(asked_at.dt.year) == {2026}
    assert (asked_at.iloc[-1] - asked_at.iloc[0]).days in range(78, 91)  # a thousand a week, more or less


class Says:
    """A model that says how many years over 18 a customer is, in hundredths."""

    def __init__(self, signature):
        self.signature = signature

    def predict_proba(self, table):
        share = (table["age"].fillna(18).to_numpy(dtype=float) - 18) / 100
        return np.c_[1 - share, share]

    def choose(self, probability):
        return probability[:, 1] >= 0.3


def test_a_stream_is_recorded_as_the_server_records_it_with_the_truth_by_request(drawn, tmp_path):
    table = drawn("none")
    features = [name for name in table if name not in ("bought_hat", "asked_at", "customer_id", "window")]
    about = describe(table, features=features, target="bought_hat", task="binary", classes=[False, True])
    stream = asked.answered(Says(about), table)
    files = asked.record(stream, about, tmp_path)
    (path,) = files.captured.glob("date=*/*.parquet")
    rows = pq.read_table(path, partitioning=None).to_pylist()
    truth = {each["request_id"]: each["bought_hat"] for each in pq.read_table(files.labels).to_pylist()}
    assert len(rows) == len(truth) == 12_000
    for place in (0, 999, 1_000, 11_999):
        row, known = rows[place], table.iloc[place]
        assert row["time"] - asked.BEGIN >= place // 1_000 * asked.WINDOW
        assert row["time"] - asked.BEGIN < (place // 1_000 + 1) * asked.WINDOW
        assert row["inputs"]["city"] == known["city"]
        assert row["probabilities"][1] == pytest.approx((0 if pd.isna(known["age"]) else known["age"] - 18) / 100)
        assert row["prediction"] == (row["probabilities"][1] >= 0.3)
        assert truth[row["request_id"]] == known["bought_hat"]
