"""Write a model's baseline for the benchmark `monitor`: python monitor_baseline.py TABLE.parquet MODEL."""

import sys
from dataclasses import replace
from pathlib import Path

from cairn.documents import to_json
from cairn.evaluation.scores import predictions, score
from cairn.explain.documents import NoExplanations
from cairn.files import write_json
from cairn.models import saved
from cairn.monitoring.baseline import build_baseline
from cairn.monitoring.outcome_baseline import measure_outcomes
from cairn.rows import signature


def main() -> None:
    place, folder = map(Path, sys.argv[1:])
    model, table = saved.load(folder), signature.read(place)
    baseline = build_baseline(model, [place], place, time="at")
    parts = dict.fromkeys(("train", "validation", "test"), predictions(model, table))
    measured, slices = score(parts, {}, task="binary", threshold=None, values=None, seed=0, resamples=50)
    outcomes = measure_outcomes(
        model,
        table,
        all_rows=table,
        time="at",
        sensitive=["kind0"],
        values=None,
        evaluation=measured,
        slices=slices,
        explanations=NoExplanations(why="left out of a benchmark"),
        seed=0,
    )
    write_json(to_json(replace(baseline, expected=outcomes)), folder / "baseline.json")


if __name__ == "__main__":
    main()
