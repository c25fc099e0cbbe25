"""Rows of a request as the numbers that a model takes; what is wrong is named by its row and its column."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import numpy as np

from cairn.errors import did_you_mean
from cairn.rows.coded import Coded
from cairn.rows.signature import LARGEST, MICROSECONDS_A_DAY, Column, Signature

Policy = Literal["allow", "refuse"]

TOLD = 10  # troubles of one request that are told; a thousand of them help nobody
MISSING = float("nan")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Trouble(NamedTuple):
    """What is wrong with a value.

    Parameters
    ----------
    row : its place in the request, from 0; None: the whole request
    column : its name; None: the whole row
    message : what is wrong, and what would be right
    """

    row: int | None
    column: str | None
    message: str


class RowsError(Exception):
    """Rows that the model cannot take; `troubles` says why."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        super().__init__("; ".join(each.message for each in troubles))
        self.troubles = list(troubles)


class Reader:
    """Turns rows into the numbers of one signature, as its `frame` does with a table, bit for bit.

    Parameters
    ----------
    signature : of the model
    unseen : whether a category that the training part did not show counts as missing, or is refused
    missing : whether a value may be missing in a column where none was missing in training
    """

    def __init__(self, signature: Signature, *, unseen: Policy = "allow", missing: Policy = "allow") -> None:
        self.columns = signature.columns
        self.texts = [place for place, column in enumerate(self.columns) if column.kind == "category"]
        self.known = {column.name for column in self.columns}
        self.ignored = set(signature.left_out)
        self._converters = [(column.name, _converter(column, unseen, missing)) for column in self.columns]

    def coded(self, rows: Sequence[Mapping[str, Any]]) -> Coded:
        """Convert rows.

        Parameters
        ----------
        rows : a mapping of column to value each

        Raises
        ------
        RowsError : a column that is missing or not known, a value of another type
        """
        width, converters = len(self._converters), self._converters
        try:
            numbers = [convert(row[name]) for row in rows for name, convert in converters]
        except (KeyError, TypeError, ValueError):
            raise RowsError(self._troubles(rows)) from None
        if any(len(row) != width for row in rows) and (troubles := self._unknown(rows)):
            raise RowsError(troubles)
        return Coded(np.array(numbers, dtype="float64").reshape(-1, width), self.texts)

    def _troubles(self, rows: Sequence[Any]) -> list[Trouble]:
        """Look again, value by value, for what the quick way stumbled over."""
        found: list[Trouble] = []
        for number, row in enumerate(rows):
            if not isinstance(row, Mapping):
                found.append(Trouble(number, None, f"a row is an object of columns and values; got {_shown(row)}"))
                continue
            for name, convert in self._converters:
                if name not in row:
                    found.append(Trouble(number, name, f"{name}: missing {did_you_mean(name, row)}"))
                    continue
                try:
                    convert(row[name])
                except (TypeError, ValueError) as error:
                    found.append(Trouble(number, name, f"{name}: {error}"))
            found += self._unknown([row], number)
            if len(found) >= TOLD:
                break
        return found[:TOLD]

    def _unknown(self, rows: Sequence[Mapping[str, Any]], first: int = 0) -> list[Trouble]:
        return [
            Trouble(number, name, f"{name}: no such column {did_you_mean(name, self.known)}")
            for number, row in enumerate(rows, first)
            for name in row
            if name not in self.known and name not in self.ignored
        ][:TOLD]


def _converter(column: Column, unseen: Policy, missing: Policy) -> Callable[[Any], float]:
    gap = _gap(column, missing)
    if column.kind == "category":
        return _category(column, unseen, gap)
    if column.kind == "time":
        return _time(gap)
    if column.kind == "boolean":
        return _boolean(gap)
    return _number(gap, column.single)


def _gap(column: Column, missing: Policy) -> Callable[[], float]:
    """Say what stands for a value that is missing."""
    if missing == "refuse" and not column.missing:

        def refuse() -> float:
            raise ValueError("null, and no value was missing in training; give one")

        return refuse
    filled = MISSING if column.median is None else _single(column.median) if column.single else column.median
    return lambda: filled


def _number(gap: Callable[[], float], single: bool) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        kind = value.__class__
        if kind is float or kind is int:
            if not -LARGEST <= value <= LARGEST:
                raise ValueError(f"{value} is too large; at most {LARGEST:.6g}")
            return _single(value) if single else float(value)
        if value is None:
            return gap()
        raise TypeError(f"a number is wanted; got {_shown(value)}")

    return convert


def _single(value: float) -> float:
    return float(np.float32(value))


def _boolean(gap: Callable[[], float]) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        if value is True or value is False or (value.__class__ in (int, float) and value in (0, 1)):
            return float(value)
        if value is None:
            return gap()
        raise TypeError(f"true or false is wanted; got {_shown(value)}")

    return convert


def _category(column: Column, unseen: Policy, gap: Callable[[], float]) -> Callable[[Any], float]:
    levels = column.categories or []
    places = {level: float(place) for place, level in enumerate(levels)}

    def convert(value: Any) -> float:
        if value.__class__ is str:
            if value in places:
                return places[value]
            if unseen == "allow":
                return MISSING
            raise ValueError(f"{_shown(value)} was not there in training {did_you_mean(value, levels)}")
        if value is None:
            return gap()
        raise TypeError(f"a text is wanted, such as {_shown(levels[0])}; got {_shown(value)}")

    return convert


def _time(gap: Callable[[], float]) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        if value is None:
            return gap()
        if value.__class__ is not str:
            raise TypeError(f"a time such as 2024-01-31 or 2024-01-31T12:00:00Z is wanted; got {_shown(value)}")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{_shown(value)} is no time such as 2024-01-31 or 2024-01-31T12:00:00Z") from None
        known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return ((known - EPOCH) // MICROSECOND) / MICROSECONDS_A_DAY

    return convert


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
