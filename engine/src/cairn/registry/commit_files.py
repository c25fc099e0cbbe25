"""Read the files of a commit from DVC's cache or remote, without changing the working tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cairn.errors import InputError


class Stored:
    """The files that DVC keeps for a commit.

    Parameters
    ----------
    commit : its hash
    """

    def __init__(self, commit: str) -> None:
        from dvc.api import DVCFileSystem
        from dvc.config import Config

        self._commit = commit
        # the remotes of today: the commit may be older than they are
        self._files = DVCFileSystem(rev=commit, config=dict(Config.from_cwd()))

    def below(self, folder: Path) -> list[Path]:
        """List the files of a folder; empty if the commit has no such folder.

        Raises
        ------
        InputError : neither the cache nor the remote has its listing
        """
        with self._as_input_error(folder):
            return [Path(path) for path in self._files.find(folder.as_posix())]

    def has(self, path: Path) -> bool:
        """Return whether the commit has a file."""
        return bool(self._files.isfile(path.as_posix()))

    def cached(self, path: Path) -> Path | None:
        """Return the path of a file of the commit in the cache, for reading only; None if the cache lacks it."""
        cache = self._files.repo.cache.local
        name = self._files.info(path.as_posix()).get("md5")
        return Path(cache.oid_to_path(name)) if name is not None and cache.exists(name) else None

    def fetch(self, path: Path, copy: Path) -> Path:
        """Copy a file of the commit from the remote, and return the copy.

        Raises
        ------
        InputError : the remote has no such file, or there is no remote
        """
        with self._as_input_error(path):
            self._files.get_file(path.as_posix(), str(copy))
        return copy

    @contextmanager
    def _as_input_error(self, path: Path) -> Iterator[None]:
        from dvc.exceptions import DvcException
        from dvc_data.index import DataIndexDirError

        try:
            yield
        except (DvcException, DataIndexDirError, OSError) as error:
            raise InputError(
                f"{path} of commit {self._commit[:7]} is neither in the cache nor in the remote: "
                "have whoever made it run `dvc push`"
            ) from error
