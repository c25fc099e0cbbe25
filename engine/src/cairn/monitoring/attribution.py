"""Attribution drift: whether the model's reasons are still those that it had when it was made."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.monitoring.finding import Finding
from cairn.monitoring.multiple_testing import corrected
from cairn.monitoring.sample import Served, sampled
from cairn.tables.duck import quoted

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model

ROWS = 1000  # of a window; twice that would make NDCG no steadier than its third digit


def attribution(
    served: Served, content: Mapping[str, Any], *, model: "Model", rows: int = ROWS, seed: int = 0
) -> list[Finding]:
    """Explain some rows of every window, and compare with the baseline's mean absolute contributions.

    Parameters
    ----------
    served : the recorded predictions
    content : the baseline's `expected`
    model : that the predictions are of
    rows : of a window that are explained, about

    Returns
    -------
    list of Finding : for every window `ndcg`, and `mean_abs` of every feature
    """
    known = content["contributions"]
    why = known.get("why") or ("" if known["exact"] else "contributions of this model are estimates, which take long")
    if why:
        numbers = [each.number for each in served.windows]
        return [Finding(each, "attribution", "", "ndcg", None, note=f"not measured: {why}") for each in numbers]
    inputs = {column.name: quoted(served.names[column.name]) for column in model.signature.columns}
    found: list[Finding] = []
    for number, table in sampled(served, inputs, rows=rows).items():
        found += _of_window(number, table, content, model)
    return found


def ndcg(reference: Mapping[str, float], sizes: Mapping[str, float]) -> float:
    """Compare two rankings of features: DCG of the new order over that of the old, with the old one's contributions.

    DCG = sum over places i from 1 of a(f_i) / log2(i + 1), where a(f) is the feature's contribution in the baseline,
    and f_i the feature at place i (Amazon SageMaker Developer Guide, "Feature attribution drift for models in
    production"; its alarm is below 0.90).

    Parameters
    ----------
    reference, sizes : feature -> mean absolute contribution, in the baseline and now
    """
    names = sorted(reference)
    gains = np.array([reference[name] for name in names])
    now = np.array([sizes.get(name, 0.0) for name in names])
    discounts = 1 / np.log2(np.arange(len(names)) + 2)
    ideal = float(np.sort(gains)[::-1] @ discounts)
    return float(gains[np.argsort(-now, kind="stable")] @ discounts) / ideal if ideal > 0 else 1.0


def mean_sizes(model: "Model", table: "pd.DataFrame") -> tuple[dict[str, float], dict[str, float]]:
    """Give each feature's mean absolute contribution, over rows and classes, and its standard error."""
    from cairn.explain import local

    told = local.explain(model.estimator, model.signature, model.signature.frame(table))
    sizes = np.abs(told.values).reshape(len(table), len(model.signature.columns), -1).mean(axis=2)
    names = [column.name for column in model.signature.columns]
    means, errors = sizes.mean(axis=0), sizes.std(axis=0) / np.sqrt(len(table))
    return dict(zip(names, means.tolist(), strict=True)), dict(zip(names, errors.tolist(), strict=True))


def _of_window(number: int, table: "pd.DataFrame", content: Mapping[str, Any], model: "Model") -> list[Finding]:
    from scipy.stats import norm

    from cairn.monitoring.history import edge

    sizes, errors = mean_sizes(model, table)
    known = content["contributions"]["features"]
    reference = {name: each["mean_abs"] for name, each in known.items()}
    total = sum(reference.values())
    value, lowest = ndcg(reference, sizes), edge(content, "attribution", "ndcg", value=1.0, higher=False)
    note = f"contributions in {content['contributions']['unit']}, of {len(table):,} rows"
    found = [Finding(number, "attribution", "", "ndcg", value, 1.0, lowest - value, rows=len(table), note=note)]
    for name, was in reference.items():
        size, error = sizes[name], float(np.hypot(errors[name], known[name]["standard_error"]))
        path = ("attribution", "features", name)
        bounds = [edge(content, *path, value=was, higher=higher) for higher in (False, True)]
        beyond = max(bounds[0] - size, size - bounds[1])
        p_value = min(1.0, 2 * float(norm.sf(max(beyond, 0) / error))) if error > 0 else 1.0
        ends = (size - 1.96 * errors[name], size + 1.96 * errors[name])
        change = beyond / total if total > 0 else None
        found.append(Finding(number, "attribution", name, "mean_abs", size, was, change, p_value, *ends, len(table)))
    return corrected(found)
