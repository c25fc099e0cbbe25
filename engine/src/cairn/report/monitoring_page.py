"""The page of monitoring: one HTML file that says whether the model still works, and what is wrong, worst first."""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.report import metric_text, monitoring_charts, monitoring_text, series, timelines
from cairn.report.card import title
from cairn.report.charts import Row
from cairn.report.rendering import fill_page
from cairn.report.series import RANK, Series, bad

WINDOWS = 120  # of the newest ones that are drawn
FINDINGS = 1000  # rows of the table of all findings
WRONG = 4  # of an area that stand in the summary; the others are counted there
SECTIONS = {
    "performance": ("estimate", "performance"),
    "calibration": ("calibration",),
    "quality": ("quality",),
    "drift": ("drift",),
    "prediction": ("prediction",),
    "bias": ("bias",),
    "attribution": ("attribution",),
    "traffic": ("traffic",),
}


def watched(monitoring: Mapping[str, Any]) -> str:
    """Write the page of monitoring.

    Parameters
    ----------
    monitoring : reports/monitoring.json, as `cairn.monitoring.export` writes it

    Returns
    -------
    str : HTML with its style, script and drawings inside; the same for the same input
    """
    every = series.series_of(monitoring)
    windows = monitoring["windows"][-WINDOWS:]
    pictures, shown = monitoring_charts.pictures(monitoring, every, windows)
    return fill_page(
        "watched.html",
        **monitoring,
        record=monitoring,
        title=title(None, monitoring["model"]),
        every=every,
        chosen={name: series.of(every, *areas) for name, areas in SECTIONS.items()},
        areas_of=SECTIONS,
        drawn=windows,
        by_number={each["number"]: each for each in monitoring["windows"]},
        wrong=wrong(every),
        tiles=tiles(monitoring, every),
        rows_of_table=findings(monitoring),
        pictures=pictures,
        shown=shown,
        since=began(monitoring, every),
        why=why(every),
        assumptions=assumptions(monitoring),
        says=monitoring_text,
        spark=spark,
        bad=bad,
    )


def wrong(every: Sequence[Series]) -> list[tuple[str, list[Series], int]]:
    """Choose what the summary says is wrong, worst first: of many features with one fault, the worst ones.

    Returns
    -------
    list of tuple : area, its worst figures, and how many more of it there are
    """
    found: dict[str, list[Series]] = {}
    for each in bad(every):
        found.setdefault(each.area, []).append(each)
    return [(area, many[:WRONG], len(many[WRONG:])) for area, many in found.items()]


def began(monitoring: Mapping[str, Any], every: Sequence[Series]) -> str | None:
    """Say when the first of what is as bad as the whole began to be so."""
    starts = {each["number"]: each["start"] for each in monitoring["windows"]}
    worst = [each.since for each in bad(every) if each.status == monitoring["status"] and each.since is not None]
    return starts[min(worst)] if worst else None


def tiles(monitoring: Mapping[str, Any], every: Sequence[Series]) -> list[dict[str, Any]]:
    """Give the few figures that stand on top, each with the line that led to it."""
    main = metric_text.LEADING[monitoring["model"]["task"]][0]
    wanted = (
        [("performance", "", main)],
        [("estimate", "", main)],
        [("prediction", "", "mean"), ("prediction", "", "js_distance")],
        [("traffic", "", "rows")],
        [("traffic", "", f"seconds_p{share}") for share in (99, 95, 50)],
    )
    known = {each[:3]: each for each in every if each.now and each.now["value"] is not None}
    chosen = [next((known[key] for key in keys if key in known), None) for keys in wanted]
    return [{"series": each, "spark": spark(each, monitoring["windows"])} for each in chosen if each][:4]


def findings(monitoring: Mapping[str, Any]) -> list[Row]:
    """Choose findings for the table: what is bad in any window, and all of the window that each area is judged by."""
    judged = {area: each["window"] for area, each in monitoring["areas"].items()}
    kept = [
        each
        for each in monitoring["findings"]
        if each["status"] in ("warning", "alarm") or each["window"] == judged.get(each["area"])
    ]
    return sorted(kept, key=lambda each: (-RANK[each["status"]], -each["window"]))[:FINDINGS]


def why(every: Sequence[Series]) -> dict[str, list[str]]:
    """Say of each area why its figures could not be had, in the words of the findings, the newest first."""
    found: dict[str, list[str]] = {}
    for each in every:
        for row in reversed(each.rows):
            if row["value"] is None and row["note"] and row["note"] not in found.setdefault(each.area, []):
                found[each.area].append(row["note"])
    return found


def assumptions(monitoring: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Gather what was assumed, from the notes of figures that could be had: area and note, each once."""
    noted = ((each["area"], each["note"]) for each in monitoring["findings"] if each["status"] != "unknown")
    return list(dict.fromkeys((area, note) for area, note in noted if note and area == "estimate"))


def spark(each: Series, windows: Sequence[Row]) -> dict[str, Any] | None:
    """Draw a time line in the size of a word: 120 units across and 24 down.

    Returns
    -------
    dict : `lines` of points `x,y` without a gap, `reference` (its height; None: it has none), and `marks`: x, y, status
    """
    place = {window["number"]: at for at, window in enumerate(windows)}
    rows = [row for row in each.rows if row["window"] in place]
    held = rows[-1]["reference"] if rows else None
    known = [row["value"] for row in rows if row["value"] is not None]
    if not known:
        return None
    beside = [*([] if held is None else [held]), *(limit for limit, _ in timelines.limits(each)[:1])]
    least, most = min([*known, *beside]), max([*known, *beside])

    def height(value: float) -> float:
        return round(21 - 18 * (value - least) / (most - least), 1) if most > least else 12.0

    step = 114 / max(1, len(windows) - 1)
    lines: list[list[str]] = [[]]
    marks = []
    for row in rows:
        if row["value"] is None:
            lines.append([])
            continue
        x, y = round(3 + step * place[row["window"]], 1), height(row["value"])
        lines[-1].append(f"{x:g},{y:g}")
        if row["status"] in ("warning", "alarm"):
            marks.append((x, y, row["status"]))
    return {
        "lines": [line for line in lines if line],
        "reference": None if held is None else height(held),
        "marks": marks,
    }
