"""Measure a model from its predictions on the three parts."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation import curves, own_metrics
from cairn.evaluation.documents import Baselines, Evaluation, MetricDifference, PartRows, Slices
from cairn.evaluation.intervals import bootstrap, paired_difference
from cairn.evaluation.metrics import GREATER_IS_BETTER, Scorer, figures
from cairn.evaluation.metrics import scorer as task_scorer
from cairn.evaluation.slices import by_value

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Signature

__all__ = ["as_predictions", "figures_for_dvc", "group_labels", "plots", "predictions", "score"]

PLOTS = ("roc", "precision_recall", "cumulative_gain", "calibration", "confusion", "residuals")


class Predictions(NamedTuple):
    """The predictions of a model on one part, with the true values.

    Parameters
    ----------
    actual : shape (n_rows,): positions in the list of classes, or numbers for a regression
    predicted : the positive class's probability (n_rows,), every class's (n_rows, n_classes), or numbers (n_rows,)
    interval : lower and upper ends of a prediction interval; regression only
    """

    actual: NDArray[Any]
    predicted: NDArray[np.float64]
    interval: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None


def predictions(model: "Model", table: "pd.DataFrame") -> Predictions:
    """Predict every row of a table that has the target too."""
    signature = model.signature
    predicted = model.predict(table) if signature.task == "regression" else model.predict_proba(table)
    return as_predictions(signature.labels(table), predicted, signature)


def as_predictions(actual: NDArray[Any], predicted: NDArray[np.float64], signature: "Signature") -> Predictions:
    """Convert the output of an estimator: values, or the probabilities of all classes."""
    if signature.task == "regression":
        low, high = signature.interval or (0.0, 0.0)
        return Predictions(actual, predicted, (predicted + low, predicted + high) if signature.interval else None)
    return Predictions(actual, predicted[:, 1] if signature.task == "binary" else predicted)


def compare(
    champion: Predictions,
    challenger: Predictions,
    *,
    task: str,
    thresholds: tuple[float | None, float | None],
    values: Mapping[str, float] | None,
    seed: int,
    resamples: int,
    confidence: float,
    metrics: own_metrics.Nodes | None = None,
) -> dict[str, MetricDifference]:
    """Compare two models on the same rows, each with its own decision threshold; see `paired_difference`."""
    before, after = (
        _scorer(part, task=task, threshold=threshold, values=values, metrics=metrics)
        for part, threshold in zip((champion, challenger), thresholds, strict=True)
    )
    greater_is_better = GREATER_IS_BETTER | own_metrics.directions(metrics)
    return paired_difference(before, after, len(challenger.actual), resamples, seed, confidence, greater_is_better)


def newest(tables: Sequence["pd.DataFrame"], time: str) -> str | float | None:
    """Return the last time in a column of several tables as JSON has it: ISO 8601, or a number; None: there is none."""
    import pandas as pd

    last = pd.concat([table[time] for table in tables]).max()
    if pd.isna(last):
        return None
    return last.isoformat() if hasattr(last, "isoformat") else float(last)


def newer(table: "pd.DataFrame", time: str, than: str | float) -> "pd.DataFrame":
    """Return the rows after a time, in the form that `newest` returns."""
    import pandas as pd

    return table[table[time] > (pd.Timestamp(than) if isinstance(than, str) else than)]


def score(
    parts: Mapping[str, Predictions],
    groups: Mapping[str, NDArray[Any]],
    *,
    task: str,
    threshold: float | None,
    values: Mapping[str, float] | None,
    seed: int,
    resamples: int = 1000,
    confidence: float = 0.95,
    slice_levels: int = 10,
    slice_rows: int = 50,
    metrics: own_metrics.Nodes | None = None,
) -> tuple[Evaluation, Slices]:
    """Measure a model on its parts and on slices of the test part, and a dummy on the test part.

    Parameters
    ----------
    parts : train, validation and test
    groups : column -> label of each test row, as `group_labels` returns them
    task : binary, multiclass or regression
    threshold : a row is predicted positive if its probability is at least this; binary only
    values : what each kind of outcome is worth, as in conf/decision
    seed : of the bootstrap
    resamples, confidence : of the test part's intervals
    slice_levels : used by `group_labels`
    slice_rows : smaller groups are counted but not measured
    metrics : name -> node of a metric of the project's own; see `own_metrics`

    Returns
    -------
    tuple : the documents evaluation.json, without a ceiling, and slices.json
    """
    scorer = partial(_scorer, task=task, threshold=threshold, values=values, metrics=metrics)
    test = parts["test"]
    blind = test._replace(predicted=dummy_predictions(parts["train"].actual, test, task), interval=None)

    def measure(part: Predictions) -> dict[str, float | None]:
        return figures(scorer(part), len(part.actual))

    def measure_rows(rows: NDArray[np.intp]) -> dict[str, float | None]:
        return figures(scorer(test, rows), len(rows))

    evaluation = Evaluation(
        task=task,
        threshold=threshold,
        test=bootstrap(scorer(test), len(test.actual), resamples, seed, confidence),
        validation=measure(parts["validation"]),
        train=measure(parts["train"]),
        baseline=Baselines(dummy=measure(blind)),
        rows=PartRows(**{name: len(part.actual) for name, part in parts.items()}),
        greater_is_better=own_metrics.directions(metrics) or None,
    )
    return evaluation, Slices(slices=by_value(groups, measure_rows, min_rows=slice_rows))


def figures_for_dvc(evaluation: Evaluation) -> dict[str, Mapping[str, float | list[float | None] | None]]:
    """Return the metrics of each part as plain numbers, and the test part's intervals as pairs, which DVC ignores."""
    return {
        "test": evaluation.figures("test"),
        "validation": evaluation.validation,
        "train": evaluation.train,
        "test_interval": {name: [metric.low, metric.high] for name, metric in evaluation.test.items()},
    }


def dummy_predictions(train: NDArray[Any], test: Predictions, task: str) -> NDArray[np.float64]:
    """Predict the training part's class shares, or its mean, for every row: the best prediction without a model."""
    if task == "multiclass":
        shares = np.bincount(train, minlength=test.predicted.shape[1]) / len(train)
        return np.broadcast_to(shares, test.predicted.shape)
    return np.full(len(test.actual), float(np.mean(train)))


def group_labels(
    table: "pd.DataFrame", *, sensitive: Sequence[str], features: Sequence[str], levels: int
) -> dict[str, NDArray[Any]]:
    """Label each row by the columns to slice by: the sensitive ones, and features with few different values.

    Parameters
    ----------
    table : the test part
    sensitive : always included; a number with many values is cut at its quartiles
    features : text and yes-or-no columns among them are included if they have at most `levels` values
    levels : how many different values are few
    """
    import pandas as pd

    groups = {}
    for name in dict.fromkeys([*sensitive, *features]):
        column = table[name]
        many = column.nunique() > levels
        if name in sensitive and many and pd.api.types.is_numeric_dtype(column):
            quartiles = pd.qcut(column, 4, duplicates="drop")
            column = quartiles.map(lambda cut: f"{cut.left:g} to {cut.right:g}", na_action="ignore")
        elif many or (name not in sensitive and pd.api.types.is_numeric_dtype(column) and not _yes_or_no(column)):
            continue
        groups[name] = column.astype(object).to_numpy()
    return groups


def plots(
    test: Predictions, *, task: str, threshold: float | None, classes: Sequence[Any] | None, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the points of every plot in dvc.yaml by its name; those that do not suit the task have none."""
    actual, predicted = test.actual, test.predicted
    points: dict[str, list[dict[str, Any]]] = {name: [] for name in PLOTS}
    if task == "regression":
        points["residuals"] = curves.residuals(actual, predicted, seed=seed)
        return points
    names = [str(name) for name in classes or []]
    if task == "multiclass":
        chosen = predicted.argmax(axis=1)
        points["calibration"] = curves.calibration(chosen == actual, predicted.max(axis=1))
        points["confusion"] = curves.confusion(actual, chosen, names)
        return points
    chosen = predicted >= (0.5 if threshold is None else threshold)
    points["roc"] = curves.roc(actual, predicted)
    points["precision_recall"] = curves.precision_recall(actual, predicted)
    points["cumulative_gain"] = curves.cumulative_gain(actual, predicted)
    points["calibration"] = curves.calibration(actual, predicted)
    points["confusion"] = curves.confusion(actual, chosen, names)
    return points


def _scorer(
    part: Predictions,
    rows: NDArray[np.intp] | slice = slice(None),
    *,
    task: str,
    threshold: float | None,
    values: Mapping[str, float] | None,
    metrics: own_metrics.Nodes | None,
) -> Scorer:
    options: dict[str, Any] = {"values": values}
    if part.interval is not None:
        options["interval"] = tuple(end[rows] for end in part.interval)
    actual, predicted = part.actual[rows], part.predicted[rows]
    score = task_scorer(task, actual, predicted, threshold=threshold, **options)
    if not metrics:
        return score
    own = own_metrics.scorer(metrics, task, actual, predicted, threshold=threshold)
    return lambda weights: score(weights) | own(weights)


def _yes_or_no(column: "pd.Series") -> bool:
    import pandas as pd

    return pd.api.types.is_bool_dtype(column)
