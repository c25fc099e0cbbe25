"""Bootstrap intervals of a metric, and of the difference between two models."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation.curves import figure
from cairn.evaluation.documents import Metric, MetricDifference
from cairn.evaluation.metrics import GREATER_IS_BETTER, Scorer, Scores

# Weights held at once; a scorer needs about six times as many numbers of 8 bytes.
CELLS = 1_000_000
# Rows drawn in all: beyond 100,000 rows chance hardly matters, so there 1,000 resamples become fewer, down to 200.
DRAWS = 100_000_000
FEWEST = 200
# Drawing again adds noise to every bin of the calibration error, and noise only raises it.
UPWARD = {"calibration_error"}


def bootstrap(metric_fn: Scorer, n_rows: int, resamples: int, seed: int, confidence: float = 0.95) -> dict[str, Metric]:
    """Estimate each metric and its percentile interval (Efron and Tibshirani 1993, chapter 13).

    Resamples on which a metric is undefined (rows of one class) are left out of its interval. Those of `UPWARD`
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
    dict : metric -> its value and interval; None where it is undefined
    """
    values = metric_fn(np.ones((1, n_rows)))
    draws = _scored([metric_fn], n_rows, resamples, seed)[0]
    result = {}
    for name, value in values.items():
        defined = _defined(draws[name], value[0])
        if name in UPWARD and defined.size:
            defined = np.maximum(defined - (defined.mean() - value[0]), 0)
        low, high = _ends(defined, confidence)
        result[name] = Metric(value=figure(value[0]), low=low, high=high)
    return result


def paired_difference(
    champion: Scorer,
    challenger: Scorer,
    n_rows: int,
    resamples: int,
    seed: int,
    confidence: float = 0.95,
    greater_is_better: Mapping[str, bool] = GREATER_IS_BETTER,
) -> dict[str, MetricDifference]:
    """Compare two models on the same draws of the same rows, so that rows that are hard for both cancel out.

    Parameters
    ----------
    champion, challenger : as `metric_fn` of `bootstrap`, over the same rows in the same order
    n_rows, resamples, seed, confidence : as for `bootstrap`; `worse_beyond_chance` takes `confidence` too
    greater_is_better : metric -> its direction

    Returns
    -------
    dict : metric of both models -> its difference
    """
    before, after = (model(np.ones((1, n_rows))) for model in (champion, challenger))
    old, new = _scored([champion, challenger], n_rows, resamples, seed)
    result = {}
    for name in (name for name in before if name in after):
        champions, challengers = before[name][0], after[name][0]
        defined = _defined(new[name] - old[name], challengers - champions)
        worse = defined < 0 if greater_is_better[name] else defined > 0
        low, high = _ends(defined, confidence)
        result[name] = MetricDifference(
            champion=figure(champions),
            challenger=figure(challengers),
            difference=figure(challengers - champions),
            low=low,
            high=high,
            worse_beyond_chance=bool(worse.mean() >= confidence) if defined.size else None,
        )
    return result


def drawn(n_rows: int, resamples: int) -> int:
    """Return the number of resamples: as many as wanted, but of very many rows fewer, and never below `FEWEST`."""
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
    """Count how often each draw has each row, `CELLS` counts at a time: arrays of shape (n_draws, n_rows)."""
    generator = np.random.default_rng(seed)
    at_once = max(1, CELLS // n_rows)
    for start in range(0, resamples, at_once):
        draws = min(at_once, resamples - start)
        rows = generator.integers(n_rows, size=(draws, n_rows)) + np.arange(draws)[:, None] * n_rows
        yield np.bincount(rows.ravel(), minlength=draws * n_rows).reshape(draws, n_rows).astype(np.float64)


def _defined(draws: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Leave out the draws on which the figure is undefined, and all of them if it is undefined for the rows."""
    return draws[~np.isnan(draws)] if np.isfinite(value) else draws[:0]


def _ends(draws: NDArray[np.float64], confidence: float) -> tuple[float | None, float | None]:
    if not draws.size:
        return None, None
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return figure(low), figure(high)
