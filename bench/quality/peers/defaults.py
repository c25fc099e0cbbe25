"""Fit a library's own defaults and predict, in a process of its own: `python -I defaults.py JOB.json`."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MOST_LEVELS = 255  # that HistGradientBoosting takes as categories; columns with more go in as numbers


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train, test = pd.read_parquet(job["train"]), pd.read_parquet(job["test"])
    y = train.pop(job["target"])
    most = MOST_LEVELS if job["variant"] == "hist_gradient_boosting" else None
    for name in train.columns:
        if not pd.api.types.is_numeric_dtype(train[name]):
            levels = train[name].astype("category").cat.categories
            for table in (train, test):
                coded = pd.Categorical(table[name], categories=levels)
                table[name] = (
                    coded if most is None or len(levels) <= most else np.where(coded.codes < 0, np.nan, coded.codes)
                )
    regression = job["task"] == "regression"
    model = estimator(job["variant"], regression, job["seed"], job["cores"]).fit(train, y)
    np.save(job["output"], np.asarray(model.predict(test) if regression else model.predict_proba(test), "float64"))


def estimator(library: str, regression: bool, seed: int, cores: int) -> Any:
    if library == "xgboost":
        from xgboost import XGBClassifier, XGBRegressor

        return (XGBRegressor if regression else XGBClassifier)(enable_categorical=True, random_state=seed, n_jobs=cores)
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    return kind(categorical_features="from_dtype", random_state=seed)


if __name__ == "__main__":
    main()
