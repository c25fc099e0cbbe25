"""Count what the first own result asks for in four templates: `python -m bench.first_ten --sources FOLDER`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.first_ten import report
from bench.first_ten.tools import ENVIRONMENT, GUIDES, SOURCES, TOOLS
from bench.first_ten.visit import visit
from bench.measure import CommandError, tell
from bench.project import PYTHON, ROOT


def main() -> None:
    arguments = _parsed()
    results = (arguments.output or ROOT / "bench") / "first_ten.json"
    try:
        found = json.loads(results.read_text(encoding="utf-8")) if arguments.report_only else _found(arguments)
    except CommandError as error:
        sys.exit(f"error: {error}")
    page = (arguments.output or ROOT / "docs") / "first-ten-minutes.md"
    for path, text in ((results, json.dumps(found, indent=1) + "\n"), (page, report.document(found))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(report.table(found))


def _found(arguments: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-first-ten-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        sources = {name: _checkout(name, arguments.sources, folder / "sources" / name) for name in SOURCES}
        peers = _install(arguments.environment)
        visits = {}
        for name, tool in TOOLS.items():
            tell(name)
            place = folder / name
            place.mkdir()
            visits[name] = visit(tool, sources, peers, place, times=arguments.times, runs=not arguments.no_runs)
        return report.found(visits, {name: _version(path) for name, path in sources.items()}, peers)


def _checkout(name: str, folder: Path, place: Path) -> Path:
    """Clone this project or a source: its last commit is measured. Of a guide only pages are read."""
    source = ROOT if name == "cairn" else folder / name
    if not source.is_dir():
        raise CommandError(f"{source}: no checkout of {name} there")
    if name in GUIDES:
        return source
    done = subprocess.run(["git", "clone", "--quiet", source, place], capture_output=True, text=True)
    if done.returncode:
        raise CommandError(f"{source}: {done.stderr.strip()}")
    return place


def _version(checkout: Path) -> str:
    """Say which commit was counted, and of which day."""
    told = ["git", "log", "-1", "--format=%h of %cs"]
    return subprocess.run(told, cwd=checkout, check=True, capture_output=True, text=True).stdout.strip()


def _install(place: Path) -> Path:
    """Make the peers' environment, unless it stands."""
    ready, python = place / "ready", place / "bin" / "python"
    if ready.exists() and ready.read_text(encoding="utf-8") == ENVIRONMENT:
        return place
    tell("  installing the peers")
    uv = shutil.which("uv", path=f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}") or "uv"
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", PYTHON, place],
        [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *ENVIRONMENT.split()],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise CommandError(f"the peers could not be installed: {' '.join(done.stderr.split())[-300:]}")
    ready.write_text(ENVIRONMENT, encoding="utf-8")
    return place


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.first_ten", description=__doc__)
    add = parser.add_argument
    add("--sources", type=Path, default=ROOT / ".bench" / "sources", help=f"holds checkouts: {', '.join(SOURCES[1:])}")
    add("--environment", type=Path, default=ROOT / ".bench" / "first-ten", help="of the peers; made if missing")
    add("--times", type=int, default=3, help="how often each project is made; default: 3")
    add("--no-runs", action="store_true", help="count alone, and train nothing: no figures")
    add("--output", type=Path, help="a folder for first_ten.json and the page, in place of bench/ and docs/")
    add("--report-only", action="store_true", help="measure nothing, and write the page anew")
    arguments = parser.parse_args()
    if arguments.no_runs and not arguments.output:
        parser.error("--no-runs gives no figures, and goes with --output alone")
    arguments.sources, arguments.environment = arguments.sources.resolve(), arguments.environment.resolve()
    return arguments


if __name__ == "__main__":
    main()
