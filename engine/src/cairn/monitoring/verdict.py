"""Compare findings with the limits of conf/monitor: ok, a warning, an alarm, or unknown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cairn.monitoring.finding import Area, Finding, Status
from cairn.monitoring.settings import AREAS, Settings

BY_SEVERITY: tuple[Status, ...] = ("unknown", "ok", "warning", "alarm")
Deciding = dict[Area, tuple[int | None, Status]]


def judge(findings: Iterable[Finding], settings: Settings) -> list[Finding]:
    """Set each finding's status.

    It is a warning or an alarm where its change reaches that limit and its p-value, if it has one, is below the
    significance. On too few rows it is unknown, except for the traffic: no rows at all are a fact too.

    Parameters
    ----------
    findings : as measured; their status is ignored
    settings : the limits, the significance and the least number of rows
    """
    return [_judge(finding, settings) for finding in findings]


def deciding_windows(findings: Iterable[Finding], full: Sequence[int]) -> Deciding:
    """Choose for each area the window that decides, and return it with its status.

    It is the newest of the full ones in which a finding of the area could be judged: labels come late, and with them
    the performance of a window that is long past.

    Parameters
    ----------
    findings : judged
    full : the numbers of the windows that will get no more rows
    """
    statuses: dict[tuple[Area, int], Status] = {}
    for finding in findings:
        place = finding.area, finding.window
        statuses[place] = worst_status([statuses.get(place, "unknown"), finding.status])
    newest: dict[Area, int | None] = {}
    for area in AREAS:
        judged = (window for window in full if statuses.get((area, window), "unknown") != "unknown")
        newest[area] = max(judged, default=None)
    return {area: (window, "unknown" if window is None else statuses[area, window]) for area, window in newest.items()}


def deciding_findings(findings: Iterable[Finding], deciding: Deciding, status: Status) -> list[Finding]:
    """Return the findings with a status in the windows that decide, the worst first."""
    chosen = [
        finding for finding in findings if finding.status == status and finding.window == deciding[finding.area][0]
    ]
    return sorted(chosen, key=lambda finding: (AREAS.index(finding.area), -(finding.change or 0)))


def overall_status(areas: Mapping[Area, Status]) -> Status:
    """Return the worst status of all areas; traffic that is ok does not show by itself that the model works."""
    others = worst_status(status for area, status in areas.items() if area != "traffic")
    return others if areas.get("traffic") == "ok" else worst_status([others, areas.get("traffic", "unknown")])


def worst_status(statuses: Iterable[Status]) -> Status:
    """Return the worst of some statuses; without any it is unknown."""
    return max(statuses, key=BY_SEVERITY.index, default="unknown")


def _judge(finding: Finding, settings: Settings) -> Finding:
    if finding.value is None:
        return replace(finding, status="unknown")
    if finding.rows < settings.least_rows and finding.area != "traffic":
        few = f"{finding.rows:,} rows; fewer than {settings.least_rows:,} are not judged"
        return replace(finding, status="unknown", note=f"{few}; {finding.note}" if finding.note else few)
    significant = finding.p_value is None or finding.p_value < settings.significance
    warning, alarm = settings.limits_of(finding.area, finding.measure)
    if finding.change is None or not significant:
        return replace(finding, status="ok")
    if alarm is not None and finding.change >= alarm:
        return replace(finding, status="alarm")
    return replace(finding, status="warning" if warning is not None and finding.change >= warning else "ok")
