"""Evidently's DataDriftPreset as it comes, window by window: `python -I evidently.py JOB`, in its own environment."""

import json
import os
import sys
from pathlib import Path

os.environ["DO_NOT_TRACK"] = "1"  # before it is imported

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    reference = read(job["reference"], job["features"])
    for stream in job["streams"]:
        table = read(stream, [*job["features"], "window"])
        found = [look(window.drop(columns="window"), reference) for _, window in table.groupby("window")]
        told = {
            "stream": stream,
            "alarms": {rule: [each[rule] for each in found] for rule in ("data set", "any column")},
            "columns": [each["columns"] for each in found],
        }
        print(json.dumps(told), flush=True)


def read(path: str, columns: list[str]) -> pd.DataFrame:
    """Read texts as texts, not as categories."""
    table = pd.read_parquet(path, columns=columns)
    return table.astype({name: str for name in table.columns if table[name].dtype == "category"})


def look(window: pd.DataFrame, reference: pd.DataFrame) -> dict:
    """Say whether half of the columns drifted, which is the preset's own verdict, whether one did, and which.

    A column that is empty is an error there, which nobody overlooks: it counts as one that drifted.
    """
    empty = [name for name in window if window[name].isna().all()]
    window, reference = window.drop(columns=empty), reference.drop(columns=empty)
    metrics = Report([DataDriftPreset()]).run(window, reference).dict()["metrics"]
    (count,) = [each for each in metrics if each["config"]["type"].endswith("DriftedColumnsCount")]
    columns = [each["config"]["column"] for each in metrics if drifted(each)] + empty
    dataset = count["value"]["share"] >= count["config"]["drift_share"]
    return {"data set": bool(dataset), "any column": bool(columns), "columns": columns}


def drifted(metric: dict) -> bool:
    """Say whether a column's own figure drifted: a distance from its threshold on, a p-value below it."""
    about = metric["config"]
    if not about["type"].endswith("ValueDrift"):
        return False
    value, threshold = float(metric["value"]), about["threshold"]
    return bool(value < threshold if "p_value" in about["method"] else value >= threshold)


if __name__ == "__main__":
    main()
