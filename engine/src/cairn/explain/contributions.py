"""Compute predictions and contributions of a sample of rows, in blocks of bounded memory."""

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
class SampleContributions:
    """The contributions of a sample of a table's rows.

    Parameters
    ----------
    rows : the rows' places in the table, of shape (n_rows,), in order
    values : contributions of columns, float32 of shape (n_rows, n_columns, n_outputs); there is one output for a
        regression and for two classes, else one for each class
    base : the sum starts from it, of shape (n_rows, n_outputs)
    predicted : the learner's predictions, of shape (n_rows, n_classes) or (n_rows,)
    unit, exact : as in `cairn.models.learners.contributions.Contributions`
    gap : the largest difference between a prediction and the one that base and contributions add up to
    """

    rows: NDArray[np.intp]
    values: NDArray[np.float32]
    base: NDArray[np.float64]
    predicted: NDArray[np.float64]
    unit: Unit
    exact: bool
    gap: float

    def name_of(self, signature: "Signature", output: int) -> Any:
        """Return the class of an output, or for a regression the target."""
        if signature.classes is None:
            return signature.target
        return signature.classes[1 if self.base.shape[1] == 1 else output]


def sample_contributions(
    model: "Model", table: "pd.DataFrame", *, rows: int, estimated_rows: int, seed: int
) -> SampleContributions:
    """Explain a sample of a table's rows.

    Parameters
    ----------
    model : fitted
    table : DataFrame of shape (n, any)
    rows, estimated_rows : the size of the sample where contributions are exact, and where they are estimated
    seed : of the sample
    """
    from tqdm import tqdm

    first = local.explain(model.estimator, model.signature, coded(model, table.iloc[:1]))
    count = min(len(table), rows if first.exact else estimated_rows)
    places = np.sort(np.random.default_rng(seed).permutation(len(table))[:count])
    n_outputs = first.base.size
    values = np.empty((count, first.values.shape[1], n_outputs), dtype="float32")
    base, predicted, gap = np.empty((count, n_outputs)), [], 0.0
    for start in tqdm(range(0, count, BLOCK), "explaining", disable=None if count > BLOCK else True, leave=False):
        block = slice(start, start + BLOCK)
        block_rows = coded(model, table.iloc[places[block]])
        explained = local.explain(model.estimator, model.signature, block_rows)
        predicted.append(model.estimator.predict(block_rows))
        gap = max(gap, float(np.abs(to_prediction(explained) - output_values(predicted[-1])).max()))
        values[block] = explained.values.reshape(-1, *values.shape[1:])
        base[block] = explained.base.reshape(-1, n_outputs)
    return SampleContributions(places, values, base, np.concatenate(predicted), first.unit, first.exact, gap)


def coded(model: "Model", table: "pd.DataFrame") -> Coded:
    """Convert a table to the numbers that a model takes."""
    frame = model.signature.frame(table)
    return Coded(codes(frame, "float64"), categories(frame))


def to_prediction(contributions: Contributions) -> NDArray[np.float64]:
    """Add contributions to the base and convert the sum to a prediction, of shape (n_rows, n_outputs)."""
    total = contributions.total
    if contributions.unit != "log-odds":
        return total.reshape(len(total), -1)
    if total.ndim == 1:
        return 1 / (1 + np.exp(-total[:, None]))
    exponentials = np.exp(total - total.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def output_values(predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the explained predictions, of shape (n_rows, n_outputs): of two classes the last one's probability."""
    if predicted.ndim == 1:
        return predicted[:, None]
    return predicted[:, 1:] if predicted.shape[1] == 2 else predicted


def to_cell(column: "Column", value: float) -> str | float | bool | None:
    """Convert a number of a prepared table back to a cell; None where it is missing."""
    if np.isnan(value):
        return None
    if column.kind == "category":
        return (column.categories or [])[int(value)]
    if column.kind == "time":
        return str(np.datetime64(int(value), "D"))
    return bool(value >= 0.5) if column.kind == "boolean" else float(f"{value:.8g}")
