"""What was answered: what is wrong with it, which parts of the template it asks for, and what stands where."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMES = {"s3": "s3://", "gcs": "gs://", "azure": "azure://"}
ADDRESS = re.compile(r"(https?|s3)://\S+")
FREE = ("project_name", "project_slug", "author", "description")  # words that must be there


def troubles(answers: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the answers, a line each; empty where nothing is."""
    found = [f"{key}: one line of words is needed" for key in FREE if not _is_line(answers[key])]
    slug, path, url = answers["project_slug"], answers["data_path"], answers["remote_url"]
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        found.append(f"project_slug: {slug!r} is no name; use a-z, 0-9 and single -, a letter first, such as hat-shop")
    if answers["data"] == "file":
        if not _is_line(answers["target"]):
            found.append("target: name the column of your table that is to be predicted")
        if not _is_line(path):
            found.append("data_path: say where your table is, or take data=hat_shop")
        elif not is_update(answers) and not ADDRESS.fullmatch(path) and not table(path).is_file():
            found.append(f"data_path: no file {path!r} in {table(path).parent}; give its full path")
    scheme = SCHEMES.get(answers["remote"], "")
    if answers["remote"] != "none" and not (_is_line(url) and url.startswith(scheme) and url != scheme):
        wanted = f"an address that begins with {scheme}" if scheme else "a folder"
        found.append(f"remote_url: {url!r} is not {wanted}")
    if answers["remote_endpoint"] and not re.fullmatch(r"https?://\S+", answers["remote_endpoint"]):
        found.append(f"remote_endpoint: {answers['remote_endpoint']!r} does not begin with https:// or http://")
    if not shutil.which("git"):
        found.append("git: not found; the project is a git repository, so install git first")
    return found


def parts(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Say of each part of the template whether it was asked for."""
    return {
        "template": False,  # what is about the template itself
        "example": answers["data"] == "hat_shop",
        "ci": answers["ci"] != "none",
        **{name: answers["ci"] == name for name in ("github", "gitlab")},
        **{name: answers["remote"] == name for name in ("gcs", "azure")},
        **{name: _is_yes(answers[name]) for name in ("monitoring", "boosters", "dashboard")},
    }


def values(answers: Mapping[str, Any]) -> dict[str, str | None]:
    """Give what is to stand on the lines that carry a mark; None leaves a line as it is."""
    own = answers["data"] == "file"
    asked = parts(answers)
    extras = [name for name, part in {"boosters": "boosters", "gs": "gcs", "azure": "azure"}.items() if asked[part]]
    return {
        **{key: answers[key] for key in FREE},
        "license": "LicenseRef-Proprietary" if answers["license"] == "Proprietary" else answers["license"],
        "data": answers["data"],
        "data_path": data_path(answers) if own else None,
        "target": answers["target"] if own else None,
        "task": answers["task"] if own else None,
        "extras": " ".join(extras),
    }


def data_path(answers: Mapping[str, Any]) -> str:
    """Give the table's path as it is seen from the project, where it was given as seen from beside it."""
    path: str = answers["data_path"]
    if is_update(answers) or ADDRESS.fullmatch(path) or Path(path).expanduser().is_absolute():
        return path
    return Path(os.path.relpath(table(path), Path.cwd())).as_posix()


def table(path: str) -> Path:
    """Find a table where the person stands, or where the project's folder is made."""
    here = Path(os.environ.get("PWD", ".")) / Path(path).expanduser()
    return here if here.is_file() else Path.cwd().parent / Path(path).expanduser()


def is_update(answers: Mapping[str, Any]) -> bool:
    """Say whether cruft makes the project anew, in a folder of its own, only to compare."""
    place = Path.cwd().resolve().parent
    temporary = Path(tempfile.gettempdir()).resolve()
    return "_commit" in answers and place.parent == temporary and bool(re.fullmatch(r"tmp[a-z0-9_]{8}", place.name))


def _is_line(text: str) -> bool:
    return bool(text.strip()) and not re.search(r"[\x00-\x1f]", text)


def _is_yes(answer: Any) -> bool:
    return str(answer).lower() in {"1", "true", "t", "yes", "y", "on"}
