"""How good the model is likely to be, before anyone knows: from its probabilities alone."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.evaluation.metrics import GREATER_IS_BETTER
from cairn.monitoring import label_free
from cairn.monitoring.finding import Finding
from cairn.monitoring.history import edge
from cairn.monitoring.multiple_testing import corrected
from cairn.monitoring.sample import Served, prediction_columns, predictions, sampled

if TYPE_CHECKING:
    from cairn.rows.signature import Signature

NORMAL = 1.959964  # standard errors that hold 95 % of a normal distribution
CLASSES = "from probabilities, calibrated on the test part: true as long as they are, which a change of concept ends"
NUMBERS = "from the errors that predictions as large had on the test part: true as long as the error depends on that"


def estimated(
    served: Served, content: Mapping[str, Any], *, signature: "Signature", values: Mapping[str, float] | None = None
) -> list[Finding]:
    """Estimate every metric that can be had without labels.

    The interval is where the real figure will lie in 95 of 100 windows, if the assumptions hold. What is worse than
    the baseline, and than any period of the history, is a change: the rows have become harder, not the model wrong.

    Parameters
    ----------
    served : the recorded predictions
    content : the baseline's `expected`
    signature : of the model
    values : what outcomes are worth, as in conf/decision; None: no `profit_per_1000`
    """
    found: list[Finding] = []
    columns = prediction_columns(signature.task, signature.classes)
    for number, rows in sampled(served, columns).items():
        said = predictions(rows)
        outlook = label_free.of_rows(said, content["calibration"], signature, values)
        told = [_finding(number, name, each, content, len(said)) for name, each in outlook.items()]
        found += corrected([each for each in told if each is not None])
    return found


def _finding(
    number: int, name: str, outlook: label_free.Likely, content: Mapping[str, Any], rows: int
) -> Finding | None:
    from scipy.stats import norm

    known = content["metrics"].get(name, {})
    if known.get("value") is None or known.get("estimated") is None or not np.isfinite(outlook.value):
        return None
    better = GREATER_IS_BETTER[name]
    offset = known["value"] - known["estimated"]
    limit = edge(content, "estimated", name, value=known["estimated"], higher=not better)
    worse = (limit - outlook.value) if better else (outlook.value - limit)
    p_value = float(norm.sf(worse / max(np.hypot(outlook.spread, known["spread"]), 1e-12)))
    half = NORMAL * float(np.hypot(outlook.noise, known["error"]))
    value, reference = outlook.value + offset, known["value"]
    note = NUMBERS if name in ("mae", "rmse") else CLASSES
    change = relative(worse, reference)
    return Finding(
        number, "estimate", "", name, value, reference, change, p_value, value - half, value + half, rows, note
    )


def relative(worse: float, reference: float) -> float | None:
    """Give how much worse a figure is, as a share of the one that it is held against; None where that is 0."""
    return float(worse / abs(reference)) if reference else None
