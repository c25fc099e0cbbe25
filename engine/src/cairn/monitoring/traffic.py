"""Traffic: rows and requests, response times, and the versions of the model that answered."""

from collections.abc import Sequence
from statistics import median

from cairn.monitoring.finding import Finding
from cairn.monitoring.records import Records

QUANTILES = {"seconds_p50": 0.5, "seconds_p95": 0.95, "seconds_p99": 0.99}
EARLIER_WINDOWS = 3  # that a reference needs


def measure_traffic(records: Records) -> list[Finding]:
    """Measure the traffic of each window.

    The measures are `rows`, `requests`, `rows_per_request`, the quantiles of the seconds that a request took (None
    where they were not recorded), and the rows of each version, whose name is the subject. The reference is the median
    of all earlier windows, if there are three or more. `change` of `rows` is the share that is lost, in windows of
    time; that of the seconds is the relative increase. The last rows of a window may not be in a file yet.
    """
    shares = ", ".join(f"quantile_cont(seconds, {share}) FILTER (row = 0)" for share in QUANTILES.values())
    answers = records.connection.execute(
        f"SELECT window_number, count(*), count(*) FILTER (row = 0), {shares} FROM recorded GROUP BY ALL"
    ).fetchall()
    by_number = {number: figures for number, *figures in answers}
    series: dict[str, list[float | None]] = {name: [] for name in ("rows", "requests", "rows_per_request", *QUANTILES)}
    for window in records.windows:
        rows, requests, *seconds = by_number.get(window.number, [0, 0, *[None] * len(QUANTILES)])
        figures = [rows, requests, rows / requests if requests else None, *seconds]
        for name, figure in zip(series, figures, strict=True):
            series[name].append(figure)
    findings = [
        _finding(records, number, name, figures[: number + 1])
        for number in range(len(records.windows))
        for name, figures in series.items()
    ]
    return findings + _versions(records)


def _finding(records: Records, number: int, name: str, figures: Sequence[float | None]) -> Finding:
    """Compare the last of some windows' figures with the median of those before it."""
    *before, value = figures
    earlier = [figure for figure in before if figure is not None]
    usual = float(median(earlier)) if len(earlier) >= EARLIER_WINDOWS else None
    rows = records.windows[number].rows
    if value is None:
        note = "no rows" if rows == 0 else "not recorded"
        return Finding(number, "traffic", "", name, None, usual, rows=rows, note=note)
    change = None
    if usual and name in QUANTILES:
        change = value / usual - 1
    elif usual and name == "rows" and not records.by_count:
        change = 1 - value / usual
    return Finding(number, "traffic", "", name, float(value), usual, change, rows=rows)


def _versions(records: Records) -> list[Finding]:
    counts = records.connection.execute(
        "SELECT window_number, version, count(*) FROM recorded GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Finding(number, "traffic", version, "rows", float(rows), rows=rows, note="of this version")
        for number, version, rows in counts
    ]
