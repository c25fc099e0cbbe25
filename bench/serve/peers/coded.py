"""What every peer that takes rows does with them: numbers for the booster, and an answer."""

import json
import os
from pathlib import Path

import numpy as np
import xgboost

FOLDER = Path(os.environ["BENCH_MODEL"])
COLUMNS = json.loads((FOLDER / "signature.json").read_text(encoding="utf-8"))["columns"]
NAMES = [column["name"] for column in COLUMNS]
KINDS = {column["name"]: column["kind"] for column in COLUMNS}
CODES = {
    column["name"]: {level: float(place) for place, level in enumerate(column["categories"])}
    for column in COLUMNS
    if column["kind"] == "category"
}
TEXTS = [(place, name, CODES[name]) for place, name in enumerate(NAMES) if name in CODES]
NAN = float("nan")


def load():
    booster = xgboost.Booster(model_file=FOLDER / "model.ubj")
    booster.set_param({"nthread": 1})
    return booster


def answer(booster, rows):
    matrix = np.empty((len(rows), len(NAMES)), dtype=np.float32)
    for number, row in enumerate(rows):
        values = [row[name] for name in NAMES]
        for place, _, codes in TEXTS:
            values[place] = codes.get(values[place], NAN)
        matrix[number] = values
    predicted = booster.inplace_predict(matrix).tolist()
    return {
        "predictions": [each >= 0.5 for each in predicted],
        "probabilities": [[1 - each, each] for each in predicted],
    }
