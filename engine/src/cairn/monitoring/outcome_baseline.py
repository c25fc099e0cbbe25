"""What the baseline says of outcomes: how good, sure and fair the model was on rows that it had not seen, and why."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation import metrics, scores
from cairn.evaluation.curves import figure
from cairn.monitoring import bias_drift, label_free
from cairn.monitoring.history import history

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Signature

__all__ = ["expected"]

Record = dict[str, Any]
BINS = 10
UNSEEN = "it is not recorded, since the model does not see it"
NO_CLASSES = "rates of positive predictions are of classes, and the model is a regression"


def expected(
    model: "Model",
    test: "pd.DataFrame",
    *,
    seen: "pd.DataFrame | None",
    time: str | None,
    sensitive: Sequence[str],
    values: Mapping[str, float] | None,
    evaluation: Mapping[str, Any],
    slices: Mapping[str, Any],
    explanations: Mapping[str, Any],
    seed: int,
) -> Record:
    """Make the part of the baseline that outcomes are held against; it holds counts and means, and no rows.

    Parameters
    ----------
    model : trained
    test : rows that it has not seen, with the target and the sensitive columns
    seen : all rows of all parts, from whose weeks it is learnt how far figures wander by themselves; None: unknown
    time : the column of `seen` that orders it; None: there is none
    sensitive : columns by which predictions are compared
    values : what outcomes are worth, as in conf/decision
    evaluation, slices, explanations : the content of reports/evaluation.json, slices.json and explanations.json
    seed : of the rows that are explained

    Returns
    -------
    dict : `rows`, `metrics`, `calibration`, `slices`, `groups`, `not_compared`, `contributions` and
        `history`
    """
    about = model.signature
    part = scores.predictions(model, test)
    said = _said(part.predicted, about)
    content: Record = {"rows": len(test), "calibration": _calibration(part.actual, said)}
    content["metrics"] = _with_likely(evaluation["test"], part.actual, said, about, content["calibration"], values)
    content["slices"] = _slices(slices["slices"], test, part.actual, said, about, content["calibration"])
    there = [name for name in sensitive if name in {column.name for column in about.columns}]
    content["groups"] = bias_drift.of_table(
        test, there, part.actual, model.choose(said) if about.classes else said, about
    )
    content["not_compared"] = {name: UNSEEN for name in sensitive if name not in there}
    if about.classes is None:
        content["not_compared"] |= dict.fromkeys(there, NO_CLASSES)
    content["contributions"] = _contributions(explanations)
    content["history"] = None
    if seen is not None and time is not None:
        content["history"] = history(model, seen, time, content, values=values, seed=seed)
    return content


def columns(content: Mapping[str, Any]) -> list[str]:
    """Name the features that slices and groups are made of: those that `labelled` should keep."""
    return list(dict.fromkeys([*content["groups"], *(each["column"] for each in content["slices"])]))


def _said(predicted: NDArray[np.float64], about: "Signature") -> NDArray[np.float64]:
    return np.column_stack([1 - predicted, predicted]) if about.task == "binary" else predicted


def _calibration(actual: NDArray[Any], said: NDArray[np.float64]) -> Record:
    """Put rows into bins of about equal size: by the positive class's probability, by the one said, or by the value."""
    if said.ndim == 1:
        place, true = said, np.asarray(actual, dtype=np.float64)
    else:
        place, true = label_free.certainty(said, actual)
    bounds = np.unique(np.quantile(place, np.arange(1, BINS) / BINS, method="lower"))
    where = np.searchsorted(bounds, place, side="left")
    error, bins = true - place, []
    for number in range(len(bounds) + 1):
        inside = where == number
        record: Record = {"rows": int(inside.sum())}
        means = {"predicted": place, "actual": true}
        if said.ndim == 1:
            means |= {"absolute": np.abs(error), "squared": error**2, "fourth": error**4}
        bins.append(
            record | {name: figure(each[inside].mean()) if inside.any() else None for name, each in means.items()}
        )
    filled = [each for each in bins if each["rows"]]
    content: Record = {"bounds": [float(each) for each in bounds[: len(filled) - 1]], "bins": filled}
    return content if said.ndim == 1 else content | {"maps": label_free.maps(actual, said)}


def _with_likely(
    measured: Mapping[str, Mapping[str, Any]],
    actual: NDArray[Any],
    said: NDArray[np.float64],
    about: "Signature",
    calibration: Record,
    values: Mapping[str, float] | None,
) -> Record:
    told: Record = {name: dict(each) for name, each in measured.items()}
    for name, each in label_free.of_rows(said, calibration, about, values).items():
        if name in told:
            told[name] |= _plain(each)
    return told


def _slices(
    records: Sequence[Mapping[str, Any]],
    test: "pd.DataFrame",
    actual: NDArray[Any],
    said: NDArray[np.float64],
    about: "Signature",
    calibration: Record,
) -> list[Record]:
    """Say of every slice that was large enough what its main metric was, and what was to be expected."""
    main, told = metrics.MAIN[about.task], []
    known = {column.name for column in about.columns if column.kind in ("category", "boolean")}
    for record in records:
        if record["column"] not in known or record["value"] is None or record[main] is None:
            continue
        rows = np.flatnonzero(test[record["column"]].astype(str) == record["value"])
        if len(rows) != record["rows"]:
            continue
        each = label_free.of_rows(said[rows], calibration, about, None)[main]
        told.append({"column": record["column"], "level": record["value"], "rows": len(rows), "value": record[main]})
        told[-1] |= _plain(each)
    return told


def _plain(each: label_free.Likely) -> Record:
    return {"estimated": figure(each.value), "error": figure(each.noise), "spread": figure(each.spread)}


def _contributions(explanations: Mapping[str, Any]) -> Record:
    if not explanations.get("explained"):
        return {"why": explanations.get("why", "the model is not explained")}
    features = {
        each["feature"]: {name: each[name] for name in ("mean_abs", "standard_error")}
        for each in explanations["features"]
    }
    return {"exact": explanations["exact"], "unit": explanations["unit"], "features": features}
