"""What the report and the card say of bias."""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.number_text import figure
from cairn.report import charts
from cairn.report.charts import Row, Spec, axis, tipped

DRAWN = 3  # measures of a facet that are drawn; the table has all
FIRST = (
    "predicted_proportion_difference",
    "recall_difference",
    "acceptance_rate_difference",
    "accuracy_difference",
    "label_proportion_difference",
)


def pictures(bias: Mapping[str, Any]) -> dict[str, tuple[Spec, str]]:
    """Give the charts of reports/bias.json, each with its label: a facet's leading measures, by group.

    Parameters
    ----------
    bias : as `cairn.bias.audit.audit` gives it

    Returns
    -------
    dict : `bias_0_0`, ...: of the first facet the first measure
    """
    found = {}
    for place, facet in enumerate(bias["facets"]):
        for number, name in enumerate(drawn(bias, facet)):
            measure = bias["measures"][name]
            rows = _of_groups(facet, name, measure["when"])
            told = tipped(rows, lambda row: f"{row['label']}: {figure(row['value'])} ({row['rows']:,} rows)")
            spec = charts.ranges(told, axis("value", None), rule=measure["fair"]) | {"height": 50 + 28 * len(rows)}
            found[f"bias_{place}_{number}"] = (spec, f"{measure['title']}, by {facet['facet']}")
    return found


def drawn(bias: Mapping[str, Any], facet: Row) -> list[str]:
    """Name the measures of a facet that are drawn: the leading ones that were measured."""
    return [name for name in order(bias) if _of_groups(facet, name, bias["measures"][name]["when"])][:DRAWN]


def order(bias: Mapping[str, Any]) -> list[str]:
    """Name the signed measures, those that say most to most people first."""
    signed = [name for name, measure in bias.get("measures", {}).items() if measure["signed"]]
    return [*(name for name in FIRST if name in signed), *(name for name in signed if name not in FIRST)]


def beyond_chance(bias: Mapping[str, Any], when: str = "after") -> list[dict[str, Any]]:
    """List the differences between groups that chance does not explain: an interval wholly above what is fair.

    Parameters
    ----------
    bias : as `cairn.bias.audit.audit` gives it
    when : before or after training

    Returns
    -------
    list of dict : `facet`, `group`, `positive`, and the measure's `symbol`, `title`, `above` (what it means), `value`,
        `low` and `high`; for each signed measure the group that is farthest above, leading measures first
    """
    found = []
    for name in order(bias):
        measure = bias["measures"][name]
        if measure["when"] != when:
            continue
        groups = [
            {**_about(facet, group), **measure, **group[when][name]}
            for facet in bias["facets"]
            for group in facet["groups"]
            if group[when] and is_beyond(group[when].get(name, {}), measure["fair"])
        ]
        above = [each for each in groups if each["value"] > each["fair"]]
        found += sorted(above, key=lambda each: -each["value"])[:1]
    return found


def asked(bias: Mapping[str, Any]) -> int:
    """Count the intervals that could lie beyond what is fair: of many, some do so by chance."""
    return sum(
        figure.get("low") is not None
        for facet in bias["facets"]
        for group in facet["groups"]
        for when in ("before", "after")
        for figure in (group[when] or {}).values()
    )


def is_measured(bias: Mapping[str, Any], when: str = "after") -> bool:
    """Say whether any group has rows enough for a measure that could be found unfair."""
    return any(_of_groups(facet, name, when) for facet in bias["facets"] for name in order(bias))


def is_of_groups(facet: Row, name: str, measure: Row) -> bool:
    """Say whether a measure was asked of a facet's groups, and not of all rows at once."""
    return any(name in (group[measure["when"]] or {}) for group in facet["groups"])


def is_beyond(figure: Mapping[str, Any], fair: float) -> bool:
    """Say whether an interval leaves out what is fair."""
    low, high = figure.get("low"), figure.get("high")
    return low is not None and high is not None and not low <= fair <= high


def _about(facet: Row, group: Row) -> dict[str, Any]:
    return {"facet": facet["facet"], "group": group["group"], "positive": facet["positive"]}


def _of_groups(facet: Row, name: str, when: str) -> Sequence[dict[str, Any]]:
    part = "train" if when == "before" else "test"
    return [
        {"label": group["group"], "rows": group["rows"][part], **group[when][name]}
        for group in facet["groups"]
        if group[when] and group[when].get(name, {}).get("value") is not None
    ]
