"""Draw rows of every window: enough to measure by, and the same rows in every run."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cairn.monitoring.finding import Window
from cairn.tables.duck import quoted

SAMPLE_ROWS = 10_000  # of a window; more would not make figures more certain than their reference
HASHES = 2**32


class Predictions(Protocol):
    """The part of `cairn.monitoring.records.Records` that measurements need.

    Attributes
    ----------
    connection : with the table `recorded`, and `labelled` where there are labels
    windows : oldest first
    names : feature -> its column there
    """

    connection: duckdb.DuckDBPyConnection
    windows: list[Window]
    names: dict[str, str]


def sample_rows(
    records: Predictions, columns: Mapping[str, str], *, table: str = "recorded", rows: int = SAMPLE_ROWS
) -> dict[int, pd.DataFrame]:
    """Draw rows of every window by a hash of the request's id and the row's place, in one scan.

    Parameters
    ----------
    records : the recorded predictions
    columns : name in the result -> SQL expression
    table : `recorded` or `labelled`
    rows : of a window, approximately; a smaller window is taken whole

    Returns
    -------
    dict : the window's number -> DataFrame; without windows that have no rows
    """
    selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    sampled = records.connection.execute(
        f"SELECT window_number, {selected} FROM {table} "
        f"JOIN (SELECT window_number, count(*) AS size FROM {table} GROUP BY ALL) USING (window_number) "
        f"WHERE hash(request_id, row) % {HASHES} < {rows} / size * {HASHES} ORDER BY window_number, request_id, row"
    ).df()
    return {int(str(number)): part.reset_index(drop=True) for number, part in sampled.groupby("window_number")}


def prediction_columns(task: str, classes: Sequence[Any] | None) -> dict[str, str]:
    """Return the prediction's columns for `sample_rows`: `predicted_0` and so on of classes, or `predicted`."""
    if task == "regression":
        return {"predicted": "prediction"}
    return {f"predicted_{place}": f"probabilities[{place + 1}]" for place in range(len(classes or []))}


def predictions(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return predictions: probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
    if "predicted" in rows:
        return rows["predicted"].to_numpy(dtype=np.float64)
    return rows[[name for name in rows.columns if name.startswith("predicted_")]].to_numpy(dtype=np.float64)
