"""Copy the template's tracked files into a new project, as the answers want them, and make it a git repository."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import answers
import marks

OVERLAY = "{{cookiecutter.project_slug}}"
CALLERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
MERGED_BY_NOBODY = [
    "params.yaml",
    "conf/overrides.yaml",
    "dvc.lock",
    "reports",
    "README.md",
    "LICENSE",
]  # once made, they are the project's


def make(template: Path, said: Mapping[str, Any]) -> None:
    """Fill the working directory, in which cookiecutter has laid the overlay."""
    files = tracked(template, said)
    parts = answers.parts(said)
    for file in [path for path in Path().rglob("*") if path.is_file() and f"{OVERLAY}/{path.as_posix()}" not in files]:
        file.unlink()  # a file of the overlay that git does not know
    for name in sorted(files):
        if wanted(name, parts, said):
            copy(template / name, Path(name), parts, answers.values(said))
    gone = requirements(template / "pyproject.toml") - requirements(Path("pyproject.toml"))
    lock = Path("requirements.lock")
    lock.write_text(without(lock.read_text(encoding="utf-8"), gone), encoding="utf-8")
    if not answers.is_update(said):
        begin(template, said)


def tracked(template: Path, said: Mapping[str, Any]) -> set[str]:
    """List the template's files that git tracks; of a zip, all of them."""
    if (template / ".git").exists():
        return {name for name in git("ls-files", "-z", cwd=template).split("\0") if (template / name).is_file()}
    if str(said.get("_template", "")).endswith(".zip"):
        return {path.relative_to(template).as_posix() for path in template.rglob("*") if path.is_file()}
    sys.exit(
        f"error: {template} is no git repository; clone the template, or take its zip, so that nothing else is copied"
    )


def wanted(name: str, parts: Mapping[str, bool], said: Mapping[str, Any]) -> bool:
    """Say whether a file of the template belongs to the project."""
    declined = [pattern for part, patterns in said["_only_with"].items() if not parts[part] for pattern in patterns]
    return not any(fnmatchcase(name, pattern) for pattern in [*said["_template_only"], *declined])


def copy(source: Path, target: Path, parts: Mapping[str, bool], values: Mapping[str, str | None]) -> None:
    """Copy one file, with the answers in it and the run bit that a script needs, which a zip and Windows lose."""
    content = source.read_bytes()
    try:
        content = marks.applied(content.decode("utf-8"), parts, values).encode("utf-8")
    except UnicodeDecodeError:
        pass  # no text
    except ValueError as error:
        sys.exit(f"error: {source}: {error}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if content.startswith(b"#!") else 0o644)


def requirements(pyproject: Path) -> set[str]:
    """Give the names of the packages that stand in a pyproject.toml, each as a quoted requirement."""
    return set(re.findall(r'"([\w-]+)(?:\[\w+\])?>=', pyproject.read_text(encoding="utf-8")))


def without(lock: str, names: Collection[str]) -> str:
    """Take packages out of a lock file; nothing else may need them."""
    return re.sub(
        r"^([\w-]+)==.*\n(?:    .*\n)*", lambda block: "" if block[1] in names else block[0], lock, flags=re.M
    )


def begin(template: Path, said: Mapping[str, Any]) -> None:
    """Make the first commit, and note which template the project comes from."""
    if (template / ".git").exists() and not git("status", "--porcelain", cwd=template):
        Path(".cruft.json").write_text(origin(template, said), encoding="utf-8")
    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    names = git("ls-files", "-z").split("\0")[:-1]
    git("update-index", "--chmod=+x", *(name for name in names if Path(name).read_bytes().startswith(b"#!")))
    name, mail = (git("config", f"user.{key}", check=False).strip() for key in ("name", "email"))
    person = ["-c", f"user.name={name or said['author']}", "-c", f"user.email={mail}"]
    message = f"Start {said['project_name']}"
    git("-c", "commit.gpgsign=false", *person, "commit", "--quiet", "--no-verify", "--message", message)
    slug = said["project_slug"]
    print(f"\n{slug} is ready:\n  cd {slug}\n  make run     # from raw data to a gated model")


def origin(template: Path, said: Mapping[str, Any]) -> str:
    """Spell .cruft.json as cruft does, so that `cruft update` keeps the project in step with the template."""
    context = {key: value for key, value in said.items() if not key.startswith("_")}
    if said["data"] == "file":
        context["data_path"] = answers.data_path(said)
    remote = git("config", "remote.origin.url", cwd=template, check=False).strip()
    context["_template"] = said["_template"] if "_commit" in said else remote or str(template)
    context["_commit"] = git("rev-parse", "HEAD", cwd=template).strip()
    note = {
        "template": context["_template"],
        "commit": context["_commit"],
        "checkout": said.get("_checkout"),
        "context": {"cookiecutter": context},
        "directory": None,
        "skip": MERGED_BY_NOBODY,
    }
    return json.dumps(note, ensure_ascii=False, indent=2) + "\n"


def git(*arguments: str, cwd: Path | None = None, check: bool = True) -> str:
    """Run git as a person would in that folder, and give what it says."""
    env = {name: value for name, value in os.environ.items() if name not in CALLERS}
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if check and done.returncode:
        sys.exit(f"error: `git {arguments[0]}` failed; its words stand above")
    return done.stdout
