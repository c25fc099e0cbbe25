"""Copy the library's source into the project, for a team that wants to change it."""

import argparse
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from cairn.cli import wheel
from cairn.cli.wheel import LOCK, PYPROJECT
from cairn.errors import InputError
from cairn.files import remove, written
from cairn.registry import git

SOURCE = Path("src/cairn")
GRAPH = Path("dvc.yaml")
REQUIREMENT = re.compile(r'"cairn-tabular(?:\[(\w+)\])?"')
TABLE = re.compile(r"^\[tool\.uv\.sources\.cairn-tabular\]\n(?:[^\[\n].*\n)*\n*", re.M)


def own() -> str:
    """Copy the library's source to src/cairn and make it what the project runs.

    Returns
    -------
    str
        What was done, and how to go back.

    Raises
    ------
    InputError
        If the working directory is no project, its files are not committed, or src/cairn is there already.
    """
    if SOURCE.exists():
        raise InputError(f"{SOURCE} is there already; change the library's source in it")
    current = wheel.vendored()
    _require_committed([PYPROJECT, LOCK, GRAPH])
    info = Path("src", current.info)
    pyproject = _pyproject(PYPROJECT.read_text(encoding="utf-8"), current.requires)
    lock = wheel.without_wheel(LOCK.read_text(encoding="utf-8"))
    graph = re.sub(r"^( +- )vendor$", rf"\g<1>{SOURCE}", GRAPH.read_text(encoding="utf-8"), flags=re.M)
    with wheel.restored_on_failure([PYPROJECT, LOCK, GRAPH, current.path, SOURCE, info]):
        _extract(current, "cairn", SOURCE)
        _extract(current, current.info, info, only={"METADATA"})  # by which the library knows its version
        for path, text in {PYPROJECT: pyproject, LOCK: lock, GRAPH: graph}.items():
            wheel.write(path, text)
        remove(current.path)
        wheel.install("uninstall", wheel.NAME)
        wheel.install("install", "--no-deps", "--no-build-isolation", "--editable", ".")
    return (
        f"{SOURCE} is the source of {wheel.NAME} {current.version}, and what the stages run from now on.\n"
        f'Commit it: git add --all && git commit -m "Own the library"\n'
        f"Go back: git revert that commit (before it: git restore . && rm -r {SOURCE} {info}), then `make environment`"
    )


def main(_: argparse.Namespace) -> None:
    """Run `cairn own`."""
    print(own())


def _pyproject(text: str, requires: Iterable[str]) -> str:
    """Return pyproject.toml with the library's requirements in place of the library, and its command `cairn`."""
    by_extra: dict[str | None, list[str]] = {}
    for requirement in requires:
        extra = re.search(r'extra == "(\w+)"', requirement)
        plain = re.sub(r'(?:;|\s+and) *extra == "\w+"$', "", requirement)
        by_extra.setdefault(extra[1] if extra else None, []).append(plain)
    text = REQUIREMENT.sub(lambda named: ", ".join(f'"{each}"' for each in by_extra.get(named[1], [])), text)
    text = re.sub(r"^dependencies = \[(.*)\]$", _one_a_line, text, count=1, flags=re.M)
    command = 'cairn = "cairn.cli.main:main"\n'
    if "[project.scripts]\n" in text:
        return TABLE.sub("", text.replace("[project.scripts]\n", f"[project.scripts]\n{command}", 1))
    return TABLE.sub(f"[project.scripts]\n{command}\n", text)


def _one_a_line(listed: re.Match[str]) -> str:
    return "dependencies = [\n" + "".join(f"    {each},\n" for each in re.findall(r'"[^"]*"', listed[1])) + "]"


def _extract(current: wheel.Wheel, folder: str, target: Path, only: set[str] | None = None) -> None:
    with zipfile.ZipFile(current.path) as archive, written(target) as partial:
        for name in archive.namelist():
            place = name.removeprefix(f"{folder}/")
            if place != name and (only is None or place in only):
                (partial / place).parent.mkdir(parents=True, exist_ok=True)
                (partial / place).write_bytes(archive.read(name))


def _require_committed(paths: Iterable[Path]) -> None:
    if changed := git.git("status", "--porcelain", "--", *(str(path) for path in paths)).split("\n")[0]:
        raise InputError(f"{changed[3:]}: has changes that are not committed; commit them, so that you can go back")
