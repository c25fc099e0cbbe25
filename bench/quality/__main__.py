"""Measure how good models are after the same minutes, ours and the peers': `python -m bench.quality --budgets 60`."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

from bench.measure import CommandError
from bench.project import ROOT
from bench.quality import report, sets
from bench.quality.comparison import METRICS, scores
from bench.quality.results import Cache, Result
from bench.quality.sets import SETS, DataSet, Parts
from bench.quality.systems import SYSTEMS, measure

PLACE = ROOT / ".bench"


def main() -> None:
    arguments = _parsed()
    cache = Cache(arguments.cache)
    if not arguments.report_only:
        _take_cores(arguments.cores)
        for result, parts in _wanted(arguments):
            known = None if result.system in arguments.again else cache.find(result)
            if known is None:
                print(f"{_name(result)}: running", flush=True)
                known = _measured(result, parts, cache, arguments)
            print(f"{_name(result)}: {_said(known)}", flush=True)
    _write(cache, arguments.output)


def _wanted(arguments: argparse.Namespace) -> Iterator[tuple[Result, Parts]]:
    """Give every run that is asked for, with what it learns from; one without a budget comes once."""
    for (place, budget), data in product(enumerate(arguments.budgets), _chosen(arguments)):
        for (number, rows, parts), name in product(_splits(data, arguments), arguments.systems):
            budgeted = SYSTEMS[name].budgeted
            if budgeted or place == 0:
                yield Result(data.name, number, budget if budgeted else None, name, task=parts.task, rows=rows), parts


def _splits(data: DataSet, arguments: argparse.Namespace) -> Iterator[tuple[int, int, Parts]]:
    try:
        table = sets.read(data, arguments.data)
    except (FileNotFoundError, KeyError) as error:
        print(f"{data.name}: skipped: {error}", file=sys.stderr)
        return
    for number in range(arguments.splits if len(table) < sets.LARGE else arguments.large_splits):
        yield number, len(table), sets.split(table, data, number)


def _measured(result: Result, parts: Parts, cache: Cache, arguments: argparse.Namespace) -> Result:
    """Run one system and keep what it gave; one that fails says so in its result, and the others go on."""
    system, seconds = SYSTEMS[result.system], result.budget or 0
    try:
        taken, predicted = measure(
            system, parts, seconds=seconds, cores=arguments.cores, environments=arguments.environments
        )
    except (CommandError, OSError, ValueError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", None) or error)
        print(said, file=sys.stderr)
        result = replace(result, failed=" ".join(said.split())[-300:])
        cache.keep(result, parts.actual, None)
        return result
    result = replace(result, seconds=taken.wall, cpu=taken.cpu, gib=taken.peak)
    result = replace(result, scores=scores(parts.actual, predicted, parts.task))
    cache.keep(result, parts.actual, predicted)
    return result


def _write(cache: Cache, output: Path | None) -> None:
    found = report.figures(cache.all())
    results, page = (output or ROOT / "bench") / "quality.json", (output or ROOT / "docs") / "quality.md"
    for path, text in ((results, json.dumps(found, indent=1) + "\n"), (page, report.document(found))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"wrote {results} and {page}")


def _name(result: Result) -> str:
    budget = "no budget" if result.budget is None else f"{result.budget} s"
    return f"{result.set}, split {result.split}, {budget}, {result.system}"


def _said(result: Result) -> str:
    if result.scores is None:
        return "failed"
    told = ", ".join(f"{metric} {result.scores[metric]:.5g}" for metric in METRICS[result.task])
    return f"{told}, {result.seconds:.1f} s, {result.gib:.2f} GiB"


def _take_cores(cores: int) -> None:
    """Keep to so many cores, and every process started from here with it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _chosen(arguments: argparse.Namespace) -> list[DataSet]:
    return [data for data in (*SETS, *arguments.set) if not arguments.sets or data.name in arguments.sets]


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    add = parser.add_argument
    add("--budgets", nargs="+", type=_positive, default=[60, 180], metavar="SECONDS", help="default: 60 180")
    add("--sets", nargs="+", metavar="NAME", help="which sets; none: all")
    add("--set", action="append", type=_set, default=[], metavar="NAME=PATH:TARGET[:DROP,...]", help="one more set")
    add("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), metavar="NAME", help=", ".join(SYSTEMS))
    add("--splits", type=_positive, default=5, help=f"of each set of less than {sets.LARGE:,} rows; default: 5")
    add("--large-splits", type=_positive, default=1, help="of each larger set; default: 1")
    add("--cores", type=_positive, default=2, help="how many cores each system gets")
    add("--data", type=Path, default=ROOT.parent / "shared/data", help="the folder of the sets' files")
    add("--environments", type=Path, default=PLACE, help="the folder of the peers' environments, made where missing")
    add("--cache", type=Path, default=PLACE / "quality", help="the folder of what was measured")
    add("--again", nargs="+", choices=SYSTEMS, default=[], metavar="NAME", help="systems to measure anew")
    add("--output", type=Path, help="a folder for quality.json and quality.md, in place of bench/ and docs/")
    add("--report-only", action="store_true", help="measure nothing, and write the report anew")
    arguments = parser.parse_args()
    known = [data.name for data in (*SETS, *arguments.set)]
    if unknown := [name for name in arguments.sets or () if name not in known]:
        parser.error(f"--sets: no set {', '.join(unknown)}; there are {', '.join(known)}")
    for folder in ("data", "environments", "cache"):
        setattr(arguments, folder, getattr(arguments, folder).resolve())
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _set(text: str) -> DataSet:
    try:
        return DataSet.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    main()
