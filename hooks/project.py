"""Copy the template's tracked files into a new project, with the answers in them, and make it a git repository."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import answers
import marks
import wheel

OVERLAY = "{{cookiecutter.project_slug}}"
CALLERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
MERGED_BY_NOBODY = ["params.yaml", "dvc.lock", "reports", "README.md", "LICENSE"]  # once made, they are the project's


def make(template: Path, context: Mapping[str, Any]) -> None:
    """Fill the working directory, in which cookiecutter has laid the overlay.

    Parameters
    ----------
    template : Path
        The folder of the template.
    context : mapping
        The answers, and what cookiecutter.json says under keys that begin with `_`.
    """
    files = tracked(template, context)
    for file in [path for path in Path().rglob("*") if path.is_file() and f"{OVERLAY}/{path.as_posix()}" not in files]:
        file.unlink()  # a file of the overlay that git does not track
    name, content = wheel.build(template, files)
    Path("vendor").mkdir()
    Path("vendor", name).write_bytes(content)
    parts, values = answers.parts(context), answers.values(context, name)
    for file_name in sorted(files):
        if is_wanted(file_name, parts, context):
            copy(template / file_name, Path(file_name), values)
    lock = Path("requirements.lock")
    lock.write_text(with_wheel(lock.read_text(encoding="utf-8"), f"vendor/{name}", content), encoding="utf-8")
    if context["data"] == "file":  # README.md names the table as conf/ does
        readme = Path("README.md")
        path = answers.data_path(context)
        text = readme.read_text(encoding="utf-8").replace(f"`{context['data_path']}`", f"`{path}`")
        readme.write_text(text, encoding="utf-8")
    if not answers.is_update(context):
        begin(template, context)


def tracked(template: Path, context: Mapping[str, Any]) -> set[str]:
    """List the template's files that git tracks; of a zip, all of them."""
    if (template / ".git").exists():
        return {name for name in git("ls-files", "-z", cwd=template).split("\0") if (template / name).is_file()}
    if str(context.get("_template", "")).endswith(".zip"):
        return {path.relative_to(template).as_posix() for path in template.rglob("*") if path.is_file()}
    sys.exit(
        f"error: {template} is no git repository; clone the template, or take its zip, so that nothing else is copied"
    )


def is_wanted(name: str, parts: Mapping[str, bool], context: Mapping[str, Any]) -> bool:
    """Return whether a file of the template belongs to the project."""
    declined = [pattern for part, patterns in context["_only_with"].items() if not parts[part] for pattern in patterns]
    return not any(fnmatchcase(name, pattern) for pattern in [*context["_template_only"], *declined])


def copy(source: Path, target: Path, values: Mapping[str, str | None]) -> None:
    """Copy one file, with the answers in it and the run bit that a script needs, which a zip and Windows lose."""
    content = source.read_bytes()
    try:
        content = marks.fill(content.decode("utf-8"), values).encode("utf-8")
    except UnicodeDecodeError:
        pass  # not a text file
    except ValueError as error:
        sys.exit(f"error: {source}: {error}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if content.startswith(b"#!") else 0o644)


def with_wheel(lock: str, path: str, content: bytes) -> str:
    """Add the wheel to a lock file, by path and hash, in the place where `uv pip compile` writes it."""
    entry = f"{path} \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
    after = next((found for found in re.finditer(r"^[a-z0-9][\w.-]*", lock, re.M) if found[0] > "cairn-tabular"), None)
    place = after.start() if after else len(lock)
    return lock[:place] + entry + lock[place:]


def begin(template: Path, context: Mapping[str, Any]) -> None:
    """Make the first commit, and note which template the project comes from."""
    note = no_update(template)
    if not note:
        Path(".cruft.json").write_text(origin(template, context), encoding="utf-8")
    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    names = git("ls-files", "-z").split("\0")[:-1]
    if scripts := [name for name in names if Path(name).read_bytes().startswith(b"#!")]:
        git("update-index", "--chmod=+x", *scripts)
    name, mail = (git("config", f"user.{key}", check=False).strip() for key in ("name", "email"))
    author, address = answers.person(context["author"])
    person = ["-c", f"user.name={name or author}", "-c", f"user.email={mail or address}"]
    message = f"Start {context['project_name']}"
    git("-c", "commit.gpgsign=false", *person, "commit", "--quiet", "--no-verify", "--message", message)
    slug = context["project_slug"]
    print(f"\n{slug} is ready:\n  cd {slug}\n  make run     # from raw data to a gated model")
    if note:
        print(f"note: this project cannot be updated from its template later (no .cruft.json): {note}")


def no_update(template: Path) -> str | None:
    """Return why a project cannot be updated from this template later; None if it can."""
    if not (template / ".git").exists():
        return "a zip does not say of which commit it is"
    if git("status", "--porcelain", cwd=template):
        return f"{template} has changes that are not committed"
    return None


def origin(template: Path, context: Mapping[str, Any]) -> str:
    """Return .cruft.json as cruft writes it, so that `cruft update` keeps the project in step with the template."""
    given = {key: value for key, value in context.items() if not key.startswith("_")}
    if context["data"] == "file":
        given["data_path"] = answers.data_path(context)
    remote = git("config", "remote.origin.url", cwd=template, check=False).strip()
    given["_template"] = context["_template"] if "_commit" in context else remote or str(template)
    given["_commit"] = git("rev-parse", "HEAD", cwd=template).strip()
    note = {
        "template": given["_template"],
        "commit": given["_commit"],
        "checkout": context.get("_checkout"),
        "context": {"cookiecutter": given},
        "directory": None,
        "skip": MERGED_BY_NOBODY,
    }
    return json.dumps(note, ensure_ascii=False, indent=2) + "\n"


def git(*arguments: str, cwd: Path | None = None, check: bool = True) -> str:
    """Run git as a person would in that folder, and return what it prints."""
    env = {name: value for name, value in os.environ.items() if name not in CALLERS}
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if check and done.returncode:
        sys.exit(f"error: `git {arguments[0]}` failed; its message stands above")
    return done.stdout
