"""Bring a file to this disk: from a path, a web server or S3; check its checksum on the way."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cairn.errors import InputError, did_you_mean
from cairn.files import remove

PATH = "data.path"
CONNECT_SECONDS, SILENCE_SECONDS = 5, 10


@contextmanager
def at_hand(address: str, folder: Path, *, endpoint: str | None = None, sha256: str | None = None) -> Iterator[Path]:
    """Give a file on this disk: the user's own, or a download that is deleted when the block ends.

    Parameters
    ----------
    address : a path, or an address that starts with http://, https:// or s3://
    folder : where a download is kept meanwhile
    endpoint : the S3 server's address; None: AWS_ENDPOINT_URL, else Amazon's own
    sha256 : the checksum of the file as it lies there; None: not checked

    Raises
    ------
    InputError : it is not there, cannot be had, or has another checksum; `where` is the setting of conf/data
    """
    scheme = address.partition("://")[0] if "://" in address else ""
    if scheme not in ("", "http", "https", "s3"):
        raise InputError(f"cannot read {scheme}://; use a path, http://, https:// or s3://", PATH)
    download = folder / ".download.partial"
    try:
        if scheme:
            file, checksum = download, _download(address, download, endpoint)
        else:
            file = _found(Path(address).expanduser())
            checksum = _sha256(file) if sha256 else ""
        if sha256 and checksum != sha256.lower():
            name = Path(urlsplit(address).path if scheme else address).name
            raise InputError(f"{name} has {checksum}, not {sha256}; another version of the file?", "data.sha256")
        yield file
    finally:
        remove(download)


def _found(file: Path) -> Path:
    if file.is_dir():
        raise InputError(f"{file} is a folder; name one file in it", PATH)
    if not file.exists():
        if not file.parent.is_dir():
            raise InputError(f"no folder {file.parent}", PATH)
        names = sorted(each.name for each in file.parent.iterdir() if each.is_file() and not each.name.startswith("."))
        raise InputError(
            f"no file {file.name!r} in {file.parent.resolve().name}/ {did_you_mean(file.name, names)}", PATH
        )
    if not os.access(file, os.R_OK):
        raise InputError(f"no permission to read {file}", PATH)
    return file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(address: str, file: Path, endpoint: str | None) -> str:
    """Fetch a remote file in chunks; return its SHA-256."""
    from tqdm import tqdm

    digest = hashlib.sha256()
    system = None
    try:
        system, options = _remote(address, endpoint)
        with system.open(address, **options) as stream, file.open("wb") as out:
            bar = tqdm(total=stream.size, unit="B", unit_scale=True, desc="download", disable=not sys.stderr.isatty())
            with bar:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
                    out.write(chunk)
                    bar.update(len(chunk))
    except Exception as error:  # three libraries below, each with kinds of its own; all mean: no file
        shown = urlsplit(address)
        where = f"{shown.scheme}://{shown.netloc.rpartition('@')[2]}{shown.path}"  # no password, no signature
        raise InputError(f"{where}: {_reason(error, system, address, endpoint)}", PATH) from error
    return digest.hexdigest()


def _remote(address: str, endpoint: str | None) -> tuple[Any, dict[str, Any]]:
    import fsspec

    if address.startswith("s3://"):
        waits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": SILENCE_SECONDS, "retries": {"max_attempts": 1}}
        system = fsspec.filesystem("s3", endpoint_url=endpoint, config_kwargs=waits, skip_instance_cache=True)
        system.retries = 1  # its own waits between tries would add up to minutes
        return system, {"block_size": 8 << 20, "cache_type": "readahead"}
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    client = {"timeout": timeout, "trust_env": True}
    return fsspec.filesystem("http", client_kwargs=client, skip_instance_cache=True), {"block_size": 0}


def _reason(error: Exception, system: Any, address: str, endpoint: str | None) -> str:
    cause = error.__cause__ or error
    kind = type(cause).__name__
    status = getattr(cause, "status", None)
    if kind == "NoCredentialsError":
        return "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if isinstance(error, PermissionError) or status in (401, 403):
        return f"the server refuses ({status or 403}); check {'the AWS_* credentials' if not status else 'the address'}"
    if isinstance(cause, TimeoutError) or "Timeout" in kind:
        return f"no answer within {SILENCE_SECONDS} seconds"
    if "ClientPayloadError" in (kind, type(error).__name__):
        return "the connection broke off; try again"
    if kind in ("EndpointConnectionError", "ConnectionClosedError", "ValueError"):
        return f"cannot reach {endpoint or os.environ.get('AWS_ENDPOINT_URL') or 'S3'}; check data.endpoint"
    if "Connector" in kind:
        return f"cannot reach {urlsplit(address).netloc.rpartition('@')[2]}"
    if "NoSuchBucket" in kind:
        return f"no bucket {urlsplit(address).netloc!r}"
    if status == 404 or (address.startswith("s3://") and isinstance(error, FileNotFoundError)):
        return f"no such file (404){_near(system, address)}"
    if status:
        return f"the server answers {status}"
    return f"cannot read it: {str(cause).splitlines()[0] if str(cause) else kind}"


def _near(system: Any, address: str) -> str:
    """Name the nearest file beside one that S3 does not have; a web server does not tell."""
    if not address.startswith("s3://"):
        return ""
    folder, _, name = address.rpartition("/")
    with suppress(Exception):  # to list a folder may be forbidden where to read a file is not
        return " " + did_you_mean(name, (str(each).rpartition("/")[2] for each in system.ls(folder)))
    return ""
