"""Run git, and turn its errors into one line."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from cairn.errors import InputError


def git(*arguments: str, env: Mapping[str, str] | None = None, text: str | None = None) -> str:
    """Run git in the working directory and return its standard output.

    Parameters
    ----------
    arguments : of git
    env : variables added to those of this process
    text : standard input

    Raises
    ------
    InputError : git fails, or is not installed
    """
    done = run(*arguments, env=env, text=text)
    if done.returncode:
        raise InputError(f"git {' '.join(arguments[:3])}: {' '.join(done.stderr.split())}")
    return done.stdout


def run(
    *arguments: str, env: Mapping[str, str] | None = None, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run git and return the finished process, whatever its exit code."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", **(env or {})}  # a question would hang a server
    try:
        return subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, env=environment, input=text
        )
    except FileNotFoundError as error:
        raise InputError("git is not installed; the registry is made of git tags") from error


def commit_of(revision: str) -> str:
    """Return the hash of the commit that a revision names.

    Raises
    ------
    InputError : git has no such commit
    """
    done = run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if done.returncode:
        raise InputError(f"git knows no commit {revision!r}; `git fetch` brings what others made")
    return done.stdout.strip()


def texts(names: Sequence[str]) -> list[str | None]:
    """Read files of commits in one call of git.

    Parameters
    ----------
    names : such as `a1b2c3:reports/gates.json`

    Returns
    -------
    list : their texts; None for a file that does not exist
    """
    done = subprocess.run(
        ["git", "cat-file", "--batch"], input="\n".join(names).encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise InputError(f"git cat-file: {' '.join(done.stderr.decode().split())}")
    contents: list[str | None] = []
    place = 0
    for _ in names:
        end = done.stdout.index(b"\n", place)
        header = done.stdout[place:end].split()
        place = end + 1
        if header[-1] == b"missing":
            contents.append(None)
            continue
        size = int(header[-1])
        contents.append(done.stdout[place : place + size].decode())
        place += size + 1
    return contents
