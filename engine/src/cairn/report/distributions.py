"""Draw the distribution of a column in the reference and in one window."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from cairn.monitoring.documents import Distribution
from cairn.number_text import figure
from cairn.report import charts, timelines
from cairn.report.charts import Spec, tipped
from cairn.report.monitoring_text import format_value

LEVELS_SHOWN = 8  # of a category; the others are one bar


def distribution(counts: Distribution, window: int, name: str) -> Spec | None:
    """Draw the share of rows by bin, in the reference and in one window."""
    if str(window) not in counts.windows:
        return None
    labels = bins(counts)
    parts = {"reference": counts.reference, name: counts.windows[str(window)]}
    if counts.levels is not None:
        labels, parts = largest(labels, parts)
    rows = [
        {"bin": place, "share": rows / (sum(part) or 1), "series": series, "rows": rows, "label": label}
        for series, part in parts.items()
        for place, (label, rows) in enumerate(zip(labels, part, strict=True))
    ]
    filled = {int(str(row["bin"])) for row in rows if row["rows"]}
    tips = tipped(
        [row for row in rows if row["bin"] in filled],
        lambda row: f"{row['label']}, {row['series']}: {format_value('_share', row['share'])} ({row['rows']:,} rows)",
    )
    kept = [label for place, label in enumerate(labels) if place in filled]
    if counts.levels is None:
        kept = [label.partition(" to ")[2] or label for label in kept]  # the upper edge; the tip says both
    x = {"field": "bin", "type": "ordinal", "title": None, "axis": charts.renamed(sorted(filled), kept)}
    colour = {
        "field": "series",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(parts), "range": ["var(--edge)", charts.SERIES[0]]},
    }
    return {
        "data": {"values": tips},
        "height": timelines.HEIGHT,
        "mark": {"type": "bar"},
        "encoding": {
            "x": x,
            "xOffset": {"field": "series", "sort": list(parts)},
            "y": charts.axis("share", None, scale={"zero": True, "nice": True}, axis={"format": ".0%"}),
            "fill": colour,
            "description": {"field": "tip"},
        },
    }


def bins(counts: Distribution) -> list[str]:
    """Name the bins; the last is `missing`, and the outer ones are for values beyond the reference."""
    if counts.levels is not None:
        return [*map(str, counts.levels), "unseen", "missing"]
    edges = [_edge(edge, counts.kind) for edge in counts.edges or []]
    inner = [f"{low} to {high}" for low, high in pairwise(edges)]
    return [f"to {edges[0]}", *inner, f"above {edges[-1]}", "missing"] if edges else ["all", "missing"]


def largest(
    labels: Sequence[str], parts: Mapping[str, Sequence[int]], most: int = LEVELS_SHOWN
) -> tuple[list[str], dict[str, list[int]]]:
    """Add up all levels but the largest; `unseen` and `missing` stay."""
    levels = len(labels) - 2
    shares = [max(part[place] / (sum(part) or 1) for part in parts.values()) for place in range(levels)]
    kept = sorted(sorted(range(levels), key=lambda place: -shares[place])[:most])
    places = [*kept, levels, levels + 1]
    if len(kept) == levels:
        return list(labels), {name: list(part) for name, part in parts.items()}
    others = {name: sum(part[:levels]) - sum(part[place] for place in kept) for name, part in parts.items()}
    named = [labels[place] for place in places]
    counts = {name: [part[place] for place in places] for name, part in parts.items()}
    return [*named[:-2], f"{levels - len(kept)} others", *named[-2:]], {
        name: [*part[:-2], others[name], *part[-2:]] for name, part in counts.items()
    }


def _edge(value: float, kind: str) -> str:
    if kind == "time":
        return datetime.fromtimestamp(86400 * value, tz=UTC).date().isoformat()
    return figure(value)
