"""Fresh copies of this project to measure in, and the environment that commands run in there."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measure import Run, run

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
FORGOTTEN = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "DVC_EXP_NAME", "DVC_ROOT", "VIRTUAL_ENV")


class Project:
    """A fresh clone of the last commit: no data, an empty DVC cache, no journal of a search."""

    def __init__(self, folder: Path) -> None:
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        self.folder = folder
        self.env = environment(folder)

    def edit(self, file: str, **values: Any) -> None:
        """Give keys of a YAML file other values; each key must stand there, on a line of its own."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        for key, value in values.items():
            text, found = re.subn(rf"(?m)^([ -]*){key}:.*$", rf"\g<1>{key}: {value}", text, count=1)
            assert found, f"{file}: no key {key}"
        path.write_text(text, encoding="utf-8")

    def shrink(self) -> None:
        """Make the search short, and drop the gates, which a model of few rows would fail."""
        self.edit("conf/search/tpe.yaml", trials=2)
        gates = self.folder / "conf/gates/hat_shop.yaml"
        gates.write_text(gates.read_text(encoding="utf-8").split("gates:")[0] + "gates: []\n", encoding="utf-8")

    def run(self, *command: str | Path) -> Run:
        """Run a command in the clone, on the clone's own code."""
        return run(command, self.folder, self.env)

    def python(self, *arguments: str | Path) -> Run:
        """Run Python in the clone."""
        return self.run(PYTHON, *arguments)


def environment(project: Path) -> dict[str, str]:
    """Give the environment of a person who works in a project, whatever this process runs in."""
    env = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
    env["PATH"] = f"{Path(PYTHON).parent}{os.pathsep}{env['PATH']}"
    env["PYTHONPATH"] = f"{project / 'src'}{os.pathsep}{project / 'engine' / 'src'}"
    env["DVC_NO_ANALYTICS"] = "1"
    env["DVC_SITE_CACHE_DIR"] = str(project.parent / "dvc-site-cache")  # else DVC leaves its index behind in /var/tmp
    return env
