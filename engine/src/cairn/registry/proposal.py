"""Propose a model: one commit on its own branch, pushed, with a request to merge it."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from cairn.registry.git import git
from cairn.registry.worktree import NO_HOOKS

PREFIX = "retrain"  # of the branches
TRAILER = "Retrained-by"  # marks the commits


def waiting(base: str, remote: str | None) -> str | None:
    """Return a branch, here or in the remote, that proposes a model made from a commit; None if there is none."""
    places = [f"refs/heads/{PREFIX}/"]
    if remote is not None:
        git("fetch", "--quiet", "--no-tags", "--prune", remote, f"+{places[0]}*:refs/remotes/{remote}/{PREFIX}/*")
        places.append(f"refs/remotes/{remote}/{PREFIX}/")
    branches = git("for-each-ref", "--format=%(refname:short) %(parent)", *places).splitlines()
    return next(
        (name for name, parent in (line.split(" ", 1) for line in branches if " " in line) if parent == base), None
    )


def commit(folder: Path, message: str) -> str:
    """Commit all changes of a working tree except links to a person's files, and return the commit's hash."""
    untracked = [
        name for name in git("-C", str(folder), "ls-files", "--others", "--exclude-standard", "-z").split("\0") if name
    ]
    left_out = [f":(exclude,literal){name}" for name in untracked if (folder / name).is_symlink()]
    git("-C", str(folder), "add", "--all", "--", ".", *left_out)
    git("-C", str(folder), *NO_HOOKS, "commit", "--quiet", "--cleanup=verbatim", "--file=-", text=message)
    return git("-C", str(folder), "rev-parse", "HEAD").strip()


def share(commit: str, name: str, *, remote: str | None, onto: str, message: str) -> str:
    """Put a commit on a branch, in the remote and here, and open a merge request where the remote's host has them.

    Parameters
    ----------
    commit : its hash
    name : of the branch
    remote : git's name of the remote; None: the branch stays here
    onto : the branch to merge into; empty: no merge request
    message : the commit's

    Returns
    -------
    str : what was done, as text for a person

    Raises
    ------
    InputError : the remote refuses the branch; then there is no local branch either
    """
    if remote is None:
        git("branch", name, commit)
        return "a branch here alone, since git has no remote"
    address = git("config", "--get", f"remote.{remote}.url").strip()
    host = urlsplit(address).hostname or address.partition(":")[0].rpartition("@")[2]
    options: list[str] = []
    if onto and "gitlab" in host:
        options = ["-o", "merge_request.create", "-o", f"merge_request.target={onto}"]
    git(*NO_HOOKS, "push", "--quiet", *options, remote, f"{commit}:refs/heads/{name}")
    git("branch", name, commit)
    if options:
        return f"pushed to {remote}, with a merge request onto {onto}"
    asked = _pull_request(name, onto, message) if onto and "github" in host else ""
    return f"pushed to {remote}{asked}"


def me() -> str:
    """Return the name and address that git has for this person."""
    return git("var", "GIT_COMMITTER_IDENT").rpartition(" ")[0].rpartition(" ")[0]


def _pull_request(name: str, onto: str, message: str) -> str:
    """Open a pull request by GitHub's own command; a failure is reported only, because the branch is pushed already."""
    if shutil.which("gh") is None:
        return "; `gh` is not installed, so open the pull request by hand"
    subject, _, rest = message.partition("\n")
    command = ["gh", "pr", "create", "--head", name, "--base", onto, "--title", subject, "--body-file", "-"]
    done = subprocess.run(command, input=f"```\n{rest.strip()}\n```\n", capture_output=True, text=True, check=False)
    if done.returncode:
        return f"; no pull request, since gh says: {' '.join(done.stderr.split())}"
    return f"; {done.stdout.strip()}"
