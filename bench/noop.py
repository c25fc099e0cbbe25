"""A `dvc repro` that has nothing to do, beside what no command of DVC can be faster than: its import."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path

from bench.measure import Row, in_turn, run
from bench.project import PYTHON, Project

ASKED = 4.0
STAGES = 10
IMPORT = "python -c 'import dvc.repo'"


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure in the finished project, and in a graph of ten stages that only copy a line."""
    project, empty = Project(folder / "project"), folder / "empty"
    if quick:
        project.edit("conf/data/hat_shop.yaml", customers=2000)
        project.shrink()
    project.run("dvc", "repro")
    _empty_graph(empty, project.env)
    runs = in_turn(
        {
            "project": lambda: project.run("dvc", "repro", "-q"),
            "empty": lambda: run(["dvc", "repro", "-q"], empty, project.env),
            "import": lambda: project.run(PYTHON, "-c", "import dvc.repo"),
        },
        times=2 if quick else 7,
    )
    return [
        Row.of("no-op `dvc repro -q` of the project", runs, "project", "import", beside=IMPORT, asked=ASKED),
        Row.of(f"the same of {STAGES} stages that copy a line", runs, "empty", "import", beside=IMPORT),
    ]


def _empty_graph(folder: Path, env: dict[str, str]) -> None:
    """Make and run a chain of stages, each of which copies the file of the one before."""
    folder.mkdir()
    (folder / "0.txt").write_text("a line\n", encoding="utf-8")
    names = [f"{number}.txt" for number in range(STAGES + 1)]
    stages = {
        f"copy{number}": {"cmd": f"cp {old} {new}", "deps": [old], "outs": [new]}
        for number, (old, new) in enumerate(pairwise(names))
    }
    (folder / "dvc.yaml").write_text(json.dumps({"stages": stages}), encoding="utf-8")  # JSON is YAML too
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["dvc", "repro", "-q"]):
        subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
