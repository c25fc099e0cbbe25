"""The model card: the purpose and limits of a model, and what was measured; Markdown, and a page made of it.

After Mitchell et al., Model Cards for Model Reporting (2019).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.evaluation.documents import Evaluation, GateReport, Slices
from cairn.number_text import figure
from cairn.report import metric_text
from cairn.report.bias_charts import beyond_chance
from cairn.report.rendering import fill_html, fill_markdown, read, to_html

__all__ = ["alone", "card"]


def card(
    measured: Mapping[str, Any],
    *,
    name: str | None = None,
    purpose: str | None = None,
    owners: Sequence[str] = (),
    not_for: Sequence[str] = (),
    limits: Sequence[str] = (),
    licence: str | None = None,
) -> str:
    """Write the model card as Markdown.

    Parameters
    ----------
    measured : `evaluation`, `slices` and `gates`, as documents; `rules`, `validation`, `bias`, `explanations` and
        `signature`, as the stages wrote them; `training` (the model's metadata), `data` (its node of params.yaml), and
        `raw` (path and hash of the raw tables)
    name : of the model; None: by its target
    purpose : the decision it helps with, and for whom
    owners : the people responsible for it
    not_for : uses that it was not made for
    limits : what its figures do not show
    licence : of the model
    """
    return fill_markdown(
        "model_card.md",
        **measured,
        title=title(name, measured["signature"]),
        said={"purpose": purpose, "owners": owners, "not_for": not_for, "limits": list(limits), "licence": licence},
        weak=weak(measured),
        beyond_chance=beyond_chance(measured["bias"]),
    )


def title(name: str | None, signature: Mapping[str, Any]) -> str:
    """Return the title of a model."""
    return name or f"Prediction of {signature['target']}"


def alone(markdown: str) -> str:
    """Convert a card to a page that needs no other file."""
    heading = markdown.splitlines()[0].removeprefix("# ")
    return fill_html("card_page.html", title=heading, card_html=to_html(markdown), style=read("page.css"))


def within(markdown: str) -> str:
    """Convert a card to a part of a page: without its heading, and the others one level lower."""
    lines = markdown.splitlines()[1:]
    return to_html("\n".join(f"#{line}" if line.startswith("## ") else line for line in lines))


def weak(measured: Mapping[str, Any]) -> list[str]:
    """Describe the weaknesses that were measured: failed gates, rules that warn, and slices without figures.

    Parameters
    ----------
    measured : `gates`, `rules`, `slices` and `evaluation`, as for `card`
    """
    evaluation: Evaluation = measured["evaluation"]
    slices: Slices = measured["slices"]
    gates: GateReport = measured["gates"]
    rules = [result for result in measured["rules"]["rules"] if result["status"] != "pass"]
    small = [group for group in slices.slices if group.metrics[metric_text.MAIN[evaluation.task]] is None]
    weaknesses = [f"Gate failed: {result.gate} ({figure(result.value)})." for result in gates.failed]
    weaknesses += [f"Rule {result['rule']}: {result['message']}." for result in rules]
    if small:
        groups = ", ".join(f"{group.column} {metric_text.value(group.value)} ({group.rows:,} rows)" for group in small)
        weaknesses.append(f"Not measured, for want of rows: {groups}.")
    return weaknesses
