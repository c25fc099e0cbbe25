"""What one column alone says of the label: how well it predicts it, and whether it looks like a row id."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cairn.training.folds import Rows

ROWS = 50_000  # drawn from each part, so that a large table takes no longer
BINS = 256  # at most, and none with fewer than ROWS_A_BIN training rows
ROWS_A_BIN = 20
DOUBT = 4  # rows without skill that are added to the validation part
FEW = 20  # rows that may be in order by chance


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

    Ranks stand for a number's target, so that a copy is found however skewed it is. The cautious score pulls towards
    no skill as the interval of Agresti and Coull (1998) does, by four rows; for classes those of the rarer side count.

    Parameters
    ----------
    train, validation : frames of a signature, of shape (n_rows, n_columns), and labels of shape (n_rows,)
    n_classes : 0 for a regression
    """
    first, second = _drawn(len(train.y)), _drawn(len(validation.y))
    labels = train.y[first], validation.y[second]
    suspects = []
    for name in train.X.columns:
        bins = _bins(train.X[name].iloc[first], validation.X[name].iloc[second])
        scored = _areas(*bins, *labels, n_classes) if n_classes else _explained(*bins, *labels)
        suspects.append(Suspect(str(name), *scored))
    return max(suspects, key=lambda each: each.cautious)


def row_id(values: np.ndarray, *, whole: bool) -> float:
    """Say how far numbers look like a row id.

    Parameters
    ----------
    values : numbers of shape (n_rows,), in the table's order
    whole : whether only whole numbers can be one

    Returns
    -------
    float : the share of different values, where they follow the order of the rows, or are whole and fill a range
        without many gaps; 0 elsewhere, and of too few rows to say
    """
    if len(values) < FEW or not np.isfinite(values).all():
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
    """Say of every column how far it looks like a row id; of a category, the share of levels among the rows."""
    found = {}
    for name, values in X.items():
        if values.dtype == "category":
            found[str(name)] = len(values.cat.categories) / len(values) if len(values) >= FEW else 0.0
        else:
            found[str(name)] = row_id(values.to_numpy(), whole=True)
    return found


def _drawn(rows: int) -> np.ndarray:
    chosen = np.random.default_rng(0).choice(rows, ROWS, replace=False) if rows > ROWS else np.arange(rows)
    return np.sort(chosen)


def _bins(train: "pd.Series", validation: "pd.Series") -> tuple[np.ndarray, np.ndarray]:
    """Give each row's bin; bin 0 holds what is missing."""
    if train.dtype == "category":
        return train.cat.codes.to_numpy().astype(np.int64) + 1, validation.cat.codes.to_numpy().astype(np.int64) + 1
    numbers = train.to_numpy()
    known = numbers[~np.isnan(numbers)]
    count = int(np.clip(len(known) // ROWS_A_BIN, 2, BINS))
    places = np.arange(1, count) * len(known) // count
    edges = np.unique(np.sort(known)[places])
    first, second = (
        np.where(np.isnan(each), 0, 1 + np.searchsorted(edges, each)) for each in (numbers, validation.to_numpy())
    )
    return first, second


def _areas(
    train_bins: np.ndarray, bins: np.ndarray, train_y: np.ndarray, y: np.ndarray, n_classes: int
) -> tuple[float, float]:
    """Give the ROC AUC of the training part's class shares in each bin, plain and cautious."""
    size = 1 + max(train_bins.max(), bins.max(initial=0))
    seen, asked = (
        np.bincount(each * n_classes + labels, minlength=size * n_classes).reshape(size, n_classes)
        for each, labels in ((train_bins, train_y), (bins, y))
    )
    shares = (seen + seen.sum(axis=0) / len(train_y)) / (seen.sum(axis=1, keepdims=True) + 1)
    scores, sides = np.full(n_classes, 0.5), np.minimum(asked.sum(axis=0), len(y) - asked.sum(axis=0))
    for each in np.flatnonzero(sides):
        scores[each] = _area(shares[:, each], asked[:, each], asked.sum(axis=1) - asked[:, each])
    cautious = (scores * sides + DOUBT * 0.5) / (sides + DOUBT)
    weights = asked.sum(axis=0) if n_classes > 2 else np.array([0, 1])
    return _mean(scores, weights), _mean(cautious, weights)


def _area(scores: np.ndarray, positives: np.ndarray, negatives: np.ndarray) -> float:
    """Give the share of pairs, a positive and a negative row, in which the positive one has the higher score."""
    place = np.unique(scores, return_inverse=True)[1]
    right, wrong = np.bincount(place, positives), np.bincount(place, negatives)
    below = np.cumsum(wrong) - wrong / 2
    return float(right @ below / (right.sum() * wrong.sum()))


def _mean(scores: np.ndarray, weights: np.ndarray) -> float:
    return float(scores @ weights / weights.sum()) if weights.sum() else 0.5


def _explained(train_bins: np.ndarray, bins: np.ndarray, train_y: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Give the R2 of the training part's mean rank in each bin, plain and cautious."""
    train_y, y = (_ranks(np.sort(train_y), each) for each in (train_y, y))
    size, spread = 1 + max(train_bins.max(), bins.max(initial=0)), ((y - y.mean()) ** 2).sum() if len(y) else 0.0
    if not spread:
        return 0.0, 0.0
    sums, counts = np.bincount(train_bins, train_y, size), np.bincount(train_bins, minlength=size)
    means = (sums + train_y.mean()) / (counts + 1)
    score = float(1 - ((y - means[bins]) ** 2).sum() / spread)
    return score, score * len(y) / (len(y) + DOUBT)


def _ranks(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give the share of the training labels below each value, with half of those that are equal."""
    below, upto = np.searchsorted(ordered, values), np.searchsorted(ordered, values, side="right")
    return (below + upto) / (2 * len(ordered))
