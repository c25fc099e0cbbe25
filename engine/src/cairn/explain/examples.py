"""Explain single rows: those with extreme scores and those where the model fails most."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.explain import local
from cairn.explain.contributions import SampleContributions, coded, output_values, to_cell
from cairn.explain.documents import Example, OtherContributions, ValueContribution

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Column


def explain_examples(
    contributions: SampleContributions, model: "Model", table: "pd.DataFrame", features: int
) -> list[Example]:
    """Explain the rows with the highest, the middle and the lowest score, and those where the model fails most.

    The score is the probability of the last of two classes, of the likeliest of several, or the value. `most_wrong`
    is the row whose actual class has the lowest probability, or whose value is farthest from the actual one;
    `borderline`, of two classes, the one nearest to the decision threshold.

    Parameters
    ----------
    contributions : the contributions of the sample that rows are chosen from
    model, table : of the contributions; the table has the target
    features : columns shown for each row; the others are added up
    """
    signature = model.signature
    actual = signature.labels(table.iloc[contributions.rows])
    reasons = choose_examples(contributions.predicted, actual, signature.threshold)
    places = np.array(list(reasons))
    rows = coded(model, table.iloc[contributions.rows[places]])
    likeliest = (
        contributions.predicted[places].argmax(axis=-1)
        if contributions.base.shape[1] > 1
        else np.zeros(len(places), dtype=int)
    )
    explained = local.of_class(local.explain(model.estimator, signature, rows), likeliest)
    predicted = output_values(contributions.predicted[places])
    examples = []
    for number, place in enumerate(places):
        parts, others = _parts(signature.columns, rows.matrix[number], explained.values[number], features)
        examples.append(
            Example(
                which=reasons[int(place)],
                row=int(contributions.rows[place]),
                actual=round_exactly(actual[place]) if signature.classes is None else signature.classes[actual[place]],
                class_=None if signature.classes is None else contributions.name_of(signature, likeliest[number]),
                predicted=round_exactly(predicted[number, likeliest[number]]),
                base=round_exactly(explained.base[number]),
                margin=round_exactly(explained.total[number]),
                contributions=parts,
                others=others,
            )
        )
    return examples


def _parts(
    columns: Sequence["Column"], row: NDArray[np.float64], values: NDArray[np.float64], features: int
) -> tuple[list[ValueContribution], OtherContributions]:
    """List the largest contributions to one row's prediction beside the row's values, and add up the others."""
    order = np.argsort(-np.abs(values), kind="stable")
    parts = [
        ValueContribution(
            feature=columns[place].name,
            value=to_cell(columns[place], row[place]),
            contribution=round_exactly(values[place]),
        )
        for place in order[:features]
    ]
    rest = order[features:]
    return parts, OtherContributions(columns=len(rest), contribution=round_exactly(values[rest].sum()))


def choose_examples(
    predicted: NDArray[np.float64], actual: NDArray[Any], threshold: float | None
) -> dict[int, list[str]]:
    """Choose rows by their scores.

    Parameters
    ----------
    predicted : by the learner, of shape (n_rows, n_classes) or (n_rows,)
    actual : the class's place or the value, of shape (n_rows,)
    threshold : of two classes; None: 0.5

    Returns
    -------
    dict : a row's place -> the reasons for its choice
    """
    classes = 0 if predicted.ndim == 1 else predicted.shape[1]
    score = predicted if not classes else predicted[:, 1] if classes == 2 else predicted.max(axis=1)
    correctness = predicted[np.arange(len(actual)), actual] if classes else -np.abs(actual - predicted)
    order = np.argsort(score, kind="stable")
    places = {"highest": order[-1], "middle": order[(len(order) - 1) // 2], "lowest": order[0]}
    if classes == 2:
        places["borderline"] = np.abs(score - (0.5 if threshold is None else threshold)).argmin()
    places["most_wrong"] = correctness.argmin()
    reasons: dict[int, list[str]] = {}
    for which, place in places.items():
        reasons.setdefault(int(place), []).append(which)
    return reasons


def round_exactly(value: float) -> float:
    """Round to eight digits, so that the figures of a row add up."""
    return float(f"{value:.8g}")
