"""Copy folders of a commit from and to DVC's cache and remote."""

from pathlib import Path

from cairn.errors import InputError


def download(commit: str, path: Path, destination: Path, *, repository: str | None = None) -> None:
    """Copy a folder of a commit from the cache or the remote.

    Parameters
    ----------
    commit : any revision of git
    path : the folder in the repository, tracked by DVC
    destination : the new folder; must not exist
    repository : a path (bare or not) or an address; None: that of the working directory

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
    """Push a folder of a commit to the remote; what the remote has already is not sent again.

    Parameters
    ----------
    commit : any revision of git
    path : the folder in the repository, tracked by DVC; None: all that DVC tracks

    Returns
    -------
    str : where the bytes are now, as text for a person

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
    # Passed again, because DVC resolves a relative path from `/` for a commit that is not checked out.
    with Repo(config=places) as repo:
        try:
            for _ in repo.brancher(revs=[commit], workspace=False):
                wanted = set().union(*repo.index.used_objs([str(path)] if path else None).values())
            sent = len(repo.cloud.push(wanted).transferred)
            remote = repo.cloud.get_remote_odb()
            missing = [item for item in wanted if not remote.exists(item.value)]  # DVC trusts what it sent once
        except CollectCacheError:
            missing = [what]
        except (DvcException, OSError) as error:
            raise InputError(f"DVC remote {name!r}: {' '.join(str(error).split())}") from error
    if missing:
        raise InputError(
            f"{what} of commit {commit[:7]} is not whole, neither in the cache nor in the remote {name!r}: "
            f"`git checkout {commit[:7]} && dvc repro` makes it again"
        )
    return f"in the remote {name!r}" + (f", {sent} files sent" if sent else "")
