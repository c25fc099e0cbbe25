"""Store predictions of held-out rows, from which thresholds, intervals and the validation figures are made."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cairn.files import written

__all__ = ["read", "write"]


def write(path: Path, actual: np.ndarray, predicted: np.ndarray) -> None:
    """Write labels and predictions as a Parquet table.

    Parameters
    ----------
    path : the file
    actual : labels of shape (n_rows,), classes as their places
    predicted : values of shape (n_rows,), or probabilities of shape (n_rows, n_classes), a column each
    """
    outputs = predicted.reshape(len(actual), -1)
    columns = {"actual": actual} | {f"predicted_{place}": outputs[:, place] for place in range(outputs.shape[1])}
    with written(path) as partial:
        pq.write_table(pa.table(columns), partial)


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the labels, of shape (n_rows,), and the predictions, of shape (n_rows,) or (n_rows, n_classes)."""
    table = pq.read_table(path)
    outputs = [table.column(name).to_numpy() for name in table.column_names if name != "actual"]
    return table.column("actual").to_numpy(), outputs[0] if len(outputs) == 1 else np.column_stack(outputs)
