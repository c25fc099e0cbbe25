"""Write what was found: bench/quality.json for machines, docs/quality.md for people."""

import os
import platform
from math import floor, log10
from typing import Any

from bench.measure import GIB
from bench.quality.claims import Claim, claims, mean_ranks
from bench.quality.comparison import METRICS, Difference
from bench.quality.results import Measured, Result
from bench.quality.systems import ENVIRONMENTS, SYSTEMS

BESIDE = "automl"
SPELLED = {"log_loss": "log loss", "roc_auc": "ROC AUC", "rmse": "RMSE"}
DIGITS = {"log_loss": ".4f", "roc_auc": ".4f", "rmse": ".5g"}


def figures(measured: Measured) -> dict[str, Any]:
    """Give every figure of the report as plain JSON content.

    Returns
    -------
    dict : machine, runs (each single run), comparisons (set by set and budget by budget), ranks and claims
    """
    lines = [
        _line(measured, name, budget, system)
        for budget in measured.budgets
        for name in measured.sets
        for system in _systems(measured)
        if measured.of(name, budget, system)
    ]
    ranks = {str(budget): mean_ranks(measured, budget, _ranked(measured, budget)) for budget in measured.budgets}
    return {
        "machine": machine(),
        "runs": [_run(each) for each in sorted(measured.results, key=lambda each: each.stem)],
        "comparisons": lines,
        "ranks": {budget: {"sets": n_sets, "mean": means} for budget, (means, n_sets) in ranks.items()},
        "claims": [each.to_json() for each in claims(measured)],
    }


def document(found: dict[str, Any]) -> str:
    """Lay out what `figures` gave as a page of Markdown."""
    told = found["machine"]
    return f"""# Quality in the same minutes

`make bench-quality` measures this and writes this page: how good each system's models are on rows that it never saw,
after the same seconds on the same {told["cores"]} cores. bench/quality/ holds how: the sets and their split in sets.py,
the systems and their settings in systems.py and peers/. Lower log loss and RMSE are better, higher ROC AUC.
"less {BESIDE}" is a system's figure less {BESIDE}'s, with the standard error of that difference: over the test rows,
which are the same for both (DeLong's for the ROC AUC), or over the splits where there are several. Seconds are of whole
processes from start to end, a peer's with its predictions; GiB are of the largest process.

{_claims([Claim(**each) for each in found["claims"]])}

{_ranks(found["ranks"])}

{_tables(found["comparisons"])}

Measured on {told["system"]}, {told["cores"]} cores, {told["memory_gib"]} GiB, Python {told["python"]}, beside
{"; ".join(ENVIRONMENTS.values())}. Every single run stands in bench/quality.json.
"""


def machine() -> dict[str, Any]:
    """Describe where this runs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
    }


def _systems(measured: Measured) -> list[str]:
    return [system for system in SYSTEMS if any(each.system == system for each in measured.results)]


def _ranked(measured: Measured, budget: int) -> list[str]:
    """Name the systems that were tried in a budget, on whatever set."""
    return [each for each in _systems(measured) if any(measured.of(name, budget, each) for name in measured.sets)]


def _run(result: Result) -> dict[str, Any]:
    told = {"set": result.set, "split": result.split, "budget": result.budget, "system": result.system}
    if result.scores is None:
        return told | {"failed": result.failed}
    taken = {"seconds": result.seconds, "cpu": result.cpu, "gib": result.gib}
    return told | {name: float(f"{value:.6g}") for name, value in (result.scores | taken).items() if value is not None}


def _line(measured: Measured, name: str, budget: int, system: str) -> dict[str, Any]:
    """Give one system on one set in one budget, over its splits."""
    found = measured.of(name, budget, system)
    metrics = METRICS[found[0].task]
    line: dict[str, Any] = {"set": name, "rows": found[0].rows, "budget": budget, "system": system}
    line["splits"] = sum(each.scores is not None for each in found)
    line["failed"] = next((each.failed for each in found if each.failed), None)
    line["scores"] = {metric: measured.score(name, budget, system, metric) for metric in metrics}
    apart = {metric: measured.difference(name, budget, system, BESIDE, metric) for metric in metrics}
    line["less"] = {} if system == BESIDE else {metric: each and each._asdict() for metric, each in apart.items()}
    line["seconds"] = max((each.seconds for each in found if each.seconds is not None), default=None)
    line["gib"] = max((each.gib for each in found if each.gib is not None), default=None)
    return line


def _tables(lines: list[dict[str, Any]]) -> str:
    parts = []
    for name, budget in dict.fromkeys((each["set"], each["budget"]) for each in lines):
        own = [each for each in lines if (each["set"], each["budget"]) == (name, budget)]
        if all(each["system"] != BESIDE for each in own):
            continue  # peers alone, as long as ours was not measured in that budget
        metrics = list(own[0]["scores"])
        header = [
            "system",
            *(word for each in metrics for word in (SPELLED[each], f"less {BESIDE}")),
            "seconds",
            "GiB",
            "splits",
        ]
        parts.append(f"## {name} ({own[0]['rows']:,} rows), {budget} s\n\n{_table([header, *map(_cells, own)])}")
    return "\n\n".join(parts)


def _cells(line: dict[str, Any]) -> list[str]:
    cells = [line["system"]]
    for metric, value in line["scores"].items():
        apart = line["less"].get(metric)
        cells.append("failed" if value is None else f"{value:{DIGITS[metric]}}")
        cells.append(_apart(Difference(**apart), metric) if apart else "")
    taken = [f"{line['seconds']:.1f}", f"{line['gib']:.2f}"] if line["seconds"] is not None else ["", ""]
    return [*cells, *taken, str(line["splits"])]


def _apart(apart: Difference, metric: str) -> str:
    digits = DIGITS[metric]
    if digits.endswith("g"):  # as many places as say two digits of the error
        digits = f",.{max(0, 1 - floor(log10(apart.error)))}f" if apart.error > 0 else ",.0f"
    return f"{apart.value:+{digits}} ± {apart.error:{digits}}"


def _ranks(ranks: dict[str, Any]) -> str:
    parts = []
    for budget, each in ranks.items():
        if BESIDE not in each["mean"]:
            continue
        ordered = sorted(each["mean"].items(), key=lambda pair: pair[1])
        rows = [["system", "mean rank"], *([name, f"{rank:.2f}"] for name, rank in ordered)]
        parts.append(f"## Mean rank, {budget} s, by log loss or RMSE (sets: {each['sets']})\n\n{_table(rows)}")
    return "\n\n".join(parts)


def _claims(found: list[Claim]) -> str:
    held = {True: "yes", False: "NO", None: "not measured"}
    return "## Asked and held\n\n" + _table([["asked", "found", "held"], *([a, b, held[c]] for a, b, c in found)])


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
