"""Bring back experiments of DVC's queue that ended well and then got lost.

A worker fetches what its experiment made into the project's git repository. Where two fetch at the same moment, one
finds `.git/shallow.lock` taken, and DVC 3.67 goes on as if nothing had been: the commit is there, but no name points to
it, and `dvc exp show` lacks a row that `dvc queue status` calls a success.
"""

import argparse
from collections.abc import Iterable

from cairn.errors import InputError
from cairn.registry.git import git
from cairn.repository import repository

SUBJECT = "dvc: commit experiment "  # what DVC writes above an experiment's hash, unless told another message


def recover() -> str:
    """Give each experiment that ended well in the queue its name again, where git lacks it.

    Returns
    -------
    str : which experiments were brought back

    Raises
    ------
    InputError : no DVC repository here, or an experiment is lost whose commit is not there either; what could be
        brought back is back
    """
    with repository() as repo:
        successes = [done.result for done in repo.experiments.celery_queue.iter_success()]
        ended = {str(each.ref_info): (each.ref_info.baseline_sha, each.exp_hash) for each in successes}
        lost = [ref for ref in ended if not repo.scm.get_ref(ref)]
    commits = _dangling() if lost else {}
    back = [ref for ref in lost if ended[ref] in commits]
    for ref in back:
        git("update-ref", ref, commits[ended[ref]], "")  # the empty word: only while nothing else has the name
    if len(back) < len(lost):
        told = f"; brought back: {_names(back)}" if back else ""
        gone = _names(set(lost) - set(back))
        raise InputError(f"cairn recover: no commit of {gone}; queue it again, DVC's cache has what was made{told}")
    of_all = f"of the {len(ended)} that ended well in the queue"
    return f"Brought back {len(back)} {of_all}: {_names(back)}" if back else f"Nothing is lost {of_all}."


def main(_: argparse.Namespace) -> None:
    """Run `cairn recover`."""
    print(recover())


def _dangling() -> dict[tuple[str, str], str]:
    """Find experiments' commits that no name leads to: the commit they began from, their hash -> their commit."""
    told = git("fsck", "--dangling", "--connectivity-only", "--no-progress").splitlines()
    commits = [line.removeprefix("dangling commit ") for line in told if line.startswith("dangling commit ")]
    if not commits:
        return {}
    logged = git("log", "--no-walk", "--format=%H%x09%P%x09%s", "--stdin", text="\n".join(commits)).splitlines()
    split = (line.split("\t", 2) for line in logged)
    return {(base, said.removeprefix(SUBJECT)): commit for commit, base, said in split if said.startswith(SUBJECT)}


def _names(refs: Iterable[str]) -> str:
    return ", ".join(sorted(ref.rpartition("/")[2] for ref in refs))
