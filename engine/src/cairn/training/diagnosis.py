"""Measure what the rules check of one training: a value, a statement, and advice."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cairn.number_text import plain
from cairn.training import leaks

if TYPE_CHECKING:
    from cairn.training.folds import Rows

Curves = Sequence[Mapping[str, float]]
Part = tuple[np.ndarray, np.ndarray]  # labels of shape (n_rows,), and what was predicted

NO_CURVE = "the learner reports no loss by round"
NOT_FINITE = "the validation loss is not a number in some rounds"
LEAST_PROBABILITY = float(np.finfo(np.float64).eps)  # smaller ones are clipped for the log loss


class Finding(NamedTuple):
    """What one rule found: its value (None: undefined), a clause that states it, and what to try if it is bad."""

    value: float | None
    statement: str
    advice: str = ""


def loss_not_falling(curves: Curves) -> Finding:
    """Return the share by which the train loss fell from the first round to the last."""
    steps, losses, metric = _curve(curves, "train")
    if len(losses) < 2:
        return Finding(None, NO_CURVE)
    if not np.isfinite(losses).all():
        bad = int(steps[~np.isfinite(losses)][0])
        return Finding(np.nan, f"the train {metric} is not a number from round {bad:,} on", "lower model.learning_rate")
    fall = (losses[0] - losses[-1]) / losses[0] if losses[0] else None
    return Finding(
        fall,
        f"the train {metric} went from {plain(losses[0])} to {plain(losses[-1])} in "
        f"{steps[-1] - steps[0] + 1:,} rounds",
        "try another model.learning_rate or weaker regularisation, and check whether the features can predict "
        "the label",
    )


def overfit(train: Part, validation: Part, n_classes: int) -> Finding:
    """Compare the skill on both parts, less two standard errors of that on the validation part."""
    fitted, held_out = _skill(*train, train[0], n_classes), _skill(*validation, train[0], n_classes)
    if fitted is None or held_out is None:
        return Finding(None, "a part has one label only")
    return Finding(
        fitted[0] - held_out[0] - 2 * held_out[1],
        f"the model's skill (1: perfect, 0: as the mean) is {fitted[0]:.2f} on the train part, {held_out[0]:.2f} on "
        f"the validation part, with a standard error of {held_out[1]:.2f}",
        "try smaller trees or stronger regularisation, fewer features, or more rows; a forest is better on its own "
        "rows by nature, and then the validation part alone counts",
    )


def overtrained(curves: Curves, best_round: int | None) -> Finding:
    """Return the share by which the validation loss at the last round kept is above the least one."""
    steps, losses, metric = _curve(curves, "validation")
    if not np.isfinite(losses).all() or not len(losses):
        return Finding(None, NOT_FINITE if len(losses) else NO_CURVE)
    kept = len(steps) - 1 if best_round is None else max(int(np.searchsorted(steps, best_round, side="right")) - 1, 0)
    best = int(losses.argmin())
    worse = (losses[kept] - losses[best]) / losses[best] if losses[best] else 0.0
    if not worse:
        return Finding(0.0, f"the model ends at round {steps[kept]:,}, where the validation {metric} is at its best")
    return Finding(
        worse,
        f"the validation {metric} was best at round {steps[best]:,} with {plain(losses[best])}, and the model ends at "
        f"round {steps[kept]:,} with {plain(losses[kept])}",
        "set model.early_stopping_rounds, or fewer rounds",
    )


def not_finished(curves: Curves, rounds_limit: int | None) -> Finding:
    """Return the share by which the best loss of all rounds is below the best of all but the last tenth."""
    steps, losses, metric = _curve(curves, "validation")
    if len(losses) < 2 or rounds_limit is None:
        return Finding(None, NO_CURVE if len(losses) < 2 else "no limit of the rounds is known")
    if not np.isfinite(losses).all():
        return Finding(None, NOT_FINITE)
    if steps[-1] + 1 < rounds_limit:
        return Finding(0.0, f"training ended by itself after {steps[-1] + 1:,} of {rounds_limit:,} rounds")
    before = losses[steps < 0.9 * rounds_limit].min(initial=losses[0])
    fall = (before - losses.min()) / before if before else 0.0
    return Finding(
        fall,
        f"the validation {metric} fell to {plain(before)} in nine tenths of the {rounds_limit:,} rounds, and to "
        f"{plain(losses.min())} in all",
        "allow more rounds (model.n_estimators, model.max_iter), or raise model.learning_rate",
    )


def class_imbalance(y: np.ndarray, names: list[Any]) -> Finding:
    """Return the rows of the rarest class, as a share of those that it would have if all classes had as many."""
    if not names:
        return Finding(None, "a regression has no classes")
    counts = np.bincount(y, minlength=len(names))
    rarest = int(counts.argmin())
    return Finding(
        counts[rarest] * len(names) / len(y),
        f"the rarest class, {names[rarest]!r}, has {counts[rarest]:,} of the {len(y):,} train rows",
        "judge by average_precision or log_loss rather than accuracy, try model.balance=weights, and choose the "
        "threshold by what errors cost (decision)",
    )


def leak(train: "Rows", validation: "Rows", n_classes: int) -> Finding:
    """Return the ROC AUC, or R2 of ranks, of the feature that predicts best alone, less a penalty for few rows."""
    suspect = leaks.strongest(train, validation, n_classes=n_classes)
    figure = "a ROC AUC" if n_classes else "an R2 of ranks"
    return Finding(
        suspect.cautious,
        f"the best feature alone, {suspect.column}, reaches {figure} of {suspect.score:.3f} on the validation part",
        "if it is known only once the label is, drop it (data.drop); if it is honest, raise the limits of this rule",
    )


def constant_predictions(y: np.ndarray, predicted: np.ndarray, n_classes: int) -> Finding:
    """Return the standard deviation of the validation predictions, as a share of that of the labels."""
    if not len(y):
        return Finding(None, "there are no validation rows")
    actual = np.eye(n_classes)[y] if n_classes else y.astype("float64")
    spread, whole = (np.sqrt(np.var(values, axis=0).sum()) for values in (predicted, actual))
    return Finding(
        float(spread / whole) if whole else None,
        f"the validation predictions spread by {plain(spread, 3)}, the labels by {plain(whole, 3)}",
        "the model predicts nearly the same for every row: weaken its regularisation, and check whether the features "
        "can predict the label",
    )


def row_id_label(y: np.ndarray, n_classes: int) -> Finding:
    """Return the share of different labels; for numbers, only if they follow the rows or fill a range."""
    advice = "a label that identifies the row cannot be learnt: check whether data.target is the right column"
    if n_classes:
        count = len(np.unique(y))
        return Finding(count / len(y), f"there are {count:,} classes in {len(y):,} train rows", advice)
    value = leaks.row_id(y, whole=False)
    if not value:
        return Finding(0.0, "the labels are neither in the order of the rows nor do they number them")
    return Finding(
        value, f"{plain(100 * value, 3)} % of the labels differ, in the rows' order or within a full range", advice
    )


def row_id_feature(train: "Rows") -> Finding:
    """Return the share of different values of the feature most like a row id."""
    shares = leaks.row_ids(train.X)
    name = max(shares, key=lambda column: shares[column])
    if not shares[name]:
        return Finding(0.0, "no feature numbers the rows")
    return Finding(
        shares[name],
        f"the feature most like a row id, {name}, has different values in {plain(100 * shares[name], 3)} % of the rows",
        "a row id knows only the order in which rows were kept: name it in data.id, or drop it (data.drop)",
    )


def _curve(curves: Curves, part: str) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the rounds of one part's loss, the losses, and the loss's name; rounds without one are left out."""
    points = [(row["step"], name, row[name]) for row in curves for name in row if name.startswith(f"{part}/")]
    metric = points[0][1].partition("/")[2] if points else ""
    return np.array([point[0] for point in points]), np.array([point[2] for point in points], dtype="float64"), metric


def _skill(y: np.ndarray, predicted: np.ndarray, train_y: np.ndarray, n_classes: int) -> tuple[float, float] | None:
    """Return 1 - loss / loss of a prediction of the training part's mean or class shares, and its standard error.

    The loss is the squared error or the log loss; the standard error is that of a ratio of means (delta method).
    """
    plain = np.bincount(train_y, minlength=n_classes) / len(train_y) if n_classes else np.mean(train_y)
    losses, reference = (
        _losses(y, values, n_classes) for values in (predicted, np.broadcast_to(plain, predicted.shape))
    )
    if not len(y) or not reference.mean() > 0:
        return None
    ratio = losses.mean() / reference.mean()
    spread = float(np.std(losses - ratio * reference) / np.sqrt(len(y)) / reference.mean())
    return float(1 - ratio), spread


def _losses(y: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    if not n_classes:
        return (y - predicted) ** 2
    return -np.log(np.clip(predicted[np.arange(len(y)), y], LEAST_PROBABILITY, 1))
