"""Single rows that tell much: what the model says of each, and how its columns bring it there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.explain import local
from cairn.explain.contributions import Contributed, coded, of_outputs, shown

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Column


def telling(known: Contributed, model: "Model", table: "pd.DataFrame", features: int) -> list[dict[str, Any]]:
    """Explain the rows with the highest, the middle and the lowest score, and those where the model fails most.

    The score is the probability of the last of two classes, of the likeliest of several, or the value. `most_wrong`
    is the row whose actual class has the lowest probability, or whose value is farthest from the actual one;
    `borderline`, of two classes, the one nearest to the decision threshold.

    Parameters
    ----------
    known : the contributions, among whose rows the telling ones are found
    model, table : that they are of; the table holds the target
    features : columns shown for each row; the others are added up

    Returns
    -------
    list of dict : `which` (a row may be told for several reasons), `row` (its place in the table, from 0), `actual`,
        `class` (that the contributions speak for), `predicted` (its probability, or the value), `base`, `margin` (the
        base and all contributions), `contributions` (`feature`, `value`, `contribution`; the largest first) and
        `others` (`columns`, `contribution`)
    """
    signature = model.signature
    actual = signature.labels(table.iloc[known.rows])
    reasons = chosen(known.predicted, actual, signature.threshold)
    places = np.array(list(reasons))
    given = coded(model, table.iloc[known.rows[places]])
    likeliest = known.predicted[places].argmax(axis=-1) if known.base.shape[1] > 1 else np.zeros(len(places), dtype=int)
    told = local.of_class(local.explain(model.estimator, signature, given), likeliest)
    said = of_outputs(known.predicted[places])
    return [
        {
            "which": reasons[int(place)],
            "row": int(known.rows[place]),
            "actual": exactly(actual[place]) if signature.classes is None else signature.classes[actual[place]],
            "class": None if signature.classes is None else known.name_of(signature, likeliest[number]),
            "predicted": exactly(said[number, likeliest[number]]),
            "base": exactly(told.base[number]),
            "margin": exactly(told.total[number]),
            **_parts(signature.columns, given.matrix[number], told.values[number], features),
        }
        for number, place in enumerate(places)
    ]


def _parts(
    columns: Sequence["Column"], row: NDArray[np.float64], values: NDArray[np.float64], features: int
) -> dict[str, Any]:
    """List the largest contributions to one row's prediction beside the row's values, and add up the others."""
    order = np.argsort(-np.abs(values), kind="stable")
    parts = [
        {
            "feature": columns[place].name,
            "value": shown(columns[place], row[place]),
            "contribution": exactly(values[place]),
        }
        for place in order[:features]
    ]
    rest = order[features:]
    return {"contributions": parts, "others": {"columns": len(rest), "contribution": exactly(values[rest].sum())}}


def chosen(predicted: NDArray[np.float64], actual: NDArray[Any], threshold: float | None) -> dict[int, list[str]]:
    """Find the telling rows.

    Parameters
    ----------
    predicted : as learners give it, of shape (n_rows, n_classes) or (n_rows,)
    actual : the class's place or the value, of shape (n_rows,)
    threshold : of two classes; None: 0.5

    Returns
    -------
    dict : a row's place -> why it is told
    """
    classes = 0 if predicted.ndim == 1 else predicted.shape[1]
    score = predicted if not classes else predicted[:, 1] if classes == 2 else predicted.max(axis=1)
    right = predicted[np.arange(len(actual)), actual] if classes else -np.abs(actual - predicted)
    order = np.argsort(score, kind="stable")
    found = {"highest": order[-1], "middle": order[(len(order) - 1) // 2], "lowest": order[0]}
    if classes == 2:
        found["borderline"] = np.abs(score - (0.5 if threshold is None else threshold)).argmin()
    found["most_wrong"] = right.argmin()
    reasons: dict[int, list[str]] = {}
    for which, place in found.items():
        reasons.setdefault(int(place), []).append(which)
    return reasons


def exactly(value: float) -> float:
    """Give a figure with eight digits, so that those of a row add up."""
    return float(f"{value:.8g}")
