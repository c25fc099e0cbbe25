"""How far figures of outcomes have wandered before, so that what history has shown, such as a season, is no alarm."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation.curves import figure
from cairn.monitoring import bias_drift, label_free
from cairn.monitoring.attribution import mean_sizes, ndcg

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model

Record = dict[str, Any]
DAYS = (7, 28)  # lengths of a period, the first that has enough rows
LEAST = 200  # rows of a period
EXPLAINED = 300  # rows of a period


def history(
    model: "Model",
    seen: "pd.DataFrame",
    time: str,
    content: Mapping[str, Any],
    *,
    values: Mapping[str, float] | None,
    seed: int,
) -> Record | None:
    """Give the lowest and the highest that a figure was in any period; what has no label enters alone.

    Parameters
    ----------
    model : trained
    seen : all rows there are
    time : the column that orders them
    content : what is known of the whole: `calibration`, `groups`, `contributions`
    values : as in conf/decision
    seed : of the rows that are explained

    Returns
    -------
    dict : `days`, `periods`, `estimated`, `groups`, `attribution`; None: there are too few rows
    """
    days, periods = _periods(seen[time])
    if len(periods) < 2:
        return None
    about = model.signature
    said = model.predict(seen) if about.classes is None else model.predict_proba(seen)
    chosen = said if about.classes is None else model.choose(said)
    known = content["contributions"]
    explained = known.get("exact", False)
    draw = np.random.default_rng(seed)
    told: dict[tuple[str, ...], list[float]] = {}
    for rows in periods:
        for name, each in label_free.of_rows(said[rows], content["calibration"], about, values).items():
            told.setdefault(("estimated", name), []).append(each.value)
        part = bias_drift.of_table(
            seen.iloc[rows], list(content["groups"]), None, chosen[rows], about, content["groups"]
        )
        for path, value in bias_drift.values(part, about):
            told.setdefault(("groups", *path), []).append(value)
        if explained:
            some = draw.permutation(rows)[:EXPLAINED]
            sizes = mean_sizes(model, seen.iloc[some])[0]
            reference = {name: each["mean_abs"] for name, each in known["features"].items()}
            told.setdefault(("attribution", "ndcg"), []).append(ndcg(reference, sizes))
            for name, size in sizes.items():
                told.setdefault(("attribution", "features", name), []).append(size)
    return {"days": days, "periods": len(periods), **_nested(told)}


def edge(content: Mapping[str, Any], *path: str, value: float, higher: bool) -> float:
    """Give the farthest that history has shown in one direction, at least the figure of the whole.

    Parameters
    ----------
    content : the baseline's `expected`
    path : to the figure in its `history`
    value : of the whole
    higher : whether the highest is asked for, or the lowest
    """
    found: Any = content["history"] or {}
    for name in path:
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return (max if higher else min)([value, *found])


def _periods(times: "pd.Series") -> tuple[int, list[NDArray[np.intp]]]:
    """Give the rows of every period that has enough of them."""
    first = times.min()
    for days in DAYS:
        number = ((times - first).dt.days // days).fillna(-1).to_numpy(dtype=np.intp)
        parts = [np.flatnonzero(number == each) for each in range(number.max() + 1)]
        large = [rows for rows in parts if len(rows) >= LEAST]
        if len(large) >= max(2, len(parts) - 1):  # the last is seldom whole
            break
    return days, large


def _nested(told: Mapping[tuple[str, ...], list[float]]) -> Record:
    content: Record = {}
    for path, values in told.items():
        known = [each for each in values if np.isfinite(each)]
        if known:
            place = content
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = [figure(min(known)), figure(max(known))]
    return content
