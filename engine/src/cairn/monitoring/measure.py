"""Look at recorded predictions in every way there is: what was measured, before any limit is held against it."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.models.saved import Model
from cairn.monitoring import (
    attribution,
    bias_drift,
    drift,
    estimate,
    labels,
    outcome_baseline,
    performance,
    quality,
    traffic,
)
from cairn.monitoring.finding import Finding
from cairn.monitoring.histograms import Counts, counted
from cairn.monitoring.records import Recorded
from cairn.monitoring.settings import Settings
from cairn.tables.duck import literal

if TYPE_CHECKING:
    import numpy as np

SHOWN = 12  # features whose distributions are kept, the most changed first


class Looked(NamedTuple):
    """What was measured.

    Parameters
    ----------
    findings : of all windows; nothing is judged yet
    labelled : window -> rows whose truth is known; None: no labels were given
    counts, before : rows by bin, and those of the reference; None: that is the baseline
    troubles : what was left out or is odd, in words
    """

    findings: list[Finding]
    labelled: dict[int, int] | None
    counts: Counts
    before: Counts | None
    troubles: list[str]


def look(
    seen: Recorded,
    baseline: Mapping[str, Any],
    model: Model,
    settings: Settings,
    *,
    reference: Recorded | None = None,
    values: Mapping[str, float] | None = None,
) -> Looked:
    """Measure all that can be measured.

    Parameters
    ----------
    seen : the recorded predictions of the model
    baseline : that was written with it
    model : explains some rows
    settings : where the labels are
    reference : recorded predictions to hold them against, as one window; None: the baseline
    values : of the business goal, as conf/decision has them

    Raises
    ------
    InputError : the labels cannot be read or joined
    """
    counts = counted(seen, baseline)
    before = None if reference is None else counted(reference, baseline)
    findings = [
        *traffic.traffic(seen),
        *quality.quality(seen, counts, baseline, reference=before),
        *drift.drift(counts, baseline, seen.windows, reference=before),
    ]
    known = baseline.get("expected") or {}
    if not known:
        return Looked(findings, None, counts, before, ["the model's baseline says nothing of outcomes"])
    more, labelled, troubles = _outcomes(seen, known, model, settings, values)
    return Looked([*findings, *more], labelled, counts, before, troubles)


def others(seen: Recorded, version: str, since: datetime, until: datetime) -> dict[str, int]:
    """Count what other versions predicted in the same time: version -> rows."""
    start, end = (f"TIMESTAMP '{time:%Y-%m-%d %H:%M:%S.%f}'" for time in (since, until))
    asked = f"version != {literal(version)} AND time >= {start} AND time < {end}"
    query = f"SELECT version, count(*) FROM every_row WHERE {asked} GROUP BY ALL ORDER BY ALL"
    return dict(seen.connection.execute(query).fetchall())


def distributions(looked: Looked, baseline: Mapping[str, Any]) -> dict[str, Any]:
    """Give the rows by bin of the features that changed most, as a page draws them."""
    worst: dict[str, float] = {}
    for each in looked.findings:
        if each.area == "drift" and each.change is not None:
            worst[each.subject] = max(worst.get(each.subject, each.change), each.change)
    names = sorted(set(worst) & set(looked.counts.columns), key=lambda name: -worst[name])[:SHOWN]
    before = {} if looked.before is None else looked.before.columns
    return {
        name: _distribution(baseline["columns"][name], looked.counts.columns[name], before.get(name)) for name in names
    }


def prediction(looked: Looked, baseline: Mapping[str, Any]) -> dict[str, Any]:
    """Give the same of the prediction."""
    before = None if looked.before is None else looked.before.prediction
    return _distribution(baseline["prediction"], looked.counts.prediction, before)


def _outcomes(
    seen: Recorded, known: Mapping[str, Any], model: Model, settings: Settings, values: Mapping[str, float] | None
) -> tuple[list[Finding], dict[int, int] | None, list[str]]:
    """Measure how right the predictions are, or seem to be."""
    of: dict[str, Any] = {"signature": model.signature}
    findings = estimate.estimated(seen, known, **of, values=values)
    labelled, troubles = None, []
    if settings.labels is not None:
        key, keep = settings.labels_key, outcome_baseline.columns(known)
        troubles = labels.joined(seen, settings.labels, **of, key=key, keep=keep).troubles
        query = "SELECT window_number, count(*) FROM labelled GROUP BY ALL"
        labelled = dict(seen.connection.execute(query).fetchall())
        findings += performance.performance(seen, known, **of, values=values)
    findings += bias_drift.groups(seen, known, **of, labelled=labelled is not None)
    return [*findings, *attribution.attribution(seen, known, model=model)], labelled, troubles


def _distribution(described: Mapping[str, Any], found: "np.ndarray", before: "np.ndarray | None") -> dict[str, Any]:
    """Lay counts of shape (n_windows, n_bins + 1) beside those of the reference; the last place is `missing`."""
    known = [*described["rows"], described["missing"]] if before is None else before.sum(axis=0).tolist()
    return {
        **{key: described.get(key) for key in ("kind", "edges", "levels")},
        "reference": known,
        "windows": {str(number): rows for number, rows in enumerate(found.tolist())},
    }
