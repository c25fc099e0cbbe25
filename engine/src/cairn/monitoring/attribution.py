"""Attribution drift: compare the contributions of features with those of the baseline."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from cairn.explain import local
from cairn.models.saved import Model
from cairn.monitoring.documents import Contributions, NoContributions, OutcomeBaseline
from cairn.monitoring.finding import Finding
from cairn.monitoring.multiple_testing import adjust_p_values
from cairn.monitoring.past_range import attribution_ranges, widen
from cairn.monitoring.sample import Predictions, sample_rows
from cairn.tables.duck import quoted

ROWS_EXPLAINED = 1000  # of a window; twice that would make NDCG no steadier than its third digit


def measure_attribution(
    records: Predictions, outcomes: OutcomeBaseline, *, model: Model, rows: int = ROWS_EXPLAINED
) -> list[Finding]:
    """Explain some rows of every window, and compare with the baseline's mean absolute contributions.

    Parameters
    ----------
    records : the recorded predictions
    outcomes : of the baseline
    model : that made the predictions
    rows : about how many rows of a window are explained

    Returns
    -------
    list of Finding : for every window `ndcg`, and `mean_abs` of every feature
    """
    contributions = outcomes.contributions
    if isinstance(contributions, NoContributions) or not contributions.exact:
        why = "contributions of this model are estimates, which take long"
        if isinstance(contributions, NoContributions):
            why = contributions.why
        note = f"not measured: {why}"
        return [Finding(window.number, "attribution", "", "ndcg", None, note=note) for window in records.windows]
    inputs = {column.name: quoted(records.names[column.name]) for column in model.signature.columns}
    findings: list[Finding] = []
    for number, table in sample_rows(records, inputs, rows=rows).items():
        findings += _compare_window(number, table, contributions, outcomes, model)
    return findings


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


def mean_contributions(model: Model, table: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Compute each feature's mean absolute contribution, over rows and classes, and its standard error."""
    explained = local.explain(model.estimator, model.signature, model.signature.frame(table))
    sizes = np.abs(explained.values).reshape(len(table), len(model.signature.columns), -1).mean(axis=2)
    names = [column.name for column in model.signature.columns]
    means, errors = sizes.mean(axis=0), sizes.std(axis=0) / np.sqrt(len(table))
    return dict(zip(names, means.tolist(), strict=True)), dict(zip(names, errors.tolist(), strict=True))


def _compare_window(
    number: int, table: pd.DataFrame, contributions: Contributions, outcomes: OutcomeBaseline, model: Model
) -> list[Finding]:
    sizes, errors = mean_contributions(model, table)
    ranges = attribution_ranges(outcomes.history)
    reference = {name: feature.mean_abs for name, feature in contributions.features.items()}
    total = sum(reference.values())
    value, lowest = ndcg(reference, sizes), widen(1.0, ranges.ndcg)[0]
    note = f"contributions in {contributions.unit}, of {len(table):,} rows"
    whole = Finding(number, "attribution", "", "ndcg", value, 1.0, lowest - value, rows=len(table), note=note)
    findings = [whole]
    for name, before in reference.items():
        size = sizes[name]
        error = float(np.hypot(errors[name], contributions.features[name].standard_error))
        lowest, highest = widen(before, (ranges.features or {}).get(name))
        beyond = max(lowest - size, size - highest)
        finding = Finding(number, "attribution", name, "mean_abs", size, before, rows=len(table))
        findings.append(
            replace(
                finding,
                change=beyond / total if total > 0 else None,
                p_value=min(1.0, 2 * float(norm.sf(max(beyond, 0) / error))) if error > 0 else 1.0,
                low=size - 1.96 * errors[name],
                high=size + 1.96 * errors[name],
            )
        )
    return adjust_p_values(findings)
