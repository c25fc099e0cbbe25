"""The report page: one HTML file that needs nothing beside it, made by the templates from what the stages wrote."""

from collections.abc import Mapping
from typing import Any

from cairn.report import bias_charts, metric_text
from cairn.report.card import title, within
from cairn.report.rendering import fill_page
from cairn.report.report_charts import pictures

__all__ = ["page"]


def page(evidence: Mapping[str, Any], *, points: int = 120) -> str:
    """Write the report page.

    Parameters
    ----------
    evidence : what the stages wrote, by name, as `cairn.report.evidence.read` reads it
    points : most points of a curve that are drawn; their tooltips are what the page weighs

    Returns
    -------
    str : HTML with its style, script and drawings inside
    """
    return fill_page(
        "page.html",
        **evidence,
        title=title(evidence["said"]["name"], evidence["signature"]),
        task=evidence["evaluation"].task,
        champion=evidence["gates"].champion,
        beyond_chance={when: bias_charts.beyond_chance(evidence["bias"], when) for when in ("before", "after")},
        training_names=list(dict.fromkeys(row["series"] for row in evidence["training_curves"])),
        pictures=pictures(evidence, points=points),
        card_html=within(evidence["card"]),
        leading=metric_text.leading(evidence["evaluation"]),
    )
