"""The model, asked: what it says of a stream, and the stream as each tool reads it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Signature

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # when the first window is said to be: a Monday
WINDOW = timedelta(days=7)


class Files(NamedTuple):
    """A stream as `cairn serve` would have recorded it, and the truth.

    Parameters
    ----------
    captured : the folder of the recorded predictions
    labels : a Parquet file with `request_id` and the target
    """

    captured: Path
    labels: Path


def answered(model: "Model", table: "pd.DataFrame") -> "pd.DataFrame":
    """Let the model answer; of the table only features and window stay.

    Returns
    -------
    DataFrame of shape (n_rows, n_features + 4) : the features, `window` if there is one, `probability` of the positive
        class, `prediction` and `actual` (0 or 1)
    """
    about = model.signature
    probability = model.predict_proba(table)
    kept = [column.name for column in about.columns] + (["window"] if "window" in table else [])
    return table[kept].assign(
        probability=probability[:, -1],
        prediction=np.asarray(model.choose(probability)).astype(int),
        actual=about.labels(table).astype(int),
    )


def record(stream: "pd.DataFrame", about: "Signature", folder: Path) -> Files:
    """Write a stream as `cairn serve` does, a request a row, its windows a week each.

    Parameters
    ----------
    stream : as `answered` gave it
    about : the model's signature
    folder : an existing, empty folder
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from cairn.serving.capture import schema

    form, rows = schema(about), len(stream)
    within = stream.groupby("window").cumcount() / stream.groupby("window")["window"].transform("size")
    time = [BEGIN + WINDOW * float(share) for share in stream["window"] + within]
    inputs = pa.Table.from_pandas(stream[[column.name for column in about.columns]], preserve_index=False)
    kinds = {each.name: each.type for each in form.field("inputs").type}
    columns = [inputs[name].combine_chunks().cast(kind) for name, kind in kinds.items()]
    classes = np.array(about.classes)
    ids = pa.array([f"{number:08}" for number in range(rows)])
    probability = pa.array(np.c_[1 - stream["probability"], stream["probability"]].tolist())
    told = {
        "request_id": ids,
        "time": pa.array(time, form.field("time").type),
        "seconds": pa.array(np.full(rows, 0.002)),
        "version": pa.nulls(rows, pa.string()),
        "row": pa.array(np.zeros(rows, dtype=np.int32)),
        "inputs": pa.StructArray.from_arrays(columns, names=list(kinds)),
        "prediction": pa.array(classes[stream["prediction"]]),
        "probabilities": probability,
    }
    files = Files(folder / "captured", folder / "labels.parquet")
    day = files.captured / f"date={BEGIN:%Y-%m-%d}"
    day.mkdir(parents=True)
    table = pa.table({name: told[name] for name in form.names})
    pq.write_table(table, day / "000000-1-000001.parquet")
    pq.write_table(pa.table({"request_id": ids, about.target: pa.array(classes[stream["actual"]])}), files.labels)
    return files
