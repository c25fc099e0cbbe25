"""The names by which a person asks for the project's tables."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TypeVar

__all__ = ["named"]

P = TypeVar("P", bound=PurePath)


def named(raw: Iterable[P], made: Mapping[str, P]) -> dict[str, P]:
    """Name the raw tables by their files, as the features' query does, beside those that the stages make.

    Parameters
    ----------
    raw : files of raw tables
    made : name -> file of the other tables; a raw table of the same name becomes `raw_<name>`

    Returns
    -------
    dict : name -> file, the raw tables first
    """
    names = {path.stem if path.stem not in made else f"raw_{path.stem}": path for path in sorted(raw)}
    return {**names, **made}
