"""Run benchmarks, all or the named ones, and write what they found: `python -m bench noop tables`."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import batch, explain, job, models, monitor_scale, noop, page, peers, sweep, tables
from bench.measure import GIB, CommandError, Row, tell
from bench.project import ROOT

BENCHMARKS: dict[str, Callable[[Path, bool], list[Row]]] = {
    "noop": noop.rows,
    "default": job.default,
    "large": job.large,
    "tables": tables.rows,
    "batch": batch.rows,
    "explain": explain.rows,
    "models": models.rows,
    "monitor": monitor_scale.rows,
    "page": page.rows,
    "sweep": sweep.rows,
    "peers": peers.rows,
}
LIBRARIES = ("dvc", "duckdb", "great-expectations", "optuna", "pandas", "scikit-learn", "xgboost")
FAILED = "failed"
HEADER = ("what", "ours", "beside it", "", "ratio", "of CPU", "asked", "held")


def main() -> None:
    arguments = _parsed()
    if (load := os.getloadavg()[0]) > 0.5:
        print(
            f"warning: other work keeps this machine busy (load {load:.1f}); the figures will be off", file=sys.stderr
        )
    measured = {
        name: [row.to_json() for row in _rows(name, quick=arguments.quick)] for name in arguments.names or BENCHMARKS
    }
    print(f"\n{table(measured)}")
    if not arguments.quick or arguments.output:
        _write(measured, arguments.output)
    if any(FAILED in row["why"] for rows in measured.values() for row in rows):
        sys.exit(1)


def _rows(name: str, *, quick: bool) -> list[Row]:
    """Run one benchmark; one that fails says so in its row, and the others go on."""
    tell(name)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            return BENCHMARKS[name](Path(folder), quick)
        except CommandError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return [Row(what=name, beside="", ours=None, peer=None, why=FAILED)]


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="which benchmarks; none: all")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to see that it runs; its figures say nothing"
    )
    parser.add_argument("--output", type=Path, help="a folder for both files, in place of bench/ and docs/")
    return parser.parse_args()


def _write(measured: dict[str, list[dict[str, Any]]], output: Path | None) -> None:
    """Write both files whole; figures of other benchmarks stay if they are of the same machine and versions."""
    results = (output or ROOT / "bench") / "results.json"
    document = (output or ROOT / "docs") / "benchmarks.md"
    for file in (results, document):
        file.parent.mkdir(parents=True, exist_ok=True)
    machine = _machine()
    known = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    before = known["benchmarks"] if known.get("machine") == machine else {}
    all_of_them = {name: rows for name in BENCHMARKS if (rows := measured.get(name) or before.get(name))}
    results.write_text(json.dumps({"machine": machine, "benchmarks": all_of_them}, indent=1) + "\n", encoding="utf-8")
    document.write_text(_document(machine, all_of_them), encoding="utf-8")


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _document(machine: dict[str, Any], measured: dict[str, list[dict[str, Any]]]) -> str:
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return f"""# Benchmarks

`make bench` measures these and writes this page; bench/README.md says how. Every ratio is of whole processes that ran
in turn in one run: medians of seconds, for GiB the largest process. "Of CPU" is the ratio of CPU seconds, which other
work on the machine changes less.

{table(measured)}

Measured on {machine["system"]}, {machine["cores"]} cores, {machine["memory_gib"]} GiB, Python {machine["python"]};
{libraries}.
Every single run, with its CPU seconds and memory, stands in bench/results.json.
"""


def table(measured: dict[str, list[dict[str, Any]]]) -> str:
    """Lay the rows out as a Markdown table, aligned for a terminal."""
    lines = [HEADER, *(_cells(row) for rows in measured.values() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)


def _cells(row: dict[str, Any]) -> Sequence[str]:
    held = {True: "yes", False: "NO", None: ""}[row["held"]]
    if row["ratio"] is None:
        return row["what"], "", row["beside"], "", "", "", "", row["why"]
    figures = [f"{row[side]:.3g} {row['unit']}" for side in ("ours", "peer")]
    asked = "" if row["asked"] is None else f"at most {row['asked']:g}"
    cpu = "" if row["cpu_ratio"] is None else f"{row['cpu_ratio']:.2f}"
    return row["what"], figures[0], row["beside"], figures[1], f"{row['ratio']:.2f}", cpu, asked, held


if __name__ == "__main__":
    main()
