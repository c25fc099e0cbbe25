"""The bias section of the report and of the card: charts, and the differences beyond chance."""

from dataclasses import dataclass

from cairn.bias.documents import BiasReport, Class, FacetReport, Figure, MeasureDescription, NoBiasReport
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


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference between a group and the other rows that chance does not explain.

    Parameters
    ----------
    facet, group, positive : the group, and the class that is compared with the rest
    symbol, title, above : of the measure, and the meaning of its figure
    value, low, high : the figure with its interval
    """

    facet: str
    group: str
    positive: Class | None
    symbol: str
    title: str
    above: str
    value: float
    low: float | None
    high: float | None


def pictures(bias: BiasReport | NoBiasReport) -> dict[str, tuple[Spec, str]]:
    """Return the charts of bias.json, each with its label: a facet's leading measures, by group.

    Parameters
    ----------
    bias : the measured figures

    Returns
    -------
    dict : `bias_0_0`, ...: of the first facet the first measure
    """
    if isinstance(bias, NoBiasReport):
        return {}
    specs = {}
    for place, facet in enumerate(bias.facets):
        for number, name in enumerate(drawn(bias, facet)):
            measure = bias.measures[name]
            rows = tipped(
                _rows(facet, name, measure.when),
                lambda row: f"{row['label']}: {figure(row['value'])} ({row['rows']:,} rows)",
            )
            spec = charts.ranges(rows, axis("value", None), rule=measure.fair) | {"height": 50 + 28 * len(rows)}
            specs[f"bias_{place}_{number}"] = (spec, f"{measure.title}, by {facet.facet}")
    return specs


def drawn(bias: BiasReport, facet: FacetReport) -> list[str]:
    """Name the measures of a facet that are drawn: the leading ones that were measured."""
    return [name for name in order(bias) if _rows(facet, name, bias.measures[name].when)][:DRAWN]


def order(bias: BiasReport) -> list[str]:
    """Name the signed measures, those that most people understand first."""
    signed = [name for name, measure in bias.measures.items() if measure.signed]
    return [*(name for name in FIRST if name in signed), *(name for name in signed if name not in FIRST)]


def beyond_chance(bias: BiasReport | NoBiasReport, when: str = "after") -> list[Difference]:
    """List the differences between groups that chance does not explain: an interval wholly above the fair figure.

    Parameters
    ----------
    bias : the measured figures
    when : before or after training

    Returns
    -------
    list : for each signed measure the group that is farthest above, leading measures first
    """
    if isinstance(bias, NoBiasReport):
        return []
    differences = []
    for name in order(bias):
        measure = bias.measures[name]
        if measure.when == when:
            above = _above(bias, name, measure)
            differences += sorted(above, key=lambda difference: -difference.value)[:1]
    return differences


def asked(bias: BiasReport) -> int:
    """Count the intervals that could exclude the fair figure: of many, some do so by chance."""
    return sum(
        figure.low is not None
        for facet in bias.facets
        for group in facet.groups
        for when in ("before", "after")
        for figure in group.figures(when).values()
    )


def is_measured(bias: BiasReport, when: str = "after") -> bool:
    """Return whether any group has enough rows for a measure that could be unfair."""
    return any(_rows(facet, name, when) for facet in bias.facets for name in order(bias))


def is_of_groups(facet: FacetReport, name: str, measure: MeasureDescription) -> bool:
    """Return whether a measure compares a facet's groups, and is not of all rows at once."""
    return any(name in group.figures(measure.when) for group in facet.groups)


def is_beyond(figure: Figure, fair: float) -> bool:
    """Return whether an interval excludes the fair figure."""
    return figure.low is not None and figure.high is not None and not figure.low <= fair <= figure.high


def _above(bias: BiasReport, name: str, measure: MeasureDescription) -> list[Difference]:
    """List the groups whose interval of a measure is wholly above the fair figure."""
    return [
        Difference(
            facet=facet.facet,
            group=group.group,
            positive=facet.positive,
            symbol=measure.symbol,
            title=measure.title,
            above=measure.above,
            value=figure.value,
            low=figure.low,
            high=figure.high,
        )
        for facet in bias.facets
        for group in facet.groups
        if (figure := group.figures(measure.when).get(name))
        and figure.value is not None
        and figure.value > measure.fair
        and is_beyond(figure, measure.fair)
    ]


def _rows(facet: FacetReport, name: str, when: str) -> list[Row]:
    """Return a row for each group with a figure of a measure, as charts take them."""
    return [
        {
            "label": group.group,
            "rows": group.rows_of(when),
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
        }
        for group in facet.groups
        if (figure := group.figures(when).get(name)) and figure.value is not None
    ]
