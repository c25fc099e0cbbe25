"""Compare the last commit with an earlier one, side by side: `python -m bench.against REVISION`.

Each commit is cloned and gets an environment of its own, so the libraries of that commit are measured with it.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import Row, Run, in_turn, run, tell
from bench.project import ROOT, environment

ASKED = 1.1  # noise on a machine with other work


class Checkout:
    """A commit in a folder of its own, with the environment that its Makefile makes."""

    def __init__(self, folder: Path, revision: str) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        subprocess.run(["git", "checkout", "--quiet", revision], cwd=folder, check=True)
        tell(f"  environment of {revision}")
        env = environment(folder)
        subprocess.run(["make", "--quiet", "environment"], cwd=folder, env=env, check=True)
        self.env = env | {"PATH": f"{folder / '.venv' / 'bin'}:{env['PATH']}"}
        del self.env["PYTHONPATH"]

    def run(self, *command: str) -> Run:
        """Run a command there."""
        return run(command, self.folder, self.env)

    def run_cold(self) -> Run:
        """Run the whole job as in a fresh clone: no data, no model, an empty cache of DVC, no lock."""
        for name in ("data", "models", "dvc.lock", ".dvc/cache", ".dvc/tmp"):
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=self.folder, check=True)
        return self.run("dvc", "repro", "--quiet")


def compare(folder: Path, revision: str, times: int) -> list[Row]:
    """Measure the default job, a no-op and the command line in both commits, in turn."""
    ours, before = Checkout(folder / "ours", "HEAD"), Checkout(folder / "before", revision)
    sides = {"ours": ours, "before": before}
    cold = in_turn({name: side.run_cold for name, side in sides.items()}, times)
    noop = in_turn({name: lambda side=side: side.run("dvc", "repro", "-q") for name, side in sides.items()}, 3 * times)
    helped = in_turn({name: lambda side=side: side.run("cairn", "--help") for name, side in sides.items()}, 5 * times)
    return [
        Row.of(what, runs, "ours", "before", beside=revision, asked=ASKED)
        for what, runs in (
            ("default job, cold", cold),
            ("no-op `dvc repro -q`", noop),
            ("`cairn --help`", helped),
        )
    ]


def main() -> None:
    """Print the table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(prog="python -m bench.against", description=__doc__)
    parser.add_argument("revision", help="the commit to compare with, such as v0.1.0")
    parser.add_argument("--times", type=int, default=3, help="runs of the default job on each side")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        rows = compare(Path(folder), arguments.revision, arguments.times)
    print(table({"against": [row.to_json() for row in rows]}))
    sys.exit(0 if all(row.held for row in rows) else 1)


if __name__ == "__main__":
    main()
