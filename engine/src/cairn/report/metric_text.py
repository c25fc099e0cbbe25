"""Name and explain the metrics, for the pages and the card."""

from collections.abc import Sequence
from typing import Any

from cairn.evaluation.documents import Evaluation
from cairn.number_text import figure

# metric -> its name in a heading, and its explanation
METRICS = {
    "roc_auc": ("ROC AUC", "how often a positive row is ranked above a negative one; 0.5 is chance, 1 is perfect"),
    "average_precision": (
        "Average precision",
        "precision, averaged over all recalls; chance gives the share of positives",
    ),
    "log_loss": ("Log loss", "how far the probabilities are from the truth; less is better"),
    "brier": ("Brier score", "mean squared error of the probabilities; less is better"),
    "accuracy": ("Accuracy", "share of rows whose class was found"),
    "precision": ("Precision", "share of the rows called positive that are"),
    "recall": ("Recall", "share of the positive rows that were found"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "calibration_error": ("Calibration error", "how far predicted and actual shares are apart; less is better"),
    "roc_auc_ovr_macro": ("ROC AUC, one against rest", "mean over the classes"),
    "roc_auc_ovr_weighted": ("ROC AUC, one against rest, weighted", "mean over the classes, by their rows"),
    "precision_macro": ("Precision, macro", "mean over the classes"),
    "precision_weighted": ("Precision, weighted", "mean over the classes, by their rows"),
    "recall_macro": ("Recall, macro", "mean over the classes"),
    "recall_weighted": ("Recall, weighted", "mean over the classes, by their rows"),
    "f1_macro": ("F1, macro", "mean over the classes"),
    "f1_weighted": ("F1, weighted", "mean over the classes, by their rows"),
    "rmse": ("RMSE", "root of the mean squared error, in the target's unit; less is better"),
    "mae": ("Mean absolute error", "in the target's unit; less is better"),
    "median_absolute_error": ("Median absolute error", "half of the rows are nearer; less is better"),
    "r2": ("R²", "share of the variance that is explained"),
    "coverage": ("Coverage", "share of rows inside the 90 % interval"),
    "interval_score": ("Interval score", "width of the 90 % interval, and a penalty for rows outside; less is better"),
    "profit_per_1000": ("Profit per 1,000 rows", "what its decisions earn, by the values that were set"),
}
MAIN = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse"}
GROUPED = {"binary": ("log_loss", "roc_auc"), "multiclass": ("log_loss", "accuracy"), "regression": ("rmse", "mae")}
LEADING = {
    "binary": ("roc_auc", "log_loss", "calibration_error"),
    "multiclass": ("accuracy", "log_loss", "roc_auc_ovr_macro"),
    "regression": ("rmse", "mae", "r2"),
}


def metric(name: str) -> str:
    """Name a metric as a heading does."""
    return METRICS.get(name, (name.replace("_", " ").capitalize(), ""))[0]


def meaning(name: str) -> str:
    """Explain a metric; empty for an unknown one."""
    return METRICS.get(name, ("", ""))[1]


def value(cell: Any) -> str:
    """Format a value of a column; booleans in lower case, also those that are text."""
    if cell is None:
        return "missing"
    return str(cell).lower() if isinstance(cell, bool) or cell in ("True", "False") else figure(cell)


def joined(items: Sequence[Any]) -> str:
    """List items as in a sentence."""
    texts = [value(item) for item in items]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def interval(low: float | None, high: float | None) -> str:
    """Format an interval."""
    return "" if low is None or high is None else f"{figure(low)} to {figure(high)}"


def leading(evaluation: Evaluation) -> list[str]:
    """Return the names of the metrics that a summary shows, the business goal first where there is one."""
    names = ["profit_per_1000", *LEADING[evaluation.task]]
    return [name for name in names if name in evaluation.test]


def sentence(evaluation: Evaluation) -> str:
    """Describe in one sentence the performance on unseen rows; empty where it is undefined."""
    main = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}[evaluation.task]
    value, dummy = evaluation.test[main].value, evaluation.baseline.dummy.get(main)
    if value is None:
        return ""
    if evaluation.task == "binary":
        return f"Of a positive and a negative row, it ranks the positive one higher {100 * value:.0f} times in 100."
    if evaluation.task == "multiclass":
        right, plain = 100 * value, 100 * (dummy or 0.0)
        return f"It finds the class of {right:.0f} rows in 100; always guessing the commonest finds {plain:.0f}."
    return f"It misses by {figure(value)} (root mean square); always guessing the mean misses by {figure(dummy)}."
