"""The project as DVC sees it."""

from typing import TYPE_CHECKING

from cairn.errors import InputError

if TYPE_CHECKING:
    from dvc.repo import Repo


def repository() -> "Repo":
    """Open the DVC repository of the working directory.

    Raises
    ------
    InputError : there is none
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    try:
        return Repo()
    except NotDvcRepoError as error:
        raise InputError("no DVC repository here; go into the project's folder, or make one with `dvc init`") from error
