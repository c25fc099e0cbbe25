"""What monitoring found, on one screen: windows down, areas across, then what is off, the worst first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cairn.monitoring.export import line, name, period

WINDOWS = 14  # the newest that are shown
FINDINGS = 15  # the worst that are shown
NAMED = 3  # of them in the one line of an alarm
WORDS = {"ok": "ok", "warning": "warning", "alarm": "ALARM", "unknown": "-"}
Row = Sequence[str]


def screen(content: Mapping[str, Any]) -> str:
    """Lay out monitoring.json as text, without where to look.

    Parameters
    ----------
    content : what monitoring.json holds
    """
    parts = [heading(content), windows(content), findings(content)]
    parts += ["\n".join(f"note: {trouble}" for trouble in content["troubles"])]
    return "\n\n".join(part for part in parts if part)


def heading(content: Mapping[str, Any]) -> str:
    """Say which model, how many predictions, and against what."""
    model, rows, reference = content["model"], content["rows"], content["reference"]
    which = f"{model['name']} {model['version'] or 'in ' + model['folder']}" + (
        f" ({model['stage']})" if model["stage"] else ""
    )
    text = f"{which}: {rows['recorded']:,} predictions"
    if rows["labelled"] is not None:
        text += f", {rows['labelled']:,} of them with the truth"
    against = f"the model's baseline of {reference['rows']:,} rows"
    if reference["kind"] == "recorded":
        against = (
            f"{reference['rows']:,} predictions of {period({'start': reference['since'], 'end': reference['until']})}"
        )
    return f"{text}, held against {against}; times in UTC"


def windows(content: Mapping[str, Any]) -> str:
    """Give a line a window, and a column an area that was looked at."""
    shown = content["windows"][-WINDOWS:]
    if not shown:
        return ""
    looked = {finding["area"] for finding in content["findings"]}
    areas = [area for area in content["areas"] if area in looked]
    labels = ["labels"] if content["rows"]["labelled"] is not None else []
    rows = [["window", "rows", *labels, *areas]]
    for each in shown:
        counts = [f"{each['rows']:,}", *([f"{each['labelled']:,}"] if labels else [])]
        words = [WORDS[each["areas"][area]] for area in areas]
        rows.append([_start(each) + ("" if each["full"] else " so far"), *counts, *words])
    left_out = len(content["windows"]) - len(shown)
    earlier = f"\n({left_out:,} earlier windows are in the report)" if left_out else ""
    return aligned(rows, right={1, 1 + len(labels)}) + earlier


def findings(content: Mapping[str, Any]) -> str:
    """List what is off in the windows that answer, the worst first."""
    off = [*content["alarms"], *content["warnings"]]
    if not off:
        return {
            "ok": "Nothing is off.",
            "unknown": "Nothing could be judged: no full window has enough rows.",
        }.get(content["status"], "")
    starts = {window["number"]: _start(window) for window in content["windows"]}
    rows = [["", "what", "figure", "before", "off by", "p-value", "rows", "window from"]]
    for each in off[:FINDINGS]:
        figures = [_shown(each[key]) for key in ("value", "reference", "change")]
        counts = [_p_value(each["p_value"]), f"{each['rows']:,}"]
        rows.append([WORDS[each["status"]], name(each), *figures, *counts, starts[each["window"]]])
    more = f"\n(and {len(off) - FINDINGS:,} more)" if len(off) > FINDINGS else ""
    return aligned(rows, right={2, 3, 4, 5, 6}) + more


def alarm(content: Mapping[str, Any]) -> str:
    """Name the alarms in one line, the worst first."""
    named = [line(each, content["windows"]) for each in content["alarms"][:NAMED]]
    more = len(content["alarms"]) - len(named)
    return "; ".join([*named, *([f"and {more:,} more"] if more else [])])


def aligned(rows: Sequence[Row], right: set[int]) -> str:
    """Set cells under one another.

    Parameters
    ----------
    rows : all of one length
    right : the places of the columns that stand to the right
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _start(window: Mapping[str, Any]) -> str:
    return f"{datetime.fromisoformat(window['start']):%Y-%m-%d %H:%M}"


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.4g}"


def _p_value(value: float | None) -> str:
    if value is None:
        return "-"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
