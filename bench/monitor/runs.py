"""What the bench runs: streams are made, and each tool is given them, some at once."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.measure import tell
from bench.monitor import asked, ours, project, report, streams
from bench.project import ROOT
from bench.quality.systems import QUIET, install

HERE = Path(__file__).parent
# NannyML 0.13.1 does not name statsmodels among its requirements, and Evidently 0.7.23 fails beside pandas 3.
ENVIRONMENTS = {
    "evidently": "evidently==0.7.23 pandas==2.3.3",
    "nannyml": "nannyml==0.13.1 pandas==2.3.3 statsmodels==0.15.0",
}
TOOLS = ("cairn", *ENVIRONMENTS)


def planted(arguments: argparse.Namespace, work: Path) -> Iterator[dict[str, Any]]:
    """Give each tool the streams of the shop."""
    shop = work / "shop"
    if not (shop / "models/baseline.json").exists():
        tell("the shop's model")
        project.shop(shop)
    runs = {"cairn": arguments.runs, "evidently": arguments.evidently_runs, "nannyml": arguments.runs}
    every = list(streams.streams(arguments.scenarios, arguments.runs))
    tell(f"{len(every)} streams")
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        jobs = [(shop, work, each) for each in every]
        yield from filter(None, pool.map(_make_and_watch if "cairn" in arguments.tools else _make, jobs))
        pool.submit(_make_reference, shop, work).result()
    for tool in [each for each in ENVIRONMENTS if each in arguments.tools]:
        tell(tool)
        some = {str(work / each.file): each for each in every if each.seed < streams.FIRST + runs[tool]}
        yield from _peer(tool, work / "reference.parquet", some, streams.ROWS, arguments, work)


def real(arguments: argparse.Namespace, work: Path) -> Iterator[dict[str, Any]]:
    """Give each tool what really happened in elec2, after the half that the model was made from."""
    if arguments.elec2 is None:
        return
    folder, stream = work / "elec2", streams.Stream("elec2", 0)
    if not (folder / "models/baseline.json").exists():
        tell("elec2's model")
        project.elec2(folder, arguments.elec2)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        losses = pool.submit(_make_real, folder, work, arguments.elec2).result()
        yield {"tool": "loss", "scenario": "elec2", "seed": 0, "losses": losses}
        if "cairn" in arguments.tools:
            tell("cairn, elec2")
            yield pool.submit(_watch, (folder, work / stream.file, stream)).result()
    for tool in [each for each in ENVIRONMENTS if each in arguments.tools]:
        tell(f"{tool}, elec2")
        yield from _peer(
            tool, work / "elec2-reference.parquet", {str(work / stream.file): stream}, project.WEEK, arguments, work
        )


@cache
def _open(folder: Path) -> tuple[project.Watched, Any]:
    watched = project.finished(folder)
    return watched, watched.model


def _make(job: tuple[Path, Path, streams.Stream]) -> None:
    folder, work, stream = job
    if (work / stream.file).exists():
        return
    with tempfile.TemporaryDirectory(prefix="bench-monitor-") as scratch:
        table = asked.answered(_open(folder)[1], streams.draw(stream, ROOT, Path(scratch)))
    table.to_parquet(work / f"{stream.file}.part")
    (work / f"{stream.file}.part").rename(work / stream.file)


def _make_and_watch(job: tuple[Path, Path, streams.Stream]) -> dict[str, Any]:
    _make(job)
    folder, work, stream = job
    return _watch((folder, work / stream.file, stream))


def _make_reference(folder: Path, work: Path) -> None:
    if (work / "reference.parquet").exists():
        return
    with tempfile.TemporaryDirectory(prefix="bench-monitor-") as scratch:
        table = asked.answered(_open(folder)[1], streams.reference(ROOT, Path(scratch)))
    table.to_parquet(work / "reference.parquet")


def _make_real(folder: Path, work: Path, data: Path) -> dict[str, list[float]]:
    """Write the second half as a stream of whole weeks, and the test part as the peers' reference; give real losses."""
    import pandas as pd

    from cairn.rows.signature import read

    model = _open(folder)[1]
    rows = project.timed(pd.read_csv(data))[project.HALF :].reset_index(drop=True)
    rows = rows[: len(rows) // project.WEEK * project.WEEK]
    stream = asked.answered(model, rows.assign(window=rows.index // project.WEEK))
    test = asked.answered(model, read(folder / "data/processed/test.parquet"))
    stream.to_parquet(work / "elec2-0.parquet")
    test.to_parquet(work / "elec2-reference.parquet")
    return {"test": report.losses(test.assign(window=0)), "stream": report.losses(stream)}


def _watch(job: tuple[Path, Path, streams.Stream]) -> dict[str, Any]:
    import pandas as pd

    folder, file, stream = job
    kept = file.with_suffix(".cairn.json")
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    watched, model = _open(folder)
    found = ours.watch(pd.read_parquet(file), model, watched.baseline, watched.params)
    told = {"tool": "cairn", "scenario": stream.scenario, "seed": stream.seed, **found}
    kept.write_text(json.dumps(told), encoding="utf-8")
    return told


def _peer(
    tool: str, reference: Path, some: dict[str, streams.Stream], rows: int, arguments: argparse.Namespace, work: Path
) -> Iterator[dict[str, Any]]:
    """Run a peer's script on some streams, by paths; of a script that failed, what it said until then counts."""
    python = install(f"monitor-{tool}", arguments.environments, ENVIRONMENTS[tool])
    job = {"reference": str(reference), "features": _features(reference), "rows": rows}
    running = {}
    for number in range(min(arguments.processes, len(some))):
        place = work / f"{tool}-{number}.json"
        place.write_text(json.dumps(job | {"streams": list(some)[number :: arguments.processes]}), encoding="utf-8")
        running[place.with_suffix(".said")] = _start(tool, python, place)
    for said, process in running.items():
        if process.wait():
            print(f"error: {tool}: exit code {process.returncode}", file=sys.stderr)
        for line in said.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            stream = some[told.pop("stream")]
            yield {"tool": tool, "scenario": stream.scenario, "seed": stream.seed, **told}


def _start(tool: str, python: Path, job: Path) -> "subprocess.Popen[bytes]":
    env = os.environ | QUIET | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with job.with_suffix(".said").open("w") as said:
        return subprocess.Popen([python, "-I", HERE / "peers" / f"{tool}.py", job], stdout=said, env=env)


def _features(reference: Path) -> list[str]:
    import pyarrow.parquet as pq

    own = {"window", "probability", "prediction", "actual"}
    return [name for name in pq.read_schema(reference).names if name not in own and not name.startswith("__")]
