"""The result of a run on one screen: how good, what it must reach, and where to look."""

import argparse
from collections.abc import Mapping
from typing import Any

from cairn import layout
from cairn.evaluation import gates
from cairn.files import read_json
from cairn.number_text import plain


def summary() -> str:
    """Lay out evaluation.json and gates.json as text."""
    metrics, judged = read_json(layout.EVALUATION), read_json(layout.GATES)
    rows = metrics["rows"]
    lines = [
        f"{metrics['task']} model, trained on {rows['train']:,} rows, tested on {rows['test']:,}",
        "",
        *_test_metrics(metrics),
        "",
        gates.table(judged["gates"]),
        "",
        f"{'All gates passed.' if judged['passed'] else 'The model did not pass its gates.'} Where to look:",
        f"  {layout.PAGE}   all of it on one page",
        f"  {layout.EVALUATION}  {layout.SLICES}  {layout.GATES}   the figures",
        f"  {layout.VALIDATION}/index.html   what was expected of the data, and found",
        f"  {layout.MODEL}/   the model, its signature and its card",
        "  dvc plots show   the curves",
    ]
    return "\n".join(lines)


def main(_: argparse.Namespace) -> None:
    """Run `cairn summary`."""
    print(summary())


def _test_metrics(metrics: Mapping[str, Any]) -> list[str]:
    dummy, ceiling = metrics["baseline"]["dummy"], metrics.get("ceiling", {})
    lines = [f"{'test metric':<24}{'figure':>10}  {'95 % interval':<22}{'dummy':>10}{'best possible':>16}"]
    for name, figures in metrics["test"].items():
        interval = f"{plain(figures['low'])} to {plain(figures['high'])}"
        best = ceiling.get(name)
        reached = f"{plain(best['best'])} ({best['share']:.0%})" if best else ""
        without = plain(dummy.get(name))  # of an interval's coverage there is none
        lines.append(f"{name:<24}{plain(figures['value']):>10}  {interval:<22}{without:>10}{reached:>16}".rstrip())
    return lines
