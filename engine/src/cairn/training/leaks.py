"""Measure how well one column alone predicts the label, and whether it looks like a row id."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cairn.training.folds import Rows

SAMPLE_ROWS = 50_000  # drawn from each part, so that a large table takes no longer
MAX_BINS = 256
MIN_BIN_ROWS = 20  # training rows in each bin
PSEUDO_ROWS = 4  # rows without skill that are added to the validation part
MIN_ID_ROWS = 20  # fewer rows may be in order by chance


class Suspect(NamedTuple):
    """A column that predicts the label.

    Parameters
    ----------
    column : its name
    score : ROC AUC for classes (one against the rest, weighted by their rows), R2 of the target's ranks for numbers
    cautious : the same after rows without skill are added, since few rows can agree by chance
    """

    column: str
    score: float
    cautious: float


def strongest(train: "Rows", validation: "Rows", *, n_classes: int) -> Suspect:
    """Find the column that alone predicts the label best: means of bins of the training part, scored on validation.

    A numeric target is replaced by its ranks, so that a skewed copy is found too. The cautious score pulls towards no
    skill as the interval of Agresti and Coull (1998) does, by four rows; for classes those of the rarer side count.

    Parameters
    ----------
    train, validation : frames of a signature, of shape (n_rows, n_columns), and labels of shape (n_rows,)
    n_classes : 0 for a regression
    """
    first, second = _sample(len(train.y)), _sample(len(validation.y))
    labels = train.y[first], validation.y[second]
    suspects = []
    for name in train.X.columns:
        bins = _bins(train.X[name].iloc[first], validation.X[name].iloc[second])
        scored = _class_scores(*bins, *labels, n_classes) if n_classes else _rank_scores(*bins, *labels)
        suspects.append(Suspect(str(name), *scored))
    return max(suspects, key=lambda suspect: suspect.cautious)


def row_id(values: np.ndarray, *, whole: bool) -> float:
    """Return how much numbers look like a row id.

    Parameters
    ----------
    values : numbers of shape (n_rows,), in the table's order
    whole : whether only whole numbers can be one

    Returns
    -------
    float : the share of different values if they follow the order of the rows, or are whole and fill a range without
        many gaps; 0 otherwise, and for too few rows
    """
    if len(values) < MIN_ID_ROWS or not np.isfinite(values).all():
        return 0.0
    steps = np.diff(values)
    ordered = bool((steps >= 0).all() or (steps <= 0).all())
    low, high = values.min(), values.max()
    if not ordered and high - low >= 2 * len(values):
        return 0.0
    if (whole or not ordered) and (values != np.floor(values)).any():
        return 0.0
    if ordered:
        return float((1 + np.count_nonzero(steps)) / len(values))
    return float(np.count_nonzero(np.bincount((values - low).astype(np.int64))) / len(values))


def row_ids(X: "pd.DataFrame") -> dict[str, float]:
    """Return how much each column looks like a row id; for a category, its number of levels per row."""
    shares = {}
    for name, values in X.items():
        if values.dtype == "category":
            shares[str(name)] = len(values.cat.categories) / len(values) if len(values) >= MIN_ID_ROWS else 0.0
        else:
            shares[str(name)] = row_id(values.to_numpy(), whole=True)
    return shares


def _sample(rows: int) -> np.ndarray:
    chosen = (
        np.random.default_rng(0).choice(rows, SAMPLE_ROWS, replace=False) if rows > SAMPLE_ROWS else np.arange(rows)
    )
    return np.sort(chosen)


def _bins(train: "pd.Series", validation: "pd.Series") -> tuple[np.ndarray, np.ndarray]:
    """Return each row's bin; missing values are in bin 0."""
    if train.dtype == "category":
        return train.cat.codes.to_numpy().astype(np.int64) + 1, validation.cat.codes.to_numpy().astype(np.int64) + 1
    numbers = train.to_numpy()
    present = numbers[~np.isnan(numbers)]
    count = int(np.clip(len(present) // MIN_BIN_ROWS, 2, MAX_BINS))
    places = np.arange(1, count) * len(present) // count
    edges = np.unique(np.sort(present)[places])
    first, second = (
        np.where(np.isnan(part), 0, 1 + np.searchsorted(edges, part)) for part in (numbers, validation.to_numpy())
    )
    return first, second


def _class_scores(
    train_bins: np.ndarray, bins: np.ndarray, train_y: np.ndarray, y: np.ndarray, n_classes: int
) -> tuple[float, float]:
    """Return the ROC AUC of the training part's class shares in each bin, plain and cautious."""
    size = 1 + max(train_bins.max(), bins.max(initial=0))
    train_counts, counts = (
        np.bincount(places * n_classes + labels, minlength=size * n_classes).reshape(size, n_classes)
        for places, labels in ((train_bins, train_y), (bins, y))
    )
    shares = (train_counts + train_counts.sum(axis=0) / len(train_y)) / (train_counts.sum(axis=1, keepdims=True) + 1)
    scores, sides = np.full(n_classes, 0.5), np.minimum(counts.sum(axis=0), len(y) - counts.sum(axis=0))
    for place in np.flatnonzero(sides):
        scores[place] = _area(shares[:, place], counts[:, place], counts.sum(axis=1) - counts[:, place])
    cautious = (scores * sides + PSEUDO_ROWS * 0.5) / (sides + PSEUDO_ROWS)
    weights = counts.sum(axis=0) if n_classes > 2 else np.array([0, 1])
    return _mean(scores, weights), _mean(cautious, weights)


def _area(scores: np.ndarray, positives: np.ndarray, negatives: np.ndarray) -> float:
    """Return the share of pairs, a positive and a negative row, in which the positive one has the higher score."""
    place = np.unique(scores, return_inverse=True)[1]
    right, wrong = np.bincount(place, positives), np.bincount(place, negatives)
    below = np.cumsum(wrong) - wrong / 2
    return float(right @ below / (right.sum() * wrong.sum()))


def _mean(scores: np.ndarray, weights: np.ndarray) -> float:
    return float(scores @ weights / weights.sum()) if weights.sum() else 0.5


def _rank_scores(train_bins: np.ndarray, bins: np.ndarray, train_y: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the R2 of the training part's mean rank in each bin, plain and cautious."""
    train_y, y = (_ranks(np.sort(train_y), labels) for labels in (train_y, y))
    size, spread = 1 + max(train_bins.max(), bins.max(initial=0)), ((y - y.mean()) ** 2).sum() if len(y) else 0.0
    if not spread:
        return 0.0, 0.0
    sums, counts = np.bincount(train_bins, train_y, size), np.bincount(train_bins, minlength=size)
    means = (sums + train_y.mean()) / (counts + 1)
    score = float(1 - ((y - means[bins]) ** 2).sum() / spread)
    return score, score * len(y) / (len(y) + PSEUDO_ROWS)


def _ranks(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the share of the training labels below each value, with half of those that are equal."""
    below, upto = np.searchsorted(ordered, values), np.searchsorted(ordered, values, side="right")
    return (below + upto) / (2 * len(ordered))
