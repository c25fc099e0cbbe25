"""Six small functions, the same for every framework: a line through points, and how far off it is."""

import random
import statistics

Rows = list[dict[str, float]]


def ingest() -> Rows:
    draw = random.Random(0)
    return [{"x": x, "noise": draw.gauss(0, 1)} for x in (draw.random() for _ in range(2000))]


def validate(raw: Rows) -> dict[str, int]:
    assert all(0 <= row["x"] < 1 for row in raw)
    return {"rows": len(raw)}


def features(raw: Rows, report: dict[str, int]) -> Rows:
    assert report["rows"] == len(raw)
    return [{"x": row["x"], "y": 3 * row["x"] + row["noise"]} for row in raw]


def split(table: Rows) -> dict[str, Rows]:
    return {"train": table[: len(table) * 4 // 5], "test": table[len(table) * 4 // 5 :]}


def train(parts: dict[str, Rows]) -> dict[str, float]:
    slope, intercept = statistics.linear_regression(
        *zip(*((row["x"], row["y"]) for row in parts["train"]), strict=True)
    )
    return {"slope": slope, "intercept": intercept}


def evaluate(model: dict[str, float], parts: dict[str, Rows]) -> dict[str, float]:
    errors = [row["y"] - model["intercept"] - model["slope"] * row["x"] for row in parts["test"]]
    return {"rmse": statistics.fmean(error * error for error in errors) ** 0.5}
