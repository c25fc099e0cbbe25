"""Intervals by the bootstrap: how far a figure, or the difference of two models, could be off by chance alone."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation.curves import figure
from cairn.evaluation.metrics import GREATER_IS_BETTER, Scorer, Scores

# Weights held at once; a scorer needs about six times as many numbers of 8 bytes.
CELLS = 1_000_000
# Rows drawn in all: beyond 100,000 rows chance hardly matters, so there 1,000 resamples become fewer, down to 200.
DRAWS = 100_000_000
FEWEST = 200
# Drawing again adds noise to every bin of the calibration error, and noise only raises it.
UPWARD = {"calibration_error"}


def bootstrap(
    metric_fn: Scorer, n_rows: int, resamples: int, seed: int, confidence: float = 0.95
) -> dict[str, dict[str, float | None]]:
    """Give each metric and its percentile interval (Efron and Tibshirani 1993, chapter 13).

    Resamples on which a metric cannot be said (rows of one class) are left out of its interval. Those of `UPWARD`
    metrics are moved down by their mean distance from the figure (the bootstrap's estimate of bias, chapter 10).

    Parameters
    ----------
    metric_fn : weights of shape (n_weightings, n_rows) -> metric -> array of shape (n_weightings,)
    n_rows : how many rows there are
    resamples : how many draws, capped by `drawn`; 0: no interval
    seed : makes the draws repeatable
    confidence : the share of resamples that the interval holds

    Returns
    -------
    dict : metric -> `value`, `low`, `high`; null what cannot be said
    """
    values = metric_fn(np.ones((1, n_rows)))
    draws = _scored([metric_fn], n_rows, resamples, seed)[0]
    result = {}
    for name, value in values.items():
        known = _known(draws[name], value[0])
        if name in UPWARD and known.size:
            known = np.maximum(known - (known.mean() - value[0]), 0)
        result[name] = {"value": figure(value[0]), **_ends(known, confidence)}
    return result


def paired_difference(
    champion: Scorer,
    challenger: Scorer,
    n_rows: int,
    resamples: int,
    seed: int,
    confidence: float = 0.95,
    greater_is_better: Mapping[str, bool] = GREATER_IS_BETTER,
) -> dict[str, dict[str, Any]]:
    """Compare two models on the same draws of the same rows, so that what is hard for both cancels out.

    Parameters
    ----------
    champion, challenger : as `metric_fn` of `bootstrap`, over the same rows in the same order
    n_rows, resamples, seed, confidence : as for `bootstrap`
    greater_is_better : metric -> which way is better

    Returns
    -------
    dict : metric -> `champion`, `challenger`, `difference` (challenger - champion) with its two-sided interval `low`
        and `high`, and `worse_beyond_chance`: whether the challenger is worse in at least the share `confidence` of
        the draws, which is a one-sided test; null if it cannot be said
    """
    before, after = (model(np.ones((1, n_rows))) for model in (champion, challenger))
    old, new = _scored([champion, challenger], n_rows, resamples, seed)
    result: dict[str, dict[str, Any]] = {}
    for name in (name for name in before if name in after):
        champions, challengers = before[name][0], after[name][0]
        known = _known(new[name] - old[name], challengers - champions)
        worse = known < 0 if greater_is_better[name] else known > 0
        result[name] = {"champion": figure(champions), "challenger": figure(challengers)}
        result[name] |= {"difference": figure(challengers - champions), **_ends(known, confidence)}
        result[name]["worse_beyond_chance"] = bool(worse.mean() >= confidence) if known.size else None
    return result


def drawn(n_rows: int, resamples: int) -> int:
    """Say how many resamples are drawn: as many as asked, but of very many rows fewer, and never below `FEWEST`."""
    return min(resamples, max(FEWEST, DRAWS // n_rows))


def _scored(models: list[Scorer], n_rows: int, resamples: int, seed: int) -> list[Scores]:
    """Score every model on every draw, and show the progress on a terminal."""
    from tqdm import tqdm

    parts = [[model(np.ones((0, n_rows))) for model in models]]
    count = drawn(n_rows, resamples)
    with tqdm(total=count, desc="bootstrap", unit="resample", leave=False, disable=None) as bar:
        for weights in _draws(n_rows, count, seed):
            parts.append([model(weights) for model in models])
            bar.update(len(weights))
    return [
        {name: np.concatenate([part[which][name] for part in parts]) for name in parts[0][which]}
        for which in range(len(models))
    ]


def _draws(n_rows: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Give how often each row is drawn, `CELLS` counts at a time: arrays of shape (some, n_rows)."""
    generator = np.random.default_rng(seed)
    at_once = max(1, CELLS // n_rows)
    for start in range(0, resamples, at_once):
        some = min(at_once, resamples - start)
        rows = generator.integers(n_rows, size=(some, n_rows)) + np.arange(some)[:, None] * n_rows
        yield np.bincount(rows.ravel(), minlength=some * n_rows).reshape(some, n_rows).astype(np.float64)


def _known(draws: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Leave out the draws on which nothing could be said, and all of them if nothing can be said of the rows."""
    return draws[~np.isnan(draws)] if np.isfinite(value) else draws[:0]


def _ends(draws: NDArray[np.float64], confidence: float) -> dict[str, float | None]:
    if not draws.size:
        return {"low": None, "high": None}
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return {"low": figure(low), "high": figure(high)}
