"""What a file of conf/report may say."""

from collections.abc import Mapping
from typing import Any

from cairn.errors import InputError, did_you_mean

PARTS = ("profile", "bias", "explain", "page")


def check(node: Mapping[str, Any]) -> None:
    """Refuse a choice that lacks a part of the report, or names one that is none.

    Parameters
    ----------
    node : part -> what makes it; None leaves it out

    Raises
    ------
    InputError : a key too many or too few
    """
    for key in node:
        if key not in PARTS:
            raise InputError(f"{key}: no such part of the report {did_you_mean(key, PARTS)}")
    for key in PARTS:
        if key not in node:
            raise InputError(f"{key} is missing; write `{key}: null` to leave it out")
