"""Plant drift, and count who finds it and who cries wolf: `python -m bench.monitor`."""

import argparse
import json
import tempfile
from pathlib import Path

from bench.monitor import report, runs, streams
from bench.project import ROOT


def main() -> None:
    arguments = _parsed()
    results = (arguments.output or ROOT / "bench") / "monitor.json"
    if arguments.report_only:
        found = json.loads(results.read_text(encoding="utf-8"))
    else:
        work = arguments.work or Path(tempfile.mkdtemp(prefix="bench-monitor-"))
        work.mkdir(parents=True, exist_ok=True)
        found = report.found([*runs.planted(arguments, work), *runs.real(arguments, work)], runs.ENVIRONMENTS)
    page = (arguments.output or ROOT / "docs") / "monitoring-benchmarks.md"
    for path, text in ((results, json.dumps(found, separators=(",", ":")) + "\n"), (page, report.document(found))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print("\n".join(f"{each['asked']}: {each['found']}" for each in found["claims"]))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.monitor", description=__doc__)
    add = parser.add_argument
    add("--tools", nargs="+", choices=runs.TOOLS, default=list(runs.TOOLS))
    add("--scenarios", nargs="+", choices=streams.SCENARIOS, default=list(streams.SCENARIOS), metavar="NAME")
    add("--runs", type=int, default=50, help="streams of each scenario; default: 50")
    add("--evidently-runs", type=int, default=10, help="of those, how many Evidently gets, which is slow; default: 10")
    add("--elec2", type=Path, help="elec2.csv; left out: only the planted drifts")
    add("--processes", type=int, default=2)
    add("--work", type=Path, help="a folder to keep models and streams in, and to go on from")
    add("--environments", type=Path, default=ROOT / ".bench", help="the folder of the peers' environments")
    add("--output", type=Path, help="a folder for monitor.json and the page, in place of bench/ and docs/")
    add("--report-only", action="store_true", help="measure nothing, and write the page anew")
    arguments = parser.parse_args()
    arguments.environments = arguments.environments.resolve()
    return arguments


if __name__ == "__main__":
    main()
