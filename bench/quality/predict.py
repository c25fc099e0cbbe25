"""Load a model folder of ours and predict, in a process of its own: `python -P predict.py JOB.json`."""

import json
import sys
from pathlib import Path

import numpy as np

from cairn.models import saved
from cairn.rows import signature


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model, table = saved.load(Path(job["model"])), signature.read(Path(job["test"]))
    predicted = model.predict(table) if job["task"] == "regression" else model.predict_proba(table)
    np.save(job["output"], np.asarray(predicted, "float64"))


if __name__ == "__main__":
    main()
