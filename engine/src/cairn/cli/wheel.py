"""The wheel of this library in a project's vendor/ folder, and the lines of the project's files that name it."""

import base64
import csv
import hashlib
import io
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from cairn.errors import InputError
from cairn.files import remove, written

NAME = "cairn-tabular"
FILE_NAME = re.compile(r"cairn_tabular-(\d+\.\d+\.\d+)-py3-none-any\.whl")
LOCKED = re.compile(r"^vendor/cairn_tabular-\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", re.M)
PYPROJECT = Path("pyproject.toml")
LOCK = Path("requirements.lock")
VENDOR = Path("vendor")


@dataclass(frozen=True)
class Wheel:
    """A wheel of this library.

    Parameters
    ----------
    path : Path
        Where it lies.
    version : str
        Its version, such as 0.2.0.
    requires : tuple of str
        Its requirements, as its metadata states them.
    hashes : mapping of str to str
        Hash by file, as its RECORD states them.
    """

    path: Path
    version: str
    requires: tuple[str, ...]
    hashes: Mapping[str, str]

    @property
    def info(self) -> str:
        """Name of the folder that holds its metadata."""
        return f"cairn_tabular-{self.version}.dist-info"

    @property
    def sha256(self) -> str:
        """Hash of the whole file, as a lock file states it."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def open_wheel(path: Path) -> Wheel:
    """Read a wheel and check each of its files against its RECORD.

    Raises
    ------
    InputError
        If there is no such file, or it is not a complete wheel of this library.
    """
    parts = FILE_NAME.fullmatch(path.name)
    if not path.is_file():
        raise InputError(f"{path}: no such file; give the path of a cairn_tabular-X.Y.Z-py3-none-any.whl")
    if not parts:
        raise InputError(f"{path}: not a wheel of {NAME}, whose name is cairn_tabular-X.Y.Z-py3-none-any.whl")
    info = f"cairn_tabular-{parts[1]}.dist-info"
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode("utf-8"), headersonly=True)
            rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode("utf-8"))))
            hashes = {name: value for name, value, _ in rows if value}
            complete = set(archive.namelist()) == {*hashes, f"{info}/RECORD"} and all(
                _hash(archive.read(name)) == value for name, value in hashes.items()
            )
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{path}: not a wheel of {NAME}: {str(error).strip(chr(34))}") from error
    if (metadata["Name"], metadata["Version"]) != (NAME, parts[1]) or not complete:
        raise InputError(f"{path}: its content does not match its metadata; fetch the file again")
    return Wheel(path, parts[1], tuple(metadata.get_all("Requires-Dist", [])), hashes)


def vendored() -> Wheel:
    """Read the wheel that this project's pyproject.toml names.

    Raises
    ------
    InputError
        If the working directory is no project, or its library is not a wheel.
    """
    if not PYPROJECT.is_file():
        raise InputError("no pyproject.toml here; go into the project's folder")
    tool = tomllib.loads(PYPROJECT.read_text(encoding="utf-8")).get("tool", {})
    path = Path(tool.get("uv", {}).get("sources", {}).get(NAME, {}).get("path", "."))
    if path.suffix != ".whl":
        where = path if path != Path() else "src/cairn"
        raise InputError(f"{PYPROJECT}: {NAME} is not a wheel here; its source is in {where}, to be changed there")
    return open_wheel(path)


def without_wheel(lock: str) -> str:
    """Return a lock file without its entry for the wheel."""
    return LOCKED.sub("", lock)


def with_wheel(lock: str, wheel: Wheel) -> str:
    """Return a lock file whose entry for the wheel is the one of this wheel."""
    entry = f"vendor/{wheel.path.name} \\\n    --hash=sha256:{wheel.sha256}\n"
    text, count = LOCKED.subn(lambda _: entry, lock)
    if count != 1:
        raise InputError(f"{LOCK}: no entry vendor/cairn_tabular-...; `make lock` writes the file anew")
    return text


@contextmanager
def restored_on_failure(paths: Iterable[Path]) -> Iterator[None]:
    """Put these files back as they were if the block fails; what was not there before is deleted."""
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            if content is None:
                remove(path)
            else:
                write(path, content)
        raise


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    with written(path) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def install(*arguments: str) -> None:
    """Run `uv pip` on the environment that runs this command.

    Raises
    ------
    InputError
        If it fails; the message holds its last line.
    """
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv if uv.exists() else "uv"), "pip", *arguments, "--quiet", "--python", sys.executable]
    check(command, "nothing was changed")


def check(command: list[str], remedy: str) -> None:
    """Run a command that has to succeed.

    Raises
    ------
    InputError
        If it fails; the message holds its last line and the remedy.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError(f"{command[0]}: not found; {remedy}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise InputError(f"`{' '.join(command[:3])}` failed: {lines[-1].strip()}; {remedy}")


def _hash(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
