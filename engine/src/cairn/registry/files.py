"""The bytes that a commit names: DVC keeps them in its cache and in the remote."""

from pathlib import Path

from cairn.errors import InputError


def download(commit: str, path: Path, destination: Path, *, repository: str | None = None) -> None:
    """Copy a folder as a commit names it, out of the cache or the remote.

    Parameters
    ----------
    commit : any revision of git
    path : the folder in the repository, tracked by DVC
    destination : where it shall stand; must not exist
    repository : another than that of the working directory: a path, bare or not, or an address

    Raises
    ------
    InputError : neither the cache nor the remote has it
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    try:
        DVCFileSystem(repository, rev=commit).get(str(path), str(destination), recursive=True)
    except (DvcException, DataIndexDirError, OSError) as error:
        raise InputError(
            f"{path} of commit {commit[:7]} is neither in the cache nor in the remote: `dvc fetch` it, or "
            "have whoever promoted it run `dvc push`"
        ) from error


def upload(commit: str, path: Path | None = None) -> str:
    """Let the remote have a folder as a commit names it; what it has already is not sent again.

    Parameters
    ----------
    commit : any revision of git
    path : the folder in the repository, tracked by DVC; None: all that DVC tracks

    Returns
    -------
    str : where the bytes are now, in words

    Raises
    ------
    InputError : the remote cannot be reached, or neither it nor the cache has the bytes
    """
    from dvc.config import NoRemoteError
    from dvc.exceptions import CollectCacheError, DvcException
    from dvc.repo import Repo

    what = "all" if path is None else str(path)
    with Repo() as repo:
        try:
            name = repo.cloud.get_remote().name
        except NoRemoteError:
            return "in this machine's cache alone, since DVC has no remote (docs/remotes.md)"
        places = {"remote": dict(repo.config["remote"])}
    # Said once more, since DVC takes a relative place from `/` while it looks at a commit that is not checked out.
    with Repo(config=places) as repo:
        try:
            for _ in repo.brancher(revs=[commit], workspace=False):
                wanted = set().union(*repo.index.used_objs([str(path)] if path else None).values())
            sent = len(repo.cloud.push(wanted).transferred)
            remote = repo.cloud.get_remote_odb()
            lacking = [each for each in wanted if not remote.exists(each.value)]  # DVC trusts what it sent once
        except CollectCacheError:
            lacking = [what]
        except (DvcException, OSError) as error:
            raise InputError(f"DVC remote {name!r}: {' '.join(str(error).split())}") from error
    if lacking:
        raise InputError(
            f"{what} of commit {commit[:7]} is not whole, neither in the cache nor in the remote {name!r}: "
            f"`git checkout {commit[:7]} && dvc repro` makes it again"
        )
    return f"in the remote {name!r}" + (f", {sent} files sent" if sent else "")
