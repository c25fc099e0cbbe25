"""How much was asked, how fast it was answered, and by which versions of the model."""

from collections.abc import Sequence
from statistics import median

from cairn.monitoring.finding import Finding
from cairn.monitoring.records import Recorded

QUANTILES = {"seconds_p50": 0.5, "seconds_p95": 0.95, "seconds_p99": 0.99}
EARLIER = 3  # windows that there must be to say what is usual


def traffic(recorded: Recorded) -> list[Finding]:
    """Measure the traffic of each window.

    `rows`, `requests`, `rows_per_request`, the quantiles of the seconds that a request took (None where they were not
    recorded), and the rows of each version, whose name is the subject. The reference is the median of all earlier
    windows, where there are three; `change` of `rows` is the share that is lost, where windows are by time, and of the
    seconds how much longer they are, as a share. A window's last seconds may still be on their way to a file.
    """
    shares = ", ".join(f"quantile_cont(seconds, {share}) FILTER (row = 0)" for share in QUANTILES.values())
    answers = recorded.connection.execute(
        f"SELECT window_number, count(*), count(*) FILTER (row = 0), {shares} FROM recorded GROUP BY ALL"
    ).fetchall()
    by_number = {number: figures for number, *figures in answers}
    series: dict[str, list[float | None]] = {name: [] for name in ("rows", "requests", "rows_per_request", *QUANTILES)}
    for window in recorded.windows:
        rows, requests, *seconds = by_number.get(window.number, [0, 0, *[None] * len(QUANTILES)])
        figures = [rows, requests, rows / requests if requests else None, *seconds]
        for name, figure in zip(series, figures, strict=True):
            series[name].append(figure)
    found = [
        _finding(recorded, number, name, figures[: number + 1])
        for number in range(len(recorded.windows))
        for name, figures in series.items()
    ]
    return found + _versions(recorded)


def _finding(recorded: Recorded, number: int, name: str, figures: Sequence[float | None]) -> Finding:
    """Hold a window's figure, the last, against those before it."""
    *before, value = figures
    known = [each for each in before if each is not None]
    usual = float(median(known)) if len(known) >= EARLIER else None
    rows = recorded.windows[number].rows
    if value is None:
        note = "no rows" if rows == 0 else "not recorded"
        return Finding(number, "traffic", "", name, None, usual, rows=rows, note=note)
    change = None
    if usual and name in QUANTILES:
        change = value / usual - 1
    elif usual and name == "rows" and not recorded.by_count:
        change = 1 - value / usual
    return Finding(number, "traffic", "", name, float(value), usual, change, rows=rows)


def _versions(recorded: Recorded) -> list[Finding]:
    counted = recorded.connection.execute(
        "SELECT window_number, version, count(*) FROM recorded GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Finding(number, "traffic", version, "rows", float(rows), rows=rows, note="of this version")
        for number, version, rows in counted
    ]
