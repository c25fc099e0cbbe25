"""Build the library's wheel from its source, with the standard library alone: equal source gives equal bytes."""

import base64
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SOURCE = "engine/src/"
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold


def build(template: Path, files: Iterable[str]) -> tuple[str, bytes]:
    """Build the wheel of `engine/`, with the pages of `docs/` in it.

    Parameters
    ----------
    template : Path
        The folder that holds `engine/`, `docs/` and LICENSE.
    files : iterable of str
        The template's files, relative to it; only these go into the wheel.

    Returns
    -------
    tuple of str and bytes
        The wheel's file name and its content.
    """
    project = tomllib.loads((template / "engine" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{stem}.dist-info"
    content = {place: (template / name).read_bytes() for name in files if (place := _place(name))}
    content |= {
        f"{info}/METADATA": _metadata(project, template / "engine" / "README.md").encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: cairn\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": _entry_points(project["scripts"]).encode(),
        f"{info}/licenses/LICENSE": (template / "LICENSE").read_bytes(),
    }
    record = f"{info}/RECORD"
    lines = [f"{name},{_hash(data)},{len(data)}" for name, data in sorted(content.items())]
    content[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    return f"{stem}-py3-none-any.whl", _zip(content)


def _place(name: str) -> str | None:
    """Return where a file of the template lies in the wheel, or None if it is not part of it."""
    if name.startswith(SOURCE + "cairn/"):
        return name.removeprefix(SOURCE)
    if name.startswith("docs/") and name.endswith(".md"):
        return f"cairn/{name}"
    return None


def _metadata(project: Mapping[str, Any], readme: Path) -> str:
    """Return the wheel's METADATA (core metadata 2.4) from the table `project` of its pyproject.toml."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
        *(f"Requires-Dist: {requirement}" for requirement in project["dependencies"]),
    ]
    for extra, requirements in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_with_extra(requirement, extra)}" for requirement in requirements]
    return "\n".join([*lines, "", readme.read_text(encoding="utf-8")])


def _with_extra(requirement: str, extra: str) -> str:
    name, _, marker = (part.strip() for part in requirement.partition(";"))
    condition = f'extra == "{extra}"'
    return f"{name}; ({marker}) and {condition}" if marker else f"{name}; {condition}"


def _entry_points(scripts: Mapping[str, str]) -> str:
    return "\n".join(["[console_scripts]", *(f"{name} = {target}" for name, target in scripts.items()), ""])


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zip(content: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files: sorted, of one date and mode, and stored: zlib versions differ."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(content.items(), key=lambda item: (".dist-info/" in item[0], item[0])):
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
