"""What is said of a data set: where its rows come from and what its columns mean."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cairn.errors import InputError, did_you_mean

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """A data set and the roles of its columns; `conf/data/*.yaml` holds the arguments.

    Parameters
    ----------
    target : the column to predict
    task : what kind of target it is; `auto` looks at its values
    positive : for a binary target, the class whose probability is asked for; None: the last in sorted order
    drop : columns that no model may see (leaks, free text); they stay in the table
    id : the column that names the entity; its rows never stand in two parts, and it is no feature
    time : the column that orders the rows; no feature
    group : the column whose rows belong together when split by group; no feature
    sensitive : columns by which people could be treated unfairly; evaluation slices by them
    """

    target: str
    task: Literal["auto"] | Task = "auto"
    positive: str | int | float | bool | None = None
    drop: Sequence[str] = field(default_factory=tuple)
    id: str | None = None
    time: str | None = None
    group: str | None = None
    sensitive: Sequence[str] = field(default_factory=tuple)

    @property
    def roles(self) -> dict[str, list[str]]:
        """The columns that each role names; a role that names none is left out."""
        named = {"target": [self.target], "drop": list(self.drop), "sensitive": list(self.sensitive)}
        return named | {role: [name] for role in ("id", "time", "group") if (name := getattr(self, role)) is not None}

    @property
    def watched(self) -> Path | None:
        """The file on this disk whose change means new data; None where there is none."""
        return None

    @abstractmethod
    def ingest(self, raw: Path, truth: Path) -> None:
        """Write the raw tables, one Parquet file each, into the folder `raw`.

        Parameters
        ----------
        raw : an existing, empty folder for the tables a model may be made from
        truth : an existing, empty folder for what only evaluation may see (simulated data)
        """


def require_columns(roles: Mapping[str, Iterable[str]], columns: Iterable[str], where: str) -> None:
    """Refuse a role that names a column which is not there.

    Parameters
    ----------
    roles : role -> the columns that it names
    columns : the names of the table's columns
    where : the table's name, for the message

    Raises
    ------
    InputError : a role names no column of the table
    """
    known = list(columns)
    for role, names in roles.items():
        for name in names:
            if name not in known:
                raise InputError(f"no column {name!r} in {where} {did_you_mean(name, known)}", f"data.{role}")
