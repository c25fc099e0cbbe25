"""Ask XGBoost for every row's contributions at once: python explain_plain.py MODEL TABLE OUTPUT."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xgboost


def main() -> None:
    model, path, output = map(Path, sys.argv[1:])
    booster = xgboost.Booster(model_file=model / "model.ubj")
    columns = json.loads((model / "signature.json").read_text())["columns"]
    table = pq.read_table(path, columns=[column["name"] for column in columns])
    matrix = np.empty((len(table), len(columns)), dtype="float32")
    for place, column in enumerate(columns):
        values = table[column["name"]]
        if column["categories"]:
            values = pc.index_in(values, value_set=pa.array(column["categories"]))
        matrix[:, place] = values.to_numpy()
    given = xgboost.DMatrix(matrix, feature_types=booster.feature_types, enable_categorical=True)
    np.save(output, booster.predict(given, pred_contribs=True))


if __name__ == "__main__":
    main()
