"""Check every training by rules, from its curves and from the training and validation parts alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError, did_you_mean
from cairn.number_text import plain
from cairn.tables.source import Task
from cairn.training import diagnosis

if TYPE_CHECKING:
    from cairn.training.folds import Rows

__all__ = ["check", "stopped", "table"]

Limits = Mapping[str, float | None]
Result = dict[str, Any]
Findings = Mapping[str, tuple[Limits | None, Callable[[], diagnosis.Finding]]]  # rule -> its limits, and how to measure

BOUNDS = ("warn", "stop")
BAD_WHEN_LOW = {"loss_not_falling", "class_imbalance", "constant_predictions"}


def check(
    *,
    curves: diagnosis.Curves,
    best_round: int | None,
    rounds_limit: int | None,
    train: "Rows",
    validation: "Rows",
    train_predicted: np.ndarray,
    validation_predicted: np.ndarray,
    task: Task,
    classes: Sequence[Any] | None = None,
    loss_not_falling: Limits | None = None,
    overfit: Limits | None = None,
    overtrained: Limits | None = None,
    not_finished: Limits | None = None,
    class_imbalance: Limits | None = None,
    leak: Limits | None = None,
    constant_predictions: Limits | None = None,
    row_id_label: Limits | None = None,
    row_id_feature: Limits | None = None,
) -> list[Result]:
    """Check a training by every rule that has limits; rules that are slow on large parts use a sample.

    Parameters
    ----------
    curves : one mapping a round, such as `{"step": 0, "train/log_loss": 0.6, "validation/log_loss": 0.6}`; empty for
        learners without rounds
    best_round : the last round that the model keeps, from 0; None: all that were run
    rounds_limit : how many rounds there could have been; None: no limit is known
    train, validation : frames of a signature, of shape (n_rows, n_columns), and labels of shape (n_rows,)
    train_predicted, validation_predicted : probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)
    task : what is predicted
    classes : the names of the classes, for the messages; None: their places
    loss_not_falling, ... : the bounds of each rule, as `{warn: 0.1, stop: null}`; None: the rule is left out

    Returns
    -------
    list of dict : `rule`, `status` (pass, warn or stop), `value` (None if it is undefined), `warn`, `stop` and
        `message`: one sentence with what was found and, unless it passes, what to try

    Raises
    ------
    InputError : limits that are not valid
    """
    parts = (train.y, train_predicted), (validation.y, validation_predicted)
    n_classes = 0 if task == "regression" else train_predicted.shape[1]
    names = list(range(n_classes) if classes is None else classes)
    findings: Findings = {
        "loss_not_falling": (loss_not_falling, lambda: diagnosis.loss_not_falling(curves)),
        "overfit": (overfit, lambda: diagnosis.overfit(*parts, n_classes)),
        "overtrained": (overtrained, lambda: diagnosis.overtrained(curves, best_round)),
        "not_finished": (not_finished, lambda: diagnosis.not_finished(curves, rounds_limit)),
        "class_imbalance": (class_imbalance, lambda: diagnosis.class_imbalance(train.y, names)),
        "leak": (leak, lambda: diagnosis.leak(train, validation, n_classes)),
        "constant_predictions": (constant_predictions, lambda: diagnosis.constant_predictions(*parts[1], n_classes)),
        "row_id_label": (row_id_label, lambda: diagnosis.row_id_label(train.y, n_classes)),
        "row_id_feature": (row_id_feature, lambda: diagnosis.row_id_feature(train)),
    }
    return _compare(findings)


def require_limits(rules: Mapping[str, Any]) -> None:
    """Check the limits of rules, before there is a training to check.

    Parameters
    ----------
    rules : a node of conf/rules, or the rules of it

    Raises
    ------
    InputError : a key other than `warn` and `stop`, or a bound that is not a number
    """
    for name, limits in rules.items():
        if name == "_target_" or limits is None:
            continue
        if not isinstance(limits, Mapping):
            raise InputError(
                f"{name}: {limits!r} must be a mapping of limits; write {{warn: 0.1, stop: null}}, or null"
            )
        for key, bound in limits.items():
            if key not in BOUNDS:
                raise InputError(f"{name}: no key {key!r} {did_you_mean(key, BOUNDS)}")
            if isinstance(bound, bool) or not isinstance(bound, int | float | None) or bound != bound:
                raise InputError(f"{name}.{key}: {bound!r} is not a valid number; write null for never")


def stopped(results: Sequence[Result]) -> str | None:
    """Return the one line of an error that names the rules that stop the run; None if there are none."""
    stops = [result for result in results if result["status"] == "stop"]
    return "; ".join(f"rules.{result['rule']}: {result['message']}" for result in stops) or None


def table(results: Sequence[Result]) -> str:
    """Format the results for a terminal: pass, WARN or STOP, rule, value, and the message."""
    rows = [("", "rule", "value", "")]
    for result in results:
        status = "pass" if result["status"] == "pass" else result["status"].upper()
        rows.append((status, result["rule"], plain(result["value"], 3), result["message"]))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}" for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _compare(findings: Findings) -> list[Result]:
    """Measure the rules that have limits, and compare each finding with them."""
    active = {name: limits for name, (limits, _) in findings.items() if limits is not None}
    require_limits(active)
    return [_result(name, limits, findings[name][1]()) for name, limits in active.items()]


def _result(name: str, limits: Limits, finding: diagnosis.Finding) -> Result:
    """Compare a value with its bounds; NaN is beyond every bound."""
    value, sign = finding.value, -1 if name in BAD_WHEN_LOW else 1
    if value is not None and np.isfinite(value):
        value = float(f"{value:.6g}")  # the last digits differ between processors
    status = "pass"
    for key in BOUNDS:
        bound = limits.get(key)
        if value is not None and bound is not None and (np.isnan(value) or sign * (value - bound) >= 0):
            status = key
    message = finding.statement if status == "pass" else f"{finding.statement}; {finding.advice}"
    finite = value if value is not None and np.isfinite(value) else None
    return (
        {"rule": name, "status": status, "value": finite}
        | {key: limits.get(key) for key in BOUNDS}
        | {"message": message}
    )
