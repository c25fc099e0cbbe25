"""The answers: what is wrong with them, which parts of the template they ask for, and which values stand where."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import columns

SCHEMES = {"s3": "s3://", "gcs": "gs://", "azure": "azure://"}
ADDRESS = re.compile(r"(https?|s3)://\S+")
REQUIRED = ("project_name", "project_slug", "author", "description")
EXTRAS = {"boosters": "boosters", "gs": "gcs", "azure": "azure"}  # extra -> part


def problems(answers: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the answers, a line each; empty if nothing is."""
    found = [f"{key}: one line of words is needed" for key in REQUIRED if not _is_line(answers[key])]
    slug, url = answers["project_slug"], answers["remote_url"]
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        found.append(
            f"project_slug: {slug!r} is not a valid name; use a-z, 0-9 and single -, a letter first, such as hat-shop"
        )
    found += _data_problems(answers)
    scheme = SCHEMES.get(answers["remote"], "")
    if answers["remote"] != "none" and not (_is_line(url) and url.startswith(scheme) and url != scheme):
        wanted = f"an address that begins with {scheme}" if scheme else "a folder"
        found.append(f"remote_url: {url!r} is not {wanted}")
    if answers["remote_endpoint"] and not re.fullmatch(r"https?://\S+", answers["remote_endpoint"]):
        found.append(f"remote_endpoint: {answers['remote_endpoint']!r} does not begin with https:// or http://")
    if not shutil.which("git"):
        found.append("git: not found; the project is a git repository, so install git first")
    if sys.version_info < (3, 11):  # noqa: UP036  (cookiecutter runs the hooks with its own Python)
        found.append(f"python: 3.11 or later is needed, and this is {sys.version.split()[0]}")
    return found


def _data_problems(answers: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the answers about the data; an update does not look at the table again."""
    path, target = answers["data_path"], answers["target"]
    if answers["data"] != "file":
        return [
            f"{key}: {answers[key]!r} is used with data=file only; add data=file, or leave {key} out"
            for key in ("data_path", "target")
            if answers[key]
        ]
    found = []
    if not _is_line(target):
        found.append("target: name the column of your table that is to be predicted")
    if not _is_line(path):
        found.append("data_path: say where your table is, or take data=hat_shop")
    if found or is_update(answers) or ADDRESS.fullmatch(path):
        return found
    if not table(path).is_file():
        return [f"data_path: no file {path!r} in {table(path).parent}; give its full path"]
    missing = columns.missing(table(path), target)
    return [f"target: {missing}"] if missing else []


def parts(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Return for each part of the template whether it was asked for."""
    return {
        "example": answers["data"] == "hat_shop",
        **{name: answers["ci"] == name for name in ("github", "gitlab")},
        **{name: answers["remote"] == name for name in ("gcs", "azure")},
    }


def values(answers: Mapping[str, Any], wheel: str) -> dict[str, str | None]:
    """Return what stands on the lines that carry a mark; None leaves a line as it is."""
    own = answers["data"] == "file"
    chosen = {**parts(answers), "boosters": _is_yes(answers["boosters"])}
    return {
        **{key: answers[key] for key in ("project_slug", "description")},
        "license": "LicenseRef-Proprietary" if answers["license"] == "Proprietary" else answers["license"],
        "data": answers["data"],
        "data_path": data_path(answers) if own else None,
        "target": answers["target"] if own else None,
        "task": answers["task"] if own else None,
        "extras": " ".join(extra for extra, part in EXTRAS.items() if chosen[part]),
        "wheel": f"vendor/{wheel}",
        "engine": "vendor",
        "mypy": "src",
        "check": "make lint test",
    }


def data_path(answers: Mapping[str, Any]) -> str:
    """Return the table's path as seen from the project; it was given as seen from beside it."""
    path: str = answers["data_path"]
    if is_update(answers) or ADDRESS.fullmatch(path) or Path(path).expanduser().is_absolute():
        return path
    return Path(os.path.relpath(table(path), Path.cwd())).as_posix()


def table(path: str) -> Path:
    """Return the place of a table: seen from where the person stands, or from where the project's folder is made."""
    here = Path(os.environ.get("PWD", ".")) / Path(path).expanduser()
    return here if here.is_file() else Path.cwd().parent / Path(path).expanduser()


def person(author: str) -> tuple[str, str]:
    """Split an author such as `Ann <ann@example.org>` into a name and a mail address, which may be empty."""
    parts = re.fullmatch(r"\s*(.*?)\s*<([^<>]*)>\s*", author)
    return (parts[1] or parts[2], parts[2]) if parts else (author, "")


def is_update(answers: Mapping[str, Any]) -> bool:
    """Return whether cruft makes the project anew, in a folder of its own, only to compare."""
    place = Path.cwd().resolve().parent
    temporary = Path(tempfile.gettempdir()).resolve()
    return "_commit" in answers and place.parent == temporary and bool(re.fullmatch(r"tmp[a-z0-9_]{8}", place.name))


def _is_line(text: str) -> bool:
    return bool(text.strip()) and not re.search(r"[\x00-\x1f]", text)


def _is_yes(answer: Any) -> bool:
    return str(answer).lower() in {"1", "true", "t", "yes", "y", "on"}
