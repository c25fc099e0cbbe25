"""What is counted, by rules that look at files alone: sections of a guide, files made, lines read and written."""

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import yaml

from bench.measure import CommandError

HEADING = re.compile(r"#{1,6} +(.+)")


def lines(text: str) -> int:
    """Count the lines that are not blank."""
    return sum(bool(line.strip()) for line in text.splitlines())


def section(page: str, told: str) -> tuple[str, int]:
    """Find the first section of a Markdown page that holds some words: its heading, and its lines.

    A section goes from a heading, whatever its level, to the next one; a `#` in a block of code is no heading.

    Raises
    ------
    CommandError : no section holds them
    """
    heading, body, fenced = "", "", False
    for line in [*page.splitlines(), "# "]:
        fenced ^= line.lstrip().startswith("```")
        if not fenced and line.startswith("#"):
            if told.lower() in body.lower():
                return heading, lines(body)
            found = HEADING.match(line)
            heading, body = found[1] if found else "", ""
        body += f"{line}\n"
    raise CommandError(f"the guide does not say {told!r}")


def page(checkout: Path, path: str) -> str:
    """Read a page of a guide as it was last committed."""
    return _git(checkout, "show", f"HEAD:{path}")


def files_made(project: Path) -> list[str]:
    """Name the files of a project that git keeps; a project that is no repository yet becomes one, with a commit."""
    if not (project / ".git").exists():
        _git(project, "init", "--quiet")
        commit(project)
    return _git(project, "ls-files", "-z").split("\0")[:-1]


def commit(project: Path) -> None:
    """Commit what stands in a project."""
    _git(project, "add", "--all")
    name = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")
    _git(project, *name, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "As it was made")


def written(project: Path) -> dict[str, int]:
    """Count the lines, by file, that were added or changed since the last commit."""
    _git(project, "add", "--all")
    changed = _git(project, "diff", "--cached", "--name-only", "--no-renames", "-z").split("\0")[:-1]
    return {path: _added(_git(project, "diff", "--cached", "--unified=0", "--", path)) for path in changed}


def questions(asked: Path | None, answered: Iterable[str] = ()) -> list[str]:
    """Name what a template asks: the keys of a JSON or YAML file, but those that begin with `_` or are answered."""
    if asked is None:
        return []
    text = asked.read_text(encoding="utf-8")
    keys = json.loads(text) if asked.suffix == ".json" else yaml.safe_load(text)
    return [key for key in keys if not key.startswith("_") and key not in answered]


def _added(difference: str) -> int:
    hunks = difference.partition("\n@@")[2]
    return sum(line.startswith("+") and bool(line[1:].strip()) for line in hunks.splitlines())


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise CommandError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
