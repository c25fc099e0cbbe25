"""Score a file as plainly as one can: python batch_plain.py MODEL INPUT OUTPUT reads all of it, predicts, writes."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xgboost
from pyarrow import csv


def main() -> None:
    model, source, output = map(Path, sys.argv[1:])
    booster = xgboost.Booster(model_file=model / "model.ubj")
    columns = json.loads((model / "signature.json").read_text())["columns"]
    is_parquet = source.suffix == ".parquet"
    table = pq.read_table(source) if is_parquet else csv.read_csv(source)
    matrix = np.empty((len(table), len(columns)), dtype="float32")
    for place, column in enumerate(columns):
        values = table[column["name"]]
        if column["categories"]:
            values = pc.index_in(values, value_set=pa.array(column["categories"]))
        matrix[:, place] = values.to_numpy()
    probability = booster.inplace_predict(matrix).astype("float64")
    for name, added in {
        "prediction": (probability >= 0.5).astype("int64"),
        "probability_0": 1 - probability,
        "probability_1": probability,
    }.items():
        table = table.append_column(name, pa.array(added))
    if is_parquet:
        pq.write_table(table, output)
    else:
        csv.write_csv(table, output)


if __name__ == "__main__":
    main()
