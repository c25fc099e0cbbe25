"""Measure recorded predictions in every area of monitoring; `verdict` compares the findings with the limits."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cairn.models.saved import Model
from cairn.monitoring import labels, outcome_baseline
from cairn.monitoring.attribution import measure_attribution
from cairn.monitoring.bias_drift import measure_bias
from cairn.monitoring.documents import Baseline, ColumnCounts, Distribution, OutcomeBaseline
from cairn.monitoring.drift import measure_drift
from cairn.monitoring.estimate import measure_estimates
from cairn.monitoring.finding import Finding
from cairn.monitoring.histograms import Counts, count_records
from cairn.monitoring.performance import measure_performance
from cairn.monitoring.quality import measure_quality
from cairn.monitoring.records import Records
from cairn.monitoring.settings import Settings
from cairn.monitoring.traffic import measure_traffic
from cairn.tables.duck import literal

if TYPE_CHECKING:
    import numpy as np

DISTRIBUTIONS = 12  # features whose distributions are kept, the most changed first


class Measurements(NamedTuple):
    """The figures of all areas, before they are judged.

    Parameters
    ----------
    findings : of all windows
    labelled : window -> rows with a label; None: no labels were given
    counts, reference : rows by bin, and those of the reference; None: the reference is the baseline
    troubles : descriptions of what was left out or is odd
    """

    findings: list[Finding]
    labelled: dict[int, int] | None
    counts: Counts
    reference: Counts | None
    troubles: list[str]


def measure_all(
    records: Records,
    baseline: Baseline,
    model: Model,
    settings: Settings,
    *,
    reference: Records | None = None,
    values: Mapping[str, float] | None = None,
) -> Measurements:
    """Measure every area that the data allow.

    Parameters
    ----------
    records : the recorded predictions of the model
    baseline : the model's
    model : explains some rows
    settings : name the labels
    reference : recorded predictions to compare with, as one window; None: the baseline
    values : what outcomes are worth, as in conf/decision

    Raises
    ------
    InputError : the labels cannot be read or joined
    """
    counts = count_records(records, baseline)
    reference_counts = None if reference is None else count_records(reference, baseline)
    findings = [
        *measure_traffic(records),
        *measure_quality(records, counts, baseline, reference=reference_counts),
        *measure_drift(counts, baseline, records.windows, reference=reference_counts),
    ]
    if baseline.expected is None:
        troubles = ["the model's baseline says nothing of outcomes"]
        return Measurements(findings, None, counts, reference_counts, troubles)
    more, labelled, troubles = _measure_outcomes(records, baseline.expected, model, settings, values)
    return Measurements([*findings, *more], labelled, counts, reference_counts, troubles)


def count_other_versions(records: Records, version: str, since: datetime, until: datetime) -> dict[str, int]:
    """Count the rows of other versions in the same time: version -> rows."""
    start, end = (f"TIMESTAMP '{time:%Y-%m-%d %H:%M:%S.%f}'" for time in (since, until))
    condition = f"version != {literal(version)} AND time >= {start} AND time < {end}"
    query = f"SELECT version, count(*) FROM every_row WHERE {condition} GROUP BY ALL ORDER BY ALL"
    return dict(records.connection.execute(query).fetchall())


def feature_distributions(measured: Measurements, baseline: Baseline) -> dict[str, Distribution]:
    """Return the rows by bin of the features that changed most, for the page to draw."""
    largest: dict[str, float] = {}
    for finding in measured.findings:
        if finding.area == "drift" and finding.change is not None:
            largest[finding.subject] = max(largest.get(finding.subject, finding.change), finding.change)
    names = sorted(set(largest) & set(measured.counts.columns), key=lambda name: -largest[name])[:DISTRIBUTIONS]
    reference = {} if measured.reference is None else measured.reference.columns
    return {
        name: _distribution(baseline.columns[name], measured.counts.columns[name], reference.get(name))
        for name in names
    }


def prediction_distribution(measured: Measurements, baseline: Baseline) -> Distribution:
    """Return the rows of the prediction by bin."""
    reference = None if measured.reference is None else measured.reference.prediction
    return _distribution(baseline.prediction, measured.counts.prediction, reference)


def _measure_outcomes(
    records: Records,
    outcomes: OutcomeBaseline,
    model: Model,
    settings: Settings,
    values: Mapping[str, float] | None,
) -> tuple[list[Finding], dict[int, int] | None, list[str]]:
    """Measure the areas that need the model's outcomes: estimates always, performance where there are labels."""
    signature = model.signature
    findings = measure_estimates(records, outcomes, signature=signature, values=values)
    labelled: dict[int, int] | None = None
    troubles: list[str] = []
    if settings.labels is not None:
        keep = outcome_baseline.compared_columns(outcomes)
        joined = labels.join_labels(records, settings.labels, signature=signature, key=settings.labels_key, keep=keep)
        troubles = joined.troubles
        query = "SELECT window_number, count(*) FROM labelled GROUP BY ALL"
        labelled = dict(records.connection.execute(query).fetchall())
        findings += measure_performance(records, outcomes, signature=signature, values=values)
    findings += measure_bias(records, outcomes, signature=signature, labelled=labelled is not None)
    return [*findings, *measure_attribution(records, outcomes, model=model)], labelled, troubles


def _distribution(bins: ColumnCounts, rows: "np.ndarray", reference: "np.ndarray | None") -> Distribution:
    """Return counts of shape (n_windows, n_bins + 1) and those of the reference; the last place is `missing`."""
    return Distribution(
        kind=bins.kind,
        edges=bins.edges,
        levels=bins.levels,
        reference=[*bins.rows, bins.missing] if reference is None else reference.sum(axis=0).tolist(),
        windows={str(number): counts for number, counts in enumerate(rows.tolist())},
    )
