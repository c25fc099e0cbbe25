"""NannyML's univariate drift, CBPE and realised performance: `python -I nannyml.py JOB`, in its own environment."""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")

import nannyml  # noqa: E402
import pandas as pd  # noqa: E402

SAID = {"y_pred_proba": "probability", "y_pred": "prediction", "y_true": "actual"}
BINARY = {"problem_type": "classification_binary", "metrics": ["roc_auc"]}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    names = [*job["features"], *SAID.values()]
    reference, size = read(job["reference"], names), {"chunk_size": job["rows"]}
    drift = nannyml.UnivariateDriftCalculator(column_names=job["features"], **size).fit(reference)
    estimate = nannyml.CBPE(**SAID, **BINARY, **size).fit(reference)
    real = nannyml.PerformanceCalculator(**SAID, **BINARY, **size).fit(reference)
    for stream in job["streams"]:
        table = read(stream, names)
        alarms = {
            "univariate": alerts(drift.calculate(table)),
            "CBPE": alerts(estimate.estimate(table)),
            "realised": alerts(real.calculate(table)),
        }
        alarms["any"] = [any(each) for each in zip(*alarms.values(), strict=True)]
        print(json.dumps({"stream": stream, "alarms": alarms}), flush=True)


def read(path: str, columns: list[str]) -> pd.DataFrame:
    """Read booleans as categories, which is what they are here."""
    table = pd.read_parquet(path, columns=columns)
    return table.astype({name: "category" for name in table.columns if table[name].dtype in ("bool", "boolean")})


def alerts(result) -> list[bool]:
    """Say of each window whether some figure alerts."""
    table = result.filter(period="analysis").to_df()
    flags = table.loc[:, [name for name in table.columns if name[-1] == "alert"]]
    return [bool(each) for each in flags.any(axis=1)]


if __name__ == "__main__":
    main()
