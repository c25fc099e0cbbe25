"""What monitoring found, brought into time lines: one for each area, subject and measure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cairn.report.charts import Row

RANK = {"alarm": 3, "warning": 2, "ok": 1, "unknown": 0}


class Series(NamedTuple):
    """One figure, window by window.

    Parameters
    ----------
    area, subject, measure : as `cairn.monitoring.finding.Finding` names them
    rows : its findings, oldest first
    now : the finding of the window by which its area is judged; None: that window has none
    since : number of the window in which it began to be as bad as now; None: it is not bad
    limits : `change` from which on it is a `warning`, an `alarm`; None: never
    """

    area: str
    subject: str
    measure: str
    rows: Sequence[Row]
    now: Row | None
    since: int | None
    limits: Mapping[str, float | None]

    @property
    def status(self) -> str:
        """What the limits say of it now."""
        return self.now["status"] if self.now else "unknown"

    @property
    def reached(self) -> float:
        """How much of its limit it has used: 1 or more is bad, and less is good."""
        limit = self.limits.get("alarm") or self.limits.get("warning")
        change = self.now["change"] if self.now else None
        return change / limit if limit and change is not None else float(RANK[self.status] > 1)


def series_of(record: Mapping[str, Any]) -> list[Series]:
    """Gather the findings of monitoring.json by what they are about, the worst first.

    Parameters
    ----------
    record : as `cairn.monitoring.export` writes it
    """
    found: dict[tuple[str, str, str], list[Row]] = {}
    for each in sorted(record["findings"], key=lambda each: each["window"]):
        found.setdefault((each["area"], each["subject"], each["measure"]), []).append(each)
    made = [_series(record, key, rows) for key, rows in found.items()]
    return sorted(made, key=lambda each: (-RANK[each.status], -each.reached))


def of(every: Iterable[Series], *areas: str) -> list[Series]:
    """Choose those of some areas."""
    return [each for each in every if each.area in areas]


def bad(every: Iterable[Series]) -> list[Series]:
    """Choose those that are an alarm or a warning now."""
    return [each for each in every if each.status in ("alarm", "warning")]


def _series(record: Mapping[str, Any], key: tuple[str, str, str], rows: Sequence[Row]) -> Series:
    area, subject, measure = key
    judged = record["areas"].get(area, {}).get("window")
    now = next((row for row in rows if row["window"] == judged), None)
    limits = record["rules"]["limits"].get(area, {})
    own = limits.get(measure)
    return Series(area, subject, measure, rows, now, _since(rows, now), own if isinstance(own, Mapping) else limits)


def _since(rows: Sequence[Row], now: Row | None) -> int | None:
    """Go back to where it began; a window in which nothing could be said does not end it."""
    if now is None or RANK[now["status"]] < RANK["warning"]:
        return None
    since = now["window"]
    for row in reversed([each for each in rows if each["window"] < now["window"] and each["status"] != "unknown"]):
        if RANK[row["status"]] < RANK[now["status"]]:
            break
        since = row["window"]
    return int(since)
