"""The registry with a thousand versions, each of which was in prod: `cairn models`."""

import json
import shutil
import subprocess
from pathlib import Path

from bench.measure import Row
from bench.project import ROOT, Project

VERSIONS, SECONDS = 1_000, 2.0


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure from the command to the table."""
    project = Project(folder / "project")
    count = 50 if quick else VERSIONS
    _register(project, count)
    runs = [project.python("-m", "cairn.cli.main", "models") for _ in range(1 if quick else 5)]
    return [Row.limit(f"cairn models, {count:,} versions", runs, most=SECONDS)]


def _register(project: Project, count: int) -> None:
    """Commit other figures each time, and tag the commit as a version and as the one in prod."""
    metrics = json.loads((ROOT / "reports" / "metrics.json").read_text(encoding="utf-8"))
    lines, start, who = [], 1_700_000_000, "Ann <ann@example.invalid>"
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project.folder, capture_output=True, text=True, check=True)
    parent = head.stdout.strip()
    for number in range(1, count + 1):
        metrics["test"]["roc_auc"] = 0.8 + number / 1e6
        content, signed = json.dumps(metrics), f"{who} {start + 60 * number} +0000\ndata 1\nm"
        lines.append(f"commit refs/heads/main\nmark :{number}\ncommitter {signed}\nfrom {parent}")
        lines.append(f"M 100644 inline reports/metrics.json\ndata {len(content)}\n{content}")
        lines += [
            f"tag {name}\nfrom :{number}\ntagger {signed}" for name in (f"model@v0.0.{number}", f"model#prod#{number}")
        ]
        parent = f":{number}"
    git = shutil.which("git")
    assert git is not None
    command = [git, "fast-import", "--quiet", "--force"]
    subprocess.run(command, input="\n".join(lines) + "\n", cwd=project.folder, text=True, check=True)
