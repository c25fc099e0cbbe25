"""Measure the ranges of figures over past periods, so that a season is not an alarm."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cairn.evaluation.curves import figure
from cairn.models.saved import Model
from cairn.monitoring import group_counts
from cairn.monitoring.attribution import mean_contributions, ndcg
from cairn.monitoring.documents import (
    AttributionRanges,
    Calibration,
    Contributions,
    GroupCounts,
    NoContributions,
    OutcomeRanges,
)
from cairn.monitoring.label_free import estimate_metrics

PERIOD_DAYS = (7, 28)  # the first that has enough rows
PERIOD_ROWS = 200  # that a period needs
ROWS_EXPLAINED = 300  # of a period
Path = tuple[str, ...]


def measure_history(
    model: Model,
    rows: pd.DataFrame,
    time: str,
    calibration: Calibration,
    groups: Mapping[str, GroupCounts],
    contributions: Contributions | NoContributions,
    *,
    values: Mapping[str, float] | None,
    seed: int,
) -> OutcomeRanges | None:
    """Measure the lowest and the highest of each figure over all periods; labels are not used.

    Parameters
    ----------
    model : trained
    rows : all rows
    time : the column that orders them
    calibration, groups, contributions : of the baseline
    values : as in conf/decision
    seed : of the rows that are explained

    Returns
    -------
    OutcomeRanges : None where there are too few rows
    """
    days, periods = _periods(rows[time])
    if len(periods) < 2:
        return None
    signature = model.signature
    predicted = model.predict(rows) if signature.classes is None else model.predict_proba(rows)
    chosen = predicted if signature.classes is None else model.choose(predicted)
    generator = np.random.default_rng(seed)
    figures: dict[Path, list[float]] = {}

    def add(value: float, *path: str) -> None:
        figures.setdefault(path, []).append(value)

    for places in periods:
        for name, estimate in estimate_metrics(predicted[places], calibration, signature, values).items():
            add(estimate.value, "estimated", name)
        counts = group_counts.count_table(rows.iloc[places], list(groups), None, chosen[places], signature, groups)
        for path, value in group_counts.label_free_measures(counts, signature):
            add(value, "groups", *path)
        if isinstance(contributions, Contributions) and contributions.exact:
            some = generator.permutation(places)[:ROWS_EXPLAINED]
            sizes = mean_contributions(model, rows.iloc[some])[0]
            reference = {name: feature.mean_abs for name, feature in contributions.features.items()}
            add(ndcg(reference, sizes), "attribution", "ndcg")
            for name, size in sizes.items():
                add(size, "attribution", "features", name)
    return _ranges(days, len(periods), figures)


def _periods(times: pd.Series) -> tuple[int, Sequence[NDArray[np.intp]]]:
    """Return the length in days and the rows of every period that has enough of them."""
    first = times.min()
    for days in PERIOD_DAYS:
        number = ((times - first).dt.days // days).fillna(-1).to_numpy(dtype=np.intp)
        periods = [np.flatnonzero(number == place) for place in range(number.max() + 1)]
        large = [places for places in periods if len(places) >= PERIOD_ROWS]
        if len(large) >= max(2, len(periods) - 1):  # the last period is rarely complete
            break
    return days, large


def _ranges(days: int, periods: int, figures: Mapping[Path, list[float]]) -> OutcomeRanges:
    nested: dict[str, Any] = {}
    for path, values in figures.items():
        known = [value for value in values if np.isfinite(value)]
        if known:
            place = nested
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = [figure(min(known)), figure(max(known))]
    attribution = nested.get("attribution")
    return OutcomeRanges(
        days=days,
        periods=periods,
        estimated=nested.get("estimated"),
        groups=nested.get("groups"),
        attribution=AttributionRanges(**attribution) if attribution else None,
    )
