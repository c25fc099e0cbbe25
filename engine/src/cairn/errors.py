"""The one kind of error that is meant for the person at the keyboard."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self


class InputError(Exception):
    """Something that the user gave is wrong; the message is one line: where, what, and what to do.

    Parameters
    ----------
    message : what is wrong and what to do; the whole line where `where` is left out
    where : the setting, file or argument that is wrong, such as `data.path`
    """

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message if where is None else f"{where}: {message}")
        self.message = message
        self.where = where

    def at(self, where: str) -> Self:
        """Return the same error with another place, for a caller that knows the setting by another name."""
        return type(self)(self.message, where)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say the nearest known name, or list the known ones where none is near.

    Parameters
    ----------
    name : what was written
    known : what could have been meant

    Returns
    -------
    str : `(did you mean 'income'?)`, or `(known: age, income, ...)`, or `(none is known)`
    """
    names = [str(each) for each in known]
    near = get_close_matches(str(name), names, n=1, cutoff=0.6)
    if near:
        return f"(did you mean {near[0]!r}?)"
    if not names:
        return "(none is known)"
    return f"(known: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''})"
