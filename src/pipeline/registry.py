"""The model registry: git tags in GTO's format name versions and stages, and DVC keeps the bytes they name."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import InputError

ARTIFACT = "model"  # the name under `artifacts:` in dvc.yaml


class Promoted(NamedTuple):
    """The version that a stage points to."""

    version: str
    commit: str


def promoted(stage: str) -> Promoted | None:
    """Find the version that is assigned to a stage, such as `prod`; None where there is none.

    Raises
    ------
    InputError : the tags cannot be read
    """
    tags = _git("tag", "--list", f"{ARTIFACT}#{stage}#*")
    if not tags.strip():  # importing GTO takes longer than asking git
        return None
    import gto.api
    from gto.exceptions import GTOException

    try:
        found = gto.api.find_versions_in_stage(".", ARTIFACT, stage)
    except GTOException as error:
        raise InputError(f"git tags {ARTIFACT}#{stage}#*: {' '.join(str(error).split())}") from error
    if not found:
        return None
    current = found[0]
    return Promoted(version=current.version, commit=current.commit_hexsha)


def download(commit: str, path: Path, destination: Path) -> None:
    """Copy a folder as a commit names it, out of the cache or the remote.

    Parameters
    ----------
    commit : any revision of git
    path : the folder in the repository, tracked by DVC
    destination : where it shall stand; must not exist

    Raises
    ------
    InputError : neither the cache nor the remote has it
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    try:
        DVCFileSystem(rev=commit).get(str(path), str(destination), recursive=True)
    except (DvcException, DataIndexDirError, OSError) as error:
        raise InputError(
            f"{path} of commit {commit[:7]} is neither in the cache nor in the remote: `dvc fetch` it, or "
            "have whoever promoted it run `dvc push`"
        ) from error


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"git {' '.join(arguments)}: {' '.join(done.stderr.split())}")
    return done.stdout
