"""Some rows of every window: enough to measure by, whatever was served, and the same ones whenever they are asked."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cairn.monitoring.finding import Window
from cairn.tables.duck import quoted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

ROWS = 10_000  # of a window; more would make figures no more certain than their reference is
PARTS = 2**32


class Served(Protocol):
    """Recorded predictions, as `cairn.monitoring.records` gives them.

    Attributes
    ----------
    connection : in which the table `recorded` is
    windows : oldest first
    names : feature -> its column there
    """

    connection: "duckdb.DuckDBPyConnection"
    windows: list[Window]
    names: dict[str, str]


def sampled(
    served: Served, columns: Mapping[str, str], *, table: str = "recorded", rows: int = ROWS
) -> dict[int, "pd.DataFrame"]:
    """Draw rows of every window by a hash of the request's id and the row's place, in one scan.

    Parameters
    ----------
    served : whose rows they are
    columns : name in the result -> what it is in SQL
    table : `recorded` or `labelled`
    rows : of a window, about; a window with fewer is taken whole

    Returns
    -------
    dict : the window's number -> DataFrame; windows without a row are not in it
    """
    wanted = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    found = served.connection.execute(
        f"SELECT window_number, {wanted} FROM {table} "
        f"JOIN (SELECT window_number, count(*) AS size FROM {table} GROUP BY ALL) USING (window_number) "
        f"WHERE hash(request_id, row) % {PARTS} < {rows} / size * {PARTS} ORDER BY window_number, request_id, row"
    ).df()
    return {int(str(number)): part.reset_index(drop=True) for number, part in found.groupby("window_number")}


def prediction_columns(task: str, classes: Sequence[Any] | None) -> dict[str, str]:
    """Name what the model said, for `sampled`: `said_0`, `said_1` and so on for classes, or `said`."""
    if task == "regression":
        return {"said": "prediction"}
    return {f"said_{place}": f"probabilities[{place + 1}]" for place in range(len(classes or []))}


def predictions(rows: "pd.DataFrame") -> NDArray[np.float64]:
    """Give what the model said: probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
    if "said" in rows:
        return rows["said"].to_numpy(dtype=np.float64)
    return rows[[name for name in rows.columns if name.startswith("said_")]].to_numpy(dtype=np.float64)
