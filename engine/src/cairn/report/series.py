"""Group the findings of monitoring into time series: one for each area, subject and measure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cairn.monitoring.documents import MonitoringReport
from cairn.monitoring.finding import Area, Finding, Status

SEVERITY: dict[Status, int] = {"alarm": 3, "warning": 2, "ok": 1, "unknown": 0}


class Series(NamedTuple):
    """One figure, window by window.

    Parameters
    ----------
    area, subject, measure : as in `cairn.monitoring.finding.Finding`
    findings : oldest first
    now : the finding of the window that decides the area; None: that window has none
    since : number of the window in which the status became as bad as now; None: it is not bad
    limits : `warning` and `alarm`: the smallest `change` that is one; None: never
    """

    area: Area
    subject: str
    measure: str
    findings: Sequence[Finding]
    now: Finding | None
    since: int | None
    limits: Mapping[str, float | None]

    @property
    def status(self) -> Status:
        """The status in the deciding window."""
        return self.now.status if self.now else "unknown"

    @property
    def limit_share(self) -> float:
        """The change as a share of its limit: 1 or more is bad."""
        limit = self.limits.get("alarm") or self.limits.get("warning")
        change = self.now.change if self.now else None
        return change / limit if limit and change is not None else float(SEVERITY[self.status] > 1)

    @property
    def has_values(self) -> bool:
        """Whether any window has a value."""
        return any(finding.value is not None for finding in self.findings)


def build_series(report: MonitoringReport) -> list[Series]:
    """Group the findings of monitoring.json, the worst first."""
    groups: dict[tuple[Area, str, str], list[Finding]] = {}
    for finding in sorted(report.findings, key=lambda finding: finding.window):
        groups.setdefault((finding.area, finding.subject, finding.measure), []).append(finding)
    series = [_build(report, *key, findings) for key, findings in groups.items()]
    return sorted(series, key=lambda each: (-SEVERITY[each.status], -each.limit_share))


def of_areas(series: Iterable[Series], *areas: str) -> list[Series]:
    """Return the series of some areas."""
    return [each for each in series if each.area in areas]


def bad(series: Iterable[Series]) -> list[Series]:
    """Return the series that are an alarm or a warning now."""
    return [each for each in series if each.status in ("alarm", "warning")]


def _build(report: MonitoringReport, area: Area, subject: str, measure: str, findings: Sequence[Finding]) -> Series:
    deciding = report.areas[area].window if area in report.areas else None
    now = next((finding for finding in findings if finding.window == deciding), None)
    limits: Mapping[str, Any] = report.rules.limits.get(area, {})
    own = limits.get(measure)
    return Series(
        area, subject, measure, findings, now, _since(findings, now), own if isinstance(own, Mapping) else limits
    )


def _since(findings: Sequence[Finding], now: Finding | None) -> int | None:
    """Go back to the window in which it began; a window with an unknown status does not end it."""
    if now is None or SEVERITY[now.status] < SEVERITY["warning"]:
        return None
    since = now.window
    earlier = [each for each in findings if each.window < now.window and each.status != "unknown"]
    for finding in reversed(earlier):
        if SEVERITY[finding.status] < SEVERITY[now.status]:
            break
        since = finding.window
    return since
