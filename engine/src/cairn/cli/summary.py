"""The result of a run on one screen: metrics, gates, and the files with the rest."""

import argparse

from cairn import layout
from cairn.documents import read_document
from cairn.evaluation import gates
from cairn.evaluation.documents import Evaluation, GateReport
from cairn.number_text import plain


def summary() -> str:
    """Format evaluation.json and gates.json as text.

    Raises
    ------
    InputError : one of them is not valid
    """
    evaluation = read_document(Evaluation, layout.EVALUATION)
    report = read_document(GateReport, layout.GATES)
    lines = [
        f"{evaluation.task} model, trained on {evaluation.rows.train:,} rows, tested on {evaluation.rows.test:,}",
        "",
        *_test_metrics(evaluation),
        "",
        gates.table(report.gates),
        "",
        f"{'All gates passed.' if report.passed else 'The model did not pass its gates.'} Where to look:",
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


def _test_metrics(evaluation: Evaluation) -> list[str]:
    dummy, ceilings = evaluation.baseline.dummy, evaluation.ceiling or {}
    lines = [f"{'test metric':<24}{'figure':>10}  {'95 % interval':<22}{'dummy':>10}{'best possible':>16}"]
    for name, metric in evaluation.test.items():
        interval = f"{plain(metric.low)} to {plain(metric.high)}"
        ceiling = ceilings.get(name)
        best = f"{plain(ceiling.best)} ({ceiling.share:.0%})" if ceiling and ceiling.share is not None else ""
        guess = plain(dummy.get(name))  # the coverage of an interval has none
        lines.append(f"{name:<24}{plain(metric.value):>10}  {interval:<22}{guess:>10}{best:>16}".rstrip())
    return lines
