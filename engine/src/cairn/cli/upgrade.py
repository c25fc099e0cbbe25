"""Take a newer wheel of the library into the project."""

import argparse
import re
import shutil
from pathlib import Path

from cairn.cli import wheel
from cairn.cli.wheel import LOCK, PYPROJECT, VENDOR, Wheel
from cairn.errors import InputError
from cairn.files import remove, written

SHOWN = 12  # modules and packages that are named


def upgrade(source: Path, *, force: bool = False) -> str:
    """Put a wheel in vendor/, name it in pyproject.toml and requirements.lock, and install it.

    Parameters
    ----------
    source : Path
        The new wheel.
    force : bool
        Take an older version, or another file of the same version, too.

    Returns
    -------
    str
        What changed.

    Raises
    ------
    InputError
        If it is not a wheel of this library, or an older one, or cannot be installed; then nothing is changed.
    """
    new, old = wheel.open_wheel(source), wheel.vendored()
    if new.hashes == old.hashes:
        return f"{wheel.NAME} {old.version} is what this project has already"
    if _numbers(new) <= _numbers(old) and not force:
        raise InputError(
            f"{source}: {new.version} is not newer than {old.version}, which this project has; --force takes it"
        )
    locks = sorted(Path().glob("requirements*.lock"))
    target = VENDOR / source.name
    before = LOCK.read_text(encoding="utf-8")
    with wheel.restored_on_failure([PYPROJECT, *locks, old.path, target]):
        if source.resolve() != target.resolve():
            with written(target) as partial:
                shutil.copyfile(source, partial)
        placed = wheel.open_wheel(target)
        pyproject = PYPROJECT.read_text(encoding="utf-8").replace(f"vendor/{old.path.name}", f"vendor/{target.name}")
        wheel.write(PYPROJECT, pyproject)
        wheel.write(LOCK, wheel.with_wheel(before, placed))
        if target.name != old.path.name:
            remove(old.path)
        if sorted(new.requires) != sorted(old.requires):
            wheel.check(["make", "--old-file=.venv/ready", "lock"], "nothing was changed")
        fresh = ("--reinstall-package", wheel.NAME)
        wheel.install("install", "--no-deps", "--require-hashes", *fresh, "--requirement", str(LOCK))
    return _report(old, placed, before, LOCK.read_text(encoding="utf-8"))


def main(options: argparse.Namespace) -> None:
    """Run `cairn upgrade`."""
    print(upgrade(Path(options.wheel), force=options.force))


def _numbers(version: Wheel) -> tuple[int, ...]:
    return tuple(int(part) for part in version.version.split("."))


def _report(old: Wheel, new: Wheel, before: str, after: str) -> str:
    names = {name for name in old.hashes.keys() | new.hashes.keys() if name.endswith(".py")}
    changed = sorted(_module(name) for name in names if old.hashes.get(name) != new.hashes.get(name))
    lines = [
        f"{wheel.NAME} {old.version} -> {new.version}",
        f"modules that changed: {len(changed)}{_listed(changed)}",
    ]
    packages = dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", before, re.M))
    locked = dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", after, re.M))
    moved = [
        f"{name} {packages.get(name, 'none')} -> {locked.get(name, 'none')}"
        for name in sorted(packages.keys() | locked.keys())
        if packages.get(name) != locked.get(name)
    ]
    if moved:
        lines.append(f"packages that changed: {len(moved)}{_listed(moved)}")
    return "\n".join([*lines, "`make run` runs the stages whose code changed; commit vendor/ with the files beside it"])


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _listed(names: list[str]) -> str:
    return f" ({', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''})" if names else ""
