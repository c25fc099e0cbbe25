"""Make one tool's project, bring an own table to a first figure there, and count what that asked for."""

import random
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.first_ten import count
from bench.first_ten.tools import WRITTEN, Tool
from bench.measure import CommandError, Run, run, tell
from bench.project import environment


def visit(
    tool: Tool, sources: Mapping[str, Path], peers: Path, folder: Path, *, times: int, runs: bool
) -> dict[str, Any]:
    """Count for one tool.

    Parameters
    ----------
    sources : by name, checkouts of the templates and guides
    peers : the environment that holds the tools
    folder : a new, empty one to work in
    times : how often the project is made, for the seconds
    runs : whether the last command is run for its figure

    Raises
    ------
    CommandError : a command failed, a guide does not say what it should, or an edit does not fit
    """
    table, template = folder / "table.csv", sources[tool.template]
    table.write_text(own_table(tool.target), encoding="utf-8")
    fill = {"environment": str(peers), "template": str(template), "table": str(table)}
    project, seconds = _make(tool, folder, fill, times)
    made = count.files_made(project)
    count.commit(project)  # what a template leaves uncommitted is not written by hand
    before = {path: (project / path).read_text(encoding="utf-8") for path in _read(tool)}
    edit(tool, project)
    by_hand = count.written(project)
    asked = template / tool.questions if tool.questions else None
    return {
        "commands": [{"typed": each.typed, "page": each.page} for each in tool.commands],
        "guide": _guide(tool, sources),
        "questions": count.questions(asked, tool.answered),
        "files": made,
        "seconds": seconds,
        "read": {path: count.lines(text) for path, text in before.items()},
        "written": by_hand,
        "figure": _figure(tool, project, table, fill) if runs else None,
    }


def own_table(target: str, rows: int = 2000) -> str:
    """Draw a table as CSV: two numbers, one of them with gaps, two texts, and a target that depends on all four."""
    drawn = random.Random(0)
    lines = [f"age,visits,region,channel,{target}"]
    for _ in range(rows):
        age, visits = drawn.randint(18, 90), drawn.randint(0, 40)
        region = drawn.choice(["north", "south", "east", "west"])
        channel = drawn.choice(["shop", "web", "app", "mail", "phone"])
        value = age / 10 + visits / 4 + 3 * (region == "north") - 4 * (channel == "mail") + drawn.gauss(0, 3)
        label = f"{value:.2f}" if target == "spent" else ("yes" if value > 10 else "no")
        lines.append(f"{age},{'' if drawn.random() < 0.05 else visits},{region},{channel},{label}")
    return "\n".join(lines) + "\n"


def edit(tool: Tool, project: Path) -> None:
    """Write by hand what a tool needs.

    Raises
    ------
    CommandError : an edit finds nothing to change
    """
    for each in tool.edits:
        path = project / each.path
        text, changes = re.subn(each.found, each.written, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        if not changes:
            raise CommandError(f"{each.path}: nothing there is {each.found!r}")
        path.write_text(text, encoding="utf-8")
    for path, source in tool.added:
        shutil.copyfile(WRITTEN / source, project / path)


def _make(tool: Tool, folder: Path, fill: Mapping[str, str], times: int) -> tuple[Path, list[Run]]:
    """Make the project some times, each in a folder of its own, and give the last one."""
    taken = []
    for number in range(times):
        tell(f"  {tool.title}, {number + 1} of {times}")
        place = folder / f"made-{number}"
        place.mkdir()
        taken.append(run([each.format(**fill) for each in tool.make], place, _environment(folder, place)))
    (project,) = (each for each in place.iterdir() if each.is_dir())
    return project, taken


def _read(tool: Tool) -> list[str]:
    return list(dict.fromkeys([*(each.path for each in tool.edits), *(path for path, _ in tool.examples)]))


def _guide(tool: Tool, sources: Mapping[str, Path]) -> dict[str, int]:
    """Give the sections of the guide that tell the commands, each once, with their lines."""
    found = {}
    for each in tool.commands:
        if each.page:
            source, path = each.page.split(": ")
            heading, length = count.section(count.page(sources[source], path), each.told)
            found[f"{each.page}, {heading}"] = length
    return found


def _figure(tool: Tool, project: Path, table: Path, fill: Mapping[str, str]) -> float:
    """Run the last command on the own table, and find the figure in what it prints."""
    tell(f"  {tool.title}, run")
    if tool.table:
        shutil.copyfile(table, project / tool.table)
    command = [each.format(**fill) for each in tool.run]
    done = subprocess.run(command, cwd=project, env=_environment(table.parent, project), capture_output=True, text=True)
    said = done.stdout + done.stderr
    found = re.findall(tool.figure, said)
    if done.returncode or not found:
        raise CommandError(f"{' '.join(command)} ended with {done.returncode}:\n{said[-3000:]}")
    return float(found[-1])


def _environment(folder: Path, project: Path) -> dict[str, str]:
    """Keep everything within the folder, tell nobody of it, and let a template commit what it makes."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    own = {"HOME": str(home), "DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    names = {f"GIT_{who}_NAME": "bench" for who in ("AUTHOR", "COMMITTER")}
    addresses = {f"GIT_{who}_EMAIL": "bench@example.org" for who in ("AUTHOR", "COMMITTER")}
    return environment(project) | own | names | addresses
