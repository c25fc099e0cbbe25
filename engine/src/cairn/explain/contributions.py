"""What a model says of a sample of rows, and what each column adds to it; in blocks, so that memory is bounded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.explain import local
from cairn.models.learners.contributions import Contributions, Unit
from cairn.rows.coded import Coded, categories, codes

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Column, Signature

BLOCK = 50_000  # rows explained at once


@dataclass(frozen=True)
class Contributed:
    """The contributions of a sample of a table's rows.

    Parameters
    ----------
    rows : the rows' places in the table, of shape (n_rows,), in order
    values : what each column adds, float32 of shape (n_rows, n_columns, n_outputs); there is one output for a
        regression and for two classes, else one for each class
    base : what they are added to, of shape (n_rows, n_outputs)
    predicted : what the model says, as learners give it: of shape (n_rows, n_classes) or (n_rows,)
    unit, exact : as in `cairn.models.learners.contributions.Contributions`
    gap : the largest difference between a prediction and the base with all contributions, as a prediction
    """

    rows: NDArray[np.intp]
    values: NDArray[np.float32]
    base: NDArray[np.float64]
    predicted: NDArray[np.float64]
    unit: Unit
    exact: bool
    gap: float

    def name_of(self, signature: "Signature", output: int) -> Any:
        """Give the class, or for a regression the target, that an output speaks for."""
        if signature.classes is None:
            return signature.target
        return signature.classes[1 if self.base.shape[1] == 1 else output]


def contributed(model: "Model", table: "pd.DataFrame", *, rows: int, estimated_rows: int, seed: int) -> Contributed:
    """Explain a sample of a table's rows.

    Parameters
    ----------
    model : fitted
    table : DataFrame of shape (n, any)
    rows, estimated_rows : how many at most, where contributions are exact and where they are estimated
    seed : draws them
    """
    from tqdm import tqdm

    first = local.explain(model.estimator, model.signature, coded(model, table.iloc[:1]))
    count = min(len(table), rows if first.exact else estimated_rows)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(table))[:count])
    n_outputs = first.base.size
    values = np.empty((count, first.values.shape[1], n_outputs), dtype="float32")
    base, predicted, gap = np.empty((count, n_outputs)), [], 0.0
    for start in tqdm(range(0, count, BLOCK), "explaining", disable=None if count > BLOCK else True, leave=False):
        block = slice(start, start + BLOCK)
        given = coded(model, table.iloc[chosen[block]])
        told = local.explain(model.estimator, model.signature, given)
        predicted.append(model.estimator.predict(given))
        gap = max(gap, float(np.abs(said(told) - of_outputs(predicted[-1])).max()))
        values[block] = told.values.reshape(-1, *values.shape[1:])
        base[block] = told.base.reshape(-1, n_outputs)
    return Contributed(chosen, values, base, np.concatenate(predicted), first.unit, first.exact, gap)


def coded(model: "Model", table: "pd.DataFrame") -> Coded:
    """Prepare a table for a model, as numbers."""
    frame = model.signature.frame(table)
    return Coded(codes(frame, "float64"), categories(frame))


def said(told: Contributions) -> NDArray[np.float64]:
    """Turn base and contributions into the prediction that they explain, of shape (n_rows, n_outputs)."""
    total = told.total
    if told.unit != "log-odds":
        return total.reshape(len(total), -1)
    if total.ndim == 1:
        return 1 / (1 + np.exp(-total[:, None]))
    raised = np.exp(total - total.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def of_outputs(predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give what is explained of a prediction, of shape (n_rows, n_outputs): of two classes the last one's share."""
    if predicted.ndim == 1:
        return predicted[:, None]
    return predicted[:, 1:] if predicted.shape[1] == 2 else predicted


def shown(column: "Column", value: float) -> str | float | bool | None:
    """Give a value of a prepared table as a person writes it; None where it is missing."""
    if np.isnan(value):
        return None
    if column.kind == "category":
        return (column.categories or [])[int(value)]
    if column.kind == "time":
        return str(np.datetime64(int(value), "D"))
    return bool(value >= 0.5) if column.kind == "boolean" else float(f"{value:.8g}")
