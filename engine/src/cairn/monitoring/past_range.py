"""Widen a reference by the range that history has shown, so that a season is not an alarm."""

from collections.abc import Sequence

from cairn.monitoring.documents import AttributionRanges, OutcomeRanges


def widen(value: float, observed: Sequence[float] | None) -> tuple[float, float]:
    """Return the lowest and the highest of a reference figure and its range over past periods.

    Parameters
    ----------
    value : the figure of the whole
    observed : its range over past periods; None: not known
    """
    both = [value, *(observed or [])]
    return min(both), max(both)


def estimate_range(history: OutcomeRanges | None, metric: str) -> Sequence[float] | None:
    """Return the range of a metric's estimate."""
    return (history.estimated or {}).get(metric) if history else None


def bias_range(
    history: OutcomeRanges | None, column: str, group: str, positive: str, measure: str
) -> Sequence[float] | None:
    """Return the range of a measure of bias of one group and positive class."""
    groups = (history.groups or {}) if history else {}
    return groups.get(column, {}).get(group, {}).get(positive, {}).get(measure)


def attribution_ranges(history: OutcomeRanges | None) -> AttributionRanges:
    """Return the ranges of contributions; empty where there are none."""
    return (history.attribution if history else None) or AttributionRanges()
