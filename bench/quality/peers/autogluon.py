"""Fit AutoGluon and predict, in a process and an environment of its own: `python -I autogluon.py JOB.json`."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train, test = pd.read_parquet(job["train"]), pd.read_parquet(job["test"])
    regression = job["task"] == "regression"
    with tempfile.TemporaryDirectory(dir=Path(sys.argv[1]).parent) as folder:
        predictor = TabularPredictor(
            label=job["target"],
            problem_type=job["task"],
            eval_metric="root_mean_squared_error" if regression else "log_loss",
            path=folder,
            verbosity=2,
        )
        predictor.fit(train, time_limit=job["seconds"], presets=job["variant"], num_cpus=job["cores"], num_gpus=0)
        if regression:
            predicted = predictor.predict(test).to_numpy()
        else:
            predicted = predictor.predict_proba(test)[sorted(predictor.class_labels)].to_numpy()
        print(predictor.leaderboard().to_string())
    np.save(job["output"], predicted.astype("float64"))


if __name__ == "__main__":
    main()
