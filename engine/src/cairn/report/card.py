"""The model card: what people say of a model, beside what was measured; Markdown, and a page made of it.

After Mitchell et al., Model Cards for Model Reporting (2019).
"""

from collections.abc import Mapping, Sequence
from typing import Any

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
    measured : `evaluation`, `slices`, `gates`, `rules`, `validation`, `bias`, `explanations` and `signature`, as the
        stages wrote them; `training` (what the model was made of), `data` (its node of params.yaml), and `raw` (path
        and hash of the raw tables)
    name : what people call the model; None: by its target
    purpose : which decision it helps with, and for whom
    owners : who answers for it
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
    """Give what a model is called."""
    return name or f"Prediction of {signature['target']}"


def alone(markdown: str) -> str:
    """Make a page of a card, which needs nothing beside it."""
    heading = markdown.splitlines()[0].removeprefix("# ")
    return fill_html("card_page.html", title=heading, card_html=to_html(markdown), style=read("page.css"))


def within(markdown: str) -> str:
    """Make a part of a page of a card: without its heading, and the others one level lower."""
    lines = markdown.splitlines()[1:]
    return to_html("\n".join(f"#{line}" if line.startswith("## ") else line for line in lines))


def weak(measured: Mapping[str, Any]) -> list[str]:
    """Say what was measured and speaks against the model.

    Parameters
    ----------
    measured : `gates`, `rules`, `slices` and `evaluation`, as for `card`
    """
    main = metric_text.MAIN[measured["evaluation"]["task"]]
    gates = [each for each in measured["gates"]["gates"] if not each["passed"]]
    rules = [each for each in measured["rules"]["rules"] if each["status"] != "pass"]
    small = [each for each in measured["slices"]["slices"] if each[main] is None]
    found = [f"Gate failed: {each['gate']} ({figure(each['value'])})." for each in gates]
    found += [f"Rule {each['rule']}: {each['message']}." for each in rules]
    if small:
        groups = ", ".join(
            f"{each['column']} {metric_text.value(each['value'])} ({each['rows']:,} rows)" for each in small
        )
        found.append(f"Not measured, for want of rows: {groups}.")
    return found
