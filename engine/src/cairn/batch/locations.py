"""Where files come from and go to: this disk, a web server, S3."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cairn.errors import InputError
from cairn.files import written
from cairn.tables.download import at_hand
from cairn.tables.file import ENDINGS


class Place(NamedTuple):
    """A file, here or elsewhere.

    Parameters
    ----------
    address : a path, or an address with http://, https:// or s3://
    name : without its folder
    kind : csv, jsonl, parquet or arrow
    ending : of the name, in small letters, without .gz
    """

    address: str
    name: str
    kind: str
    ending: str

    @property
    def is_here(self) -> bool:
        """Whether it lies on this disk."""
        return "://" not in self.address

    def beside(self, name: str) -> "Place":
        """Give another file of the same folder."""
        folder, _, _ = self.address.rpartition("/")
        return place(f"{folder}/{name}" if "/" in self.address else name)


def place(address: str) -> Place:
    """Read an address.

    Raises
    ------
    InputError : its ending does not tell the format
    """
    name = Path(urlsplit(address).path if "://" in address else address).name
    plain = name.lower().removesuffix(".gz")
    ending = Path(plain).suffix
    kind = ENDINGS.get(ending)
    if kind is None or (kind in ("parquet", "arrow") and plain != name.lower()):
        text = ".csv, .tsv, .jsonl, .ndjson (each also with .gz)"
        raise InputError(
            f"{address}: the name does not tell the format; end it with {text}, .parquet, .arrow or .feather"
        )
    return Place(address, name, kind, ending)


@contextmanager
def read_from(source: Place) -> Iterator[Path]:
    """Give a file on this disk; one from elsewhere is fetched, and deleted when the block ends.

    Raises
    ------
    InputError : it is not there, or cannot be had
    """
    with tempfile.TemporaryDirectory(prefix="predict-") as folder:
        with _of_input(), at_hand(source.address, Path(folder)) as file:
            found = file
            if not source.is_here:
                found = file.rename(Path(folder) / "input")
        yield found


@contextmanager
def write_to(goal: Place) -> Iterator[Path]:
    """Give a temporary file, which becomes the goal as a whole when the block ends well.

    Raises
    ------
    InputError : S3 does not take it, or the goal is a web server
    """
    if goal.is_here:
        path = Path(goal.address).expanduser()
        if path.is_dir():
            raise InputError(f"{goal.address} is a folder; name a file in it")
        with written(path) as partial:
            yield partial
        return
    if not goal.address.startswith("s3://"):
        raise InputError(f"{goal.address}: predictions are written to a path or to s3://")
    with tempfile.TemporaryDirectory(prefix="predict-") as folder:
        file = Path(folder) / goal.name
        yield file
        _upload(file, goal.address)


def delete(goal: Place) -> None:
    """Delete a file that an earlier run has left, if it is there."""
    if goal.is_here:
        Path(goal.address).expanduser().unlink(missing_ok=True)
        return
    import fsspec

    with suppress(PermissionError, FileNotFoundError):  # who may write may not be one who may delete
        fsspec.filesystem("s3", skip_instance_cache=True).rm_file(goal.address)


def _upload(file: Path, address: str) -> None:
    import fsspec

    try:
        fsspec.filesystem("s3", skip_instance_cache=True).put_file(str(file), address)
    except Exception as error:  # several libraries below, each with kinds of its own; all mean: not there
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"{address}: cannot write it: {reason[0]}; check the address and the AWS_* variables"
        ) from error


@contextmanager
def _of_input() -> Iterator[None]:
    """Name the argument INPUT in errors that name a setting of conf/data."""
    try:
        yield
    except InputError as error:
        error.message = error.message.replace("data.endpoint", "AWS_ENDPOINT_URL")
        raise error.at("INPUT") from error
