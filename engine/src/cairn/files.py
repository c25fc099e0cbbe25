"""Write a file or a folder whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["digest", "md5", "read_json", "write_json", "written"]


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Give a temporary place beside `path`, and move it to `path` when the block ends well.

    The temporary name is always the same, so what a killed run left is overwritten by the next.

    Parameters
    ----------
    path : where the finished file or folder shall be; what stands there is replaced
    """
    partial = path.with_name(f".{path.name}.partial")
    remove(partial)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield partial
        if partial.is_dir():
            remove(path)
        partial.replace(path)
    finally:
        remove(partial)


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(content: Any, path: Path) -> None:
    """Write JSON that reads well and diffs well; not-a-number is refused, since JSON has none."""
    with written(path) as partial:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def md5(path: Path) -> str:
    """Give a file's MD5, which is the name under which DVC knows it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def digest(folder: Path) -> str:
    """Give the hash by which DVC knows a folder: the MD5 of the sorted list of its files and theirs."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    listed = [{"md5": md5(path), "relpath": path.relative_to(folder).as_posix()} for path in files]
    text = json.dumps(sorted(listed, key=lambda each: each["relpath"]))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
