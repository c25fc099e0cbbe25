"""Columns of Arrow as the numbers that a model takes, as `Signature.frame` and a server make them, bit for bit."""

from collections.abc import Callable
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError, did_you_mean
from cairn.rows.coded import Coded
from cairn.rows.records import Policy
from cairn.rows.signature import LARGEST, MICROSECONDS_A_DAY, Column, Signature

if TYPE_CHECKING:
    import pyarrow as pa


Troubles = dict[int, tuple[str | None, str]]  # row, from 0 -> its first column in trouble, and what is wrong


class Coder:
    """Turns tables of Arrow into the numbers of one signature.

    Parameters
    ----------
    signature : of the model
    unseen : whether a category that the training part did not show counts as missing, or its row is bad
    missing : whether a value may be missing in a column where none was missing in training
    """

    def __init__(self, signature: Signature, *, unseen: Policy = "allow", missing: Policy = "allow") -> None:
        self.columns = signature.columns
        self.names = [column.name for column in self.columns]
        self.texts = [place for place, column in enumerate(self.columns) if column.kind == "category"]
        self.unseen, self.missing = unseen, missing
        self._levels: dict[str, Any] = {}

    def check(self, schema: "pa.Schema", where: str) -> None:
        """See that a file has the columns, and that they hold what the model knows.

        Raises
        ------
        InputError : a column that is missing, is there twice, or holds something else
        """
        for column in self.columns:
            require_column(column.name, schema.names, where)
            held = schema.field(column.name).type
            if not _holds(held, column.kind):
                wanted = {"category": "text", "time": "times or dates"}.get(column.kind, "numbers or booleans")
                raise InputError(f"{where}: {column.name}: the model takes {wanted} here; the column holds {held}")

    def coded(self, table: "pa.Table") -> tuple[Coded, Troubles]:
        """Convert a table that has the columns.

        Returns
        -------
        tuple : the numbers of all rows, and the rows whose numbers say nothing, with the reason
        """
        matrix = np.empty((table.num_rows, len(self.columns)))
        troubles: Troubles = {}
        for place, column in enumerate(self.columns):
            values = _whole(table.column(column.name))
            numbers, bad = self._convert(column, values)
            self._fill(column, numbers, values, bad)
            for row, message in bad.items():
                troubles.setdefault(row, (column.name, f"{column.name}: {message}"))
            matrix[:, place] = numbers
        return Coded(matrix, self.texts), troubles

    def _convert(self, column: Column, values: "pa.Array") -> tuple[np.ndarray, dict[int, str]]:
        if column.kind == "category":
            return self._category(column, values)
        if column.kind == "time":
            return _days(values)
        numbers = _numbers(values)
        bad = _marked(np.abs(numbers) > LARGEST, values, lambda value: f"{value} is too large; at most {LARGEST:.6g}")
        if column.single:
            with np.errstate(over="ignore"):
                numbers = numbers.astype("float32").astype("float64")
        return numbers, bad

    def _category(self, column: Column, values: "pa.Array") -> tuple[np.ndarray, dict[int, str]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        known = column.categories or []
        levels = self._levels.setdefault(column.name, pa.array(known, pa.string()))
        if pa.types.is_null(values.type):
            values = values.cast(pa.string())
        if pa.types.is_dictionary(values.type):
            places = pc.index_in(values.dictionary.cast(pa.string()), value_set=levels)
            codes = places.take(values.indices)
        else:
            codes = pc.index_in(values.cast(pa.string()), value_set=levels)
        bad: dict[int, str] = {}
        if self.unseen == "refuse" and codes.null_count > values.null_count:
            lost = codes.is_null().to_numpy(zero_copy_only=False) & values.is_valid().to_numpy(zero_copy_only=False)
            bad = _marked(
                lost, values, lambda value: f"{short(value)} was not there in training {did_you_mean(value, known)}"
            )
        return codes.cast(pa.float64()).to_numpy(zero_copy_only=False), bad

    def _fill(self, column: Column, numbers: np.ndarray, values: "pa.Array", bad: dict[int, str]) -> None:
        """Put the median where a number is missing, or refuse the row."""
        if self.missing == "refuse" and not column.missing:
            gaps = values.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
            bad |= _marked(gaps, values, lambda _: "null, and no value was missing in training; give one")
        if column.median is not None and (gaps := np.isnan(numbers)).any():
            numbers[gaps] = np.float32(column.median) if column.single else column.median


def require_column(name: str, names: list[str], where: str) -> None:
    """Refuse a file that lacks a column, or has it twice.

    Raises
    ------
    InputError : names the nearest column
    """
    if (times := names.count(name)) != 1:
        raise InputError(
            f"{where}: two columns are named {name!r}; rename one"
            if times
            else f"{where}: no column {name!r} {did_you_mean(name, names)}, and the model needs it"
        )


def _holds(held: "pa.DataType", kind: str) -> bool:
    from pyarrow import types

    if types.is_dictionary(held):
        return kind in ("category", "time") and _is_text(held.value_type)
    if types.is_null(held):
        return True
    if kind == "category":
        return _is_text(held)
    if kind == "time":
        return _is_text(held) or types.is_timestamp(held) or types.is_date(held)
    return any(test(held) for test in (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal))


def _is_text(held: "pa.DataType") -> bool:
    from pyarrow import types

    return types.is_string(held) or types.is_large_string(held) or types.is_string_view(held)


def _whole(values: "pa.ChunkedArray") -> "pa.Array":
    """Give one array; a table of one chunk is not copied."""
    return values.chunk(0) if values.num_chunks == 1 else values.unify_dictionaries().combine_chunks()


def _numbers(values: "pa.Array") -> np.ndarray:
    import pyarrow as pa

    numbers: np.ndarray = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers if numbers.flags.writeable else numbers.copy()


def _days(values: "pa.Array") -> tuple[np.ndarray, dict[int, str]]:
    """Give days since 1970, in UTC."""
    import pyarrow as pa

    if pa.types.is_null(values.type):
        return np.full(len(values), np.nan), {}
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        moments = values.to_numpy(zero_copy_only=False).astype("datetime64[us]")
        lost = np.zeros(len(values), dtype=bool)
    else:
        import pandas as pd

        texts = pd.Series(values.cast(pa.string()).to_pandas(), dtype="str")
        parsed = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").dt.tz_convert(None)
        moments = parsed.to_numpy(dtype="datetime64[us]")
        lost = np.isnat(moments) & texts.notna().to_numpy()
    numbers = np.where(np.isnat(moments), np.nan, moments.astype("int64") / MICROSECONDS_A_DAY)
    return numbers, _marked(
        lost, values, lambda value: f"{short(value)} is no time such as 2024-01-31 or 2024-01-31T12:00:00Z"
    )


def _marked(bad: np.ndarray, values: "pa.Array", message: Callable[[Any], str]) -> dict[int, str]:
    return {int(row): message(values[int(row)].as_py()) for row in np.flatnonzero(bad)} if bad.any() else {}
