"""How good the model really is, once the truth has arrived, and whether it still means what it says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation import metrics
from cairn.evaluation.intervals import bootstrap
from cairn.evaluation.metrics import GREATER_IS_BETTER
from cairn.monitoring import calibration, label_free
from cairn.monitoring.estimate import relative
from cairn.monitoring.finding import Finding
from cairn.monitoring.multiple_testing import corrected
from cairn.monitoring.sample import Served, prediction_columns, predictions, sampled
from cairn.tables.duck import quoted

if TYPE_CHECKING:
    import pandas as pd

    from cairn.rows.signature import Signature

TESTED = ("log_loss", "roc_auc", "accuracy", "profit_per_1000", "rmse", "mae")
RESAMPLES = 200
SLICE_ROWS = 200
MARGIN = 0.02  # of the reference: worse by less is no worse
WHOLE, SLICES = 0.7, 0.3  # of the allowance for false alarms


def performance(
    served: Served,
    content: Mapping[str, Any],
    *,
    signature: "Signature",
    values: Mapping[str, float] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Measure every window of the table `labelled`: metrics, the main one by slice, and calibration.

    A window's figure is held against the one that the baseline lets expect of these very rows (`reference`): what
    probabilities as these had led to there. So a season that brings harder rows is no alarm, and what remains is that
    the same inputs no longer have the same outcomes: concept drift. The test is of "not worse by more than `MARGIN`" (a
    minimum-effect test: Murphy and Myors 1999), since no model is right to the last in every season. Its variance is
    that of the labels given the rows, in the window and in the baseline's test part together, and a skewed tail is
    allowed for (Cornish and Fisher 1938).

    Parameters
    ----------
    served : the recorded predictions, joined to labels
    content : the baseline's `expected`
    signature : of the model
    values : what outcomes are worth, as in conf/decision; None: no `profit_per_1000`
    seed : of the bootstrap
    """
    slices = list(dict.fromkeys(each["column"] for each in content["slices"]))
    columns = prediction_columns(signature.task, signature.classes) | {"actual": "actual"}
    columns |= {f"slice {name}": f"CAST({quoted(served.names[name])} AS VARCHAR)" for name in slices}
    arrived = dict(served.connection.execute("SELECT window_number, count(*) FROM labelled GROUP BY ALL").fetchall())
    shares = {each.number: arrived.get(each.number, 0) / each.rows for each in served.windows if each.rows}
    found: list[Finding] = []
    for number, rows in sampled(served, columns, table="labelled").items():
        share = f"labels of {shares[number]:.0%} of the rows" if number in shares else ""
        whole = _whole(number, rows, content, signature, values, seed, share)
        parts = _slices(number, rows, content, signature)
        found += corrected([*whole, *parts], [WHOLE] * len(whole) + [SLICES] * len(parts))
        found += calibration.calibration(number, predictions(rows), rows["actual"].to_numpy(), content, signature)
    return found


def _whole(
    number: int,
    rows: "pd.DataFrame",
    content: Mapping[str, Any],
    signature: "Signature",
    values: Mapping[str, float] | None,
    seed: int,
    share: str,
) -> list[Finding]:
    said, actual = predictions(rows), rows["actual"].to_numpy()
    outlook = label_free.of_rows(said, content["calibration"], signature, values)
    measured = bootstrap(scorer(actual, said, signature, values), len(actual), RESAMPLES, seed)
    found = []
    for name, each in measured.items():
        known = content["metrics"].get(name)
        if name == "calibration_error" or known is None:
            continue
        ends = (each["value"], each["low"], each["high"])
        tested = name in TESTED and name in outlook
        told = held_against(known, outlook[name] if tested else None, name, *ends)
        found.append(told._replace(window=number, rows=len(actual), note="; ".join(filter(None, [share, told.note]))))
    return found


def scorer(
    actual: NDArray[Any], said: NDArray[np.float64], signature: "Signature", values: Mapping[str, float] | None
) -> metrics.Scorer:
    """Prepare the task's metrics, with what the signature knows of decisions and intervals."""
    if signature.task == "binary":
        said = said[:, 1]
    options: dict[str, Any] = {"values": values}
    if signature.interval:
        options["interval"] = tuple(said + end for end in signature.interval)
    return metrics.scorer(signature.task, actual, said, threshold=signature.threshold, **options)


def held_against(
    known: Mapping[str, Any], outlook: label_free.Likely | None, name: str, value: float | None, *ends: float | None
) -> Finding:
    """Hold a figure against what the baseline lets expect of the same rows.

    Parameters
    ----------
    known : of the baseline: `value`, and where it can be expected `estimated` and `error`
    outlook : what is to be expected of the rows; None: the figure is shown alone
    name : the metric
    value, ends : the figure and its interval
    """
    low, high = ends or (None, None)
    plain = Finding(0, "performance", "", name, value, known["value"], None, None, low, high)
    if value is None or known["value"] is None:
        return plain._replace(note="it cannot be said of rows of one class")
    if outlook is None or known.get("estimated") is None or not np.isfinite(outlook.value):
        return plain
    reference = outlook.value + known["value"] - known["estimated"]
    worse = reference - value if GREATER_IS_BETTER[name] else value - reference
    note = f"{known['value']:.4g} on the test part, which is {reference:.4g} on rows as these"
    change = relative(worse, reference)
    p_value = _p_value(worse - MARGIN * abs(reference), outlook, known["error"], not GREATER_IS_BETTER[name])
    return plain._replace(reference=float(reference), change=change, p_value=p_value, note=note)


def _p_value(worse: float, outlook: label_free.Likely, error: float, higher: bool) -> float:
    """Test one-sided; the window's skewness counts as much as its share of the variance lets it."""
    from scipy.stats import norm

    both = max(float(np.hypot(outlook.noise, error)), 1e-12)
    z, skew = worse / both, (outlook.skew if higher else -outlook.skew) * (outlook.noise / both) ** 3
    return float(norm.sf(z - skew * (z**2 - 1) / 6)) if z > 1 else float(norm.sf(z))


def _slices(number: int, rows: "pd.DataFrame", content: Mapping[str, Any], signature: "Signature") -> list[Finding]:
    main, said, actual = metrics.MAIN[signature.task], predictions(rows), rows["actual"].to_numpy()
    found = []
    for known in content["slices"]:
        inside = np.flatnonzero(rows[f"slice {known['column']}"].str.lower() == known["level"].lower())
        if len(inside) < SLICE_ROWS:
            continue
        outlook = label_free.of_rows(said[inside], content["calibration"], signature, None)[main]
        value = metrics.figures(scorer(actual[inside], said[inside], signature, None), len(inside))[main]
        told = held_against(known, outlook, main, value)
        found.append(told._replace(window=number, subject=f"{known['column']}={known['level']}", rows=len(inside)))
    return found
