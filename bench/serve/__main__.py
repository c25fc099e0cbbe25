"""Measure the server beside others, all with the same model and the same requests: `python -m bench.serve`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from bench.measure import CommandError, tell
from bench.project import PYTHON, ROOT
from bench.serve import model, report
from bench.serve.processes import install
from bench.serve.servers import SYSTEMS
from bench.serve.visit import Bench, visit

SOAK = ROOT / "bench" / "soak.json"  # written by bench.serve.soak


def main() -> None:
    arguments = _parsed()
    results = (arguments.output or ROOT / "bench") / "serve.json"
    if arguments.report_only:
        found = json.loads(results.read_text(encoding="utf-8"))
    else:
        with tempfile.TemporaryDirectory(prefix="bench-serve-") as scratch:
            folder = Path(scratch)
            model.make(folder / "model")
            bench = Bench(folder, folder / "model", model.asked(folder / "model"), arguments.seconds, arguments.warm_up)
            visits = list(_visits(bench, arguments))
        times = {name: getattr(arguments, name) for name in ("rounds", "seconds", "warm_up")}
        found = report.found(visits, **times)
    found["soak"] = json.loads(SOAK.read_text(encoding="utf-8")) if SOAK.exists() else None
    _write(found, results, (arguments.output or ROOT / "docs") / "serving-benchmarks.md")
    print("\n".join(f"{each['asked']}: {each['found']}" for each in found["claims"]))
    if any("failed" in each for each in found["visits"]):
        sys.exit(1)


def _visits(bench: Bench, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Visit all servers in turn, and then again; one that fails says so, is not tried again, and the others go on."""
    pythons, failed = {}, set()
    for number, processes, name in product(range(arguments.rounds), arguments.processes, arguments.systems):
        if (name, processes) in failed:
            continue
        about = {"system": name, "processes": processes, "round": number}
        tell(f"round {number + 1}, {processes} processes, {name}")
        try:
            if name not in pythons:
                pythons[name] = _python(name, arguments.environments)
            yield about | visit(bench, name, processes, pythons[name])
        except CommandError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            failed.add((name, processes))
            yield about | {"failed": " ".join(str(error).split())[-300:]}


def _python(name: str, environments: Path) -> Path:
    environment = SYSTEMS[name].environment
    return Path(PYTHON) if environment is None else install(environment, environments)


def _write(found: dict[str, Any], results: Path, page: Path) -> None:
    for path, text in ((results, json.dumps(found, indent=1) + "\n"), (page, report.document(found))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.serve", description=__doc__)
    add = parser.add_argument
    add("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), metavar="NAME", help=", ".join(SYSTEMS))
    add("--processes", nargs="+", type=_positive, default=[1, 2], metavar="N", help="of each server; default: 1 2")
    add("--rounds", type=_positive, default=3, help="how often each is visited; default: 3")
    add("--seconds", type=_positive, default=5, help="of each load; default: 5")
    add("--warm-up", type=_positive, default=2, help="seconds before, which do not count; default: 2")
    add("--environments", type=Path, default=ROOT / ".bench", help="the folder of the peers' environments")
    add("--output", type=Path, help="a folder for serve.json and the page, in place of bench/ and docs/")
    add("--report-only", action="store_true", help="measure nothing, and write the page anew")
    arguments = parser.parse_args()
    arguments.environments = arguments.environments.resolve()
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


if __name__ == "__main__":
    main()
