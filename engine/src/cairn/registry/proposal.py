"""Propose a model: one commit on a branch of its own, shared with the others, and a request to merge it."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from cairn.registry.git import git
from cairn.registry.worktree import NO_HOOKS

PREFIX = "retrain"  # of the branches
TRAILER = "Retrained-by"  # marks the commits


def waiting(base: str, remote: str | None) -> str | None:
    """Name a branch that proposes a model made from a commit, here or in the remote; None where there is none."""
    places = [f"refs/heads/{PREFIX}/"]
    if remote is not None:
        git("fetch", "--quiet", "--no-tags", "--prune", remote, f"+{places[0]}*:refs/remotes/{remote}/{PREFIX}/*")
        places.append(f"refs/remotes/{remote}/{PREFIX}/")
    branches = git("for-each-ref", "--format=%(refname:short) %(parent)", *places).splitlines()
    return next(
        (name for name, parent in (line.split(" ", 1) for line in branches if " " in line) if parent == base), None
    )


def commit(folder: Path, message: str) -> str:
    """Commit all that changed in a working tree, and give the commit's hash; links to a person's files stay out."""
    links = [
        each for each in git("-C", str(folder), "ls-files", "--others", "--exclude-standard", "-z").split("\0") if each
    ]
    left_out = [f":(exclude,literal){each}" for each in links if (folder / each).is_symlink()]
    git("-C", str(folder), "add", "--all", "--", ".", *left_out)
    git("-C", str(folder), *NO_HOOKS, "commit", "--quiet", "--cleanup=verbatim", "--file=-", text=message)
    return git("-C", str(folder), "rev-parse", "HEAD").strip()


def share(commit: str, name: str, *, remote: str | None, onto: str, message: str) -> str:
    """Give a commit a branch, in the remote and here, and ask for a merge where the remote's host takes requests.

    Parameters
    ----------
    commit : its hash
    name : of the branch
    remote : git's name of it; None: the branch stays here
    onto : the branch to be merged into; empty: no merge is asked for
    message : the commit's

    Returns
    -------
    str : how it went, in words

    Raises
    ------
    InputError : the remote refuses the branch; then it is not here either
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
    """Give the name and address by which git knows who is at work."""
    return git("var", "GIT_COMMITTER_IDENT").rpartition(" ")[0].rpartition(" ")[0]


def _pull_request(name: str, onto: str, message: str) -> str:
    """Ask by GitHub's own command; that it cannot be asked is said, since the branch is there all the same."""
    if shutil.which("gh") is None:
        return "; `gh` is not installed, so open the pull request by hand"
    subject, _, rest = message.partition("\n")
    command = ["gh", "pr", "create", "--head", name, "--base", onto, "--title", subject, "--body-file", "-"]
    done = subprocess.run(command, input=f"```\n{rest.strip()}\n```\n", capture_output=True, text=True, check=False)
    if done.returncode:
        return f"; no pull request, since gh says: {' '.join(done.stderr.split())}"
    return f"; {done.stdout.strip()}"
