"""Fit FLAML and predict, in a process and an environment of its own: `python -I flaml.py JOB.json`."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from flaml import AutoML


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train, test = pd.read_parquet(job["train"]), pd.read_parquet(job["test"])
    y = train.pop(job["target"])
    for name in train.columns:
        if not (pd.api.types.is_numeric_dtype(train[name]) or pd.api.types.is_datetime64_any_dtype(train[name])):
            train[name] = train[name].astype("category")
            test[name] = pd.Categorical(test[name], categories=train[name].cat.categories)
    regression = job["task"] == "regression"
    automl = AutoML()
    automl.fit(
        X_train=train,
        y_train=y,
        task="regression" if regression else "classification",
        metric="rmse" if regression else "log_loss",
        time_budget=job["seconds"],
        n_jobs=job["cores"],
        seed=job["seed"],
        mlflow_logging=False,
        log_file_name="",
        verbose=3,
    )
    print(automl.best_estimator, automl.best_loss, automl.best_config)
    np.save(job["output"], np.asarray(automl.predict(test) if regression else automl.predict_proba(test), "float64"))


if __name__ == "__main__":
    main()
