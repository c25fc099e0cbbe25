"""What the limits of conf/monitor make of the findings: ok, a warning, an alarm, or unknown."""

from collections.abc import Iterable, Mapping, Sequence

from cairn.monitoring.finding import Area, Finding, Status
from cairn.monitoring.settings import AREAS, Settings

WORSE: tuple[Status, ...] = ("unknown", "ok", "warning", "alarm")
Answers = dict[Area, tuple[int | None, Status]]


def judged(findings: Iterable[Finding], settings: Settings) -> list[Finding]:
    """Set each finding's status.

    It is a warning or an alarm where its change reaches that limit and its p-value, if it has one, is below the
    significance. On too few rows nothing is said, but for the traffic: no rows at all are a fact too.

    Parameters
    ----------
    findings : as measured; their status is not looked at
    settings : the limits, the significance and the least number of rows
    """
    return [_judged(each, settings) for each in findings]


def answers(findings: Iterable[Finding], full: Sequence[int]) -> Answers:
    """Say for each area which window answers, and what.

    It is the newest of the full ones in which something of the area could be judged: labels come late, and with them
    the performance of a window that is long past.

    Parameters
    ----------
    findings : judged
    full : the numbers of the windows that will get no more rows
    """
    of: dict[tuple[Area, int], Status] = {}
    for each in findings:
        of[each.area, each.window] = worst([of.get((each.area, each.window), "unknown"), each.status])
    newest: dict[Area, int | None] = {}
    for area in AREAS:
        known = (window for window in full if of.get((area, window), "unknown") != "unknown")
        newest[area] = max(known, default=None)
    return {area: (window, "unknown" if window is None else of[area, window]) for area, window in newest.items()}


def standing(findings: Iterable[Finding], answers: Answers, status: Status) -> list[Finding]:
    """Give the findings with a status out of the windows that answer, the worst first."""
    found = [each for each in findings if each.status == status and each.window == answers[each.area][0]]
    return sorted(found, key=lambda each: (AREAS.index(each.area), -(each.change or 0)))


def overall(areas: Mapping[Area, Status]) -> Status:
    """Sum up areas: the worst of them, but that rows came is not yet to say that the model is well."""
    others = worst(status for area, status in areas.items() if area != "traffic")
    return others if areas.get("traffic") == "ok" else worst([others, areas.get("traffic", "unknown")])


def worst(statuses: Iterable[Status]) -> Status:
    """Give the worst of some statuses; of none it is unknown."""
    return max(statuses, key=WORSE.index, default="unknown")


def _judged(finding: Finding, settings: Settings) -> Finding:
    if finding.value is None:
        return finding._replace(status="unknown")
    if finding.rows < settings.least_rows and finding.area != "traffic":
        few = f"{finding.rows:,} rows; fewer than {settings.least_rows:,} are not judged"
        return finding._replace(status="unknown", note=f"{few}; {finding.note}" if finding.note else few)
    seen = finding.p_value is None or finding.p_value < settings.significance
    warning, alarm = settings.limits_of(finding.area, finding.measure)
    if finding.change is None or not seen:
        return finding._replace(status="ok")
    if alarm is not None and finding.change >= alarm:
        return finding._replace(status="alarm")
    return finding._replace(status="warning" if warning is not None and finding.change >= warning else "ok")
