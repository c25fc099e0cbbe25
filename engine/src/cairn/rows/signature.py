"""What a model expects of a table: learnt from the training part, kept beside the model, applied to every row."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cairn.errors import InputError, did_you_mean
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe", "read"]

Kind = Literal["number", "category", "boolean", "time"]

LARGEST = float(np.finfo(np.float32).max)  # what XGBoost can hold; beyond it a value counts as infinite
MICROSECONDS_A_DAY = 86_400_000_000
RANKS = (2 * np.arange(16) + 1) / 32  # shares of the rows below the values that stand for a column
DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))([T ].*)?\s*")


@dataclass(frozen=True)
class Column:
    """One column as the training part showed it.

    Parameters
    ----------
    name : the column
    kind : what its values are; a time is given to models as days since 1970
    categories : for a category, its sorted levels
    low, high : for the other kinds, the smallest and largest value
    missing : whether some values were missing
    median : of numbers where none was missing: what stands for a value that is missing later, since the model could
        not learn what that means
    single : the numbers were stored as 32-bit floats, and a number from elsewhere is rounded likewise
    background : values at evenly spaced ranks, of numbers rounded to six digits, of categories their places among the
        levels; None stands for those that were missing. What explanations put in a value's stead
    """

    name: str
    kind: Kind
    categories: list[str] | None = None
    low: float | None = None
    high: float | None = None
    missing: bool = False
    single: bool = False
    median: float | None = None
    background: list[float | None] | None = None

    @property
    def typical(self) -> str | float | bool | None:
        """Give the value in the middle, or the most frequent category, as a row of a request has it; None: unknown."""
        there = sorted(value for value in self.background or [] if value is not None)
        if self.kind == "category":
            return (self.categories or [])[int(max(there, key=there.count))] if there else None
        middle = there[len(there) // 2] if there and self.median is None else self.median
        if middle is None:
            return None
        if self.kind == "time":
            return str(np.datetime64(int(middle), "D"))
        return middle >= 0.5 if self.kind == "boolean" else float(f"{middle:.6g}")


@dataclass(frozen=True)
class Signature:
    """The columns, the target and the decision rule of one model; JSON says all of it.

    Parameters
    ----------
    columns : what the model sees, in order
    left_out : features that the model does not see, with the reason
    target, task, classes : as in the features' schema; for a binary task the positive class is the last
    threshold : binary: positive if the probability is at least this; None: 0.5
    interval : regression: the lower and upper validation residual that hold 90 % of the rows, in the target's units
    """

    columns: list[Column]
    left_out: dict[str, str] = field(default_factory=dict)
    target: str = ""
    task: Task = "regression"
    classes: list[Any] | None = None
    threshold: float | None = None
    interval: list[float] | None = None

    def frame(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """Prepare any table for the model; each row's outcome depends on that row alone.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, any) that holds at least the signature's columns

        Returns
        -------
        DataFrame of shape (n_rows, n_columns) : floats, and categoricals with exactly the signature's levels; NaN where
            missing, but the median where no number was missing in training; a level that the training part did not
            show is missing

        Raises
        ------
        InputError : a column is missing, or its values are of another kind
        """
        import pandas as pd

        prepared: dict[str, Any] = {}
        for column in self.columns:
            if column.name not in table.columns:
                raise InputError(f"the table has no column {column.name!r} {did_you_mean(column.name, table.columns)}")
            values = _plain(table[column.name])
            if column.kind == "category":
                prepared[column.name] = _category(column.name, values, self._levels[column.name])
            elif column.kind == "time":
                prepared[column.name] = _days(column.name, values)
            else:
                prepared[column.name] = _numbers(column.name, values, column.single)
            if column.median is not None and not isinstance(prepared[column.name], pd.Categorical):
                prepared[column.name] = _filled(prepared[column.name], column.median)
        return pd.DataFrame(prepared, index=table.index, copy=False)

    def labels(self, table: "pd.DataFrame") -> "np.ndarray":
        """Give the target as a model learns it.

        Returns
        -------
        ndarray of shape (n_rows,) : the class's place in `classes` (int32), or the value (float64)

        Raises
        ------
        InputError : the target is missing, infinite or none of the classes
        """
        import pandas as pd

        if self.target not in table.columns:
            raise InputError(f"the table has no target {self.target!r} {did_you_mean(self.target, table.columns)}")
        values = table[self.target]
        if self.classes is None:
            numbers = _numbers(self.target, _plain(values), False)
            bad = np.isnan(numbers)
        else:
            numbers = pd.Index(self.classes, dtype=object).get_indexer(values.astype(object)).astype(np.int32)
            bad = numbers < 0
        if bad.any():
            row, shown = int(bad.argmax()), values[bad].iloc[0]
            what = "missing" if pd.isna(shown) else f"{shown!r}, which is none of the classes {self.classes}"
            raise InputError(f"target {self.target}: {int(bad.sum()):,} rows cannot be used; row {row + 1:,} is {what}")
        return numbers

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON content; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Signature":
        """Read what `to_json` gave."""
        return cls(**{**content, "columns": [Column(**column) for column in content["columns"]]})

    @cached_property
    def _levels(self) -> dict[str, "pd.CategoricalDtype"]:
        import pandas as pd

        known = {column.name: column.categories for column in self.columns if column.categories is not None}
        return {name: pd.CategoricalDtype(pd.Index(levels, dtype="str")) for name, levels in known.items()}


def describe(
    train: "pd.DataFrame",
    *,
    features: Sequence[str],
    target: str,
    task: Task,
    classes: Sequence[Any] | None,
    max_levels: int = 1000,
) -> Signature:
    """Look at the training part and decide what the model sees.

    Parameters
    ----------
    train : DataFrame of shape (n_rows, n_columns), the training part only
    features : the columns to use
    target, task, classes : as in the features' schema
    max_levels : how many different texts a category may have

    Raises
    ------
    InputError : a column that no model can use as it is, or no column left
    """
    columns: list[Column] = []
    left_out: dict[str, str] = {}
    for name in features:
        if name not in train.columns:
            raise InputError(f"features: no column {name!r} in the training part {did_you_mean(name, train.columns)}")
        seen = _column(name, _plain(train[name]), max_levels)
        if isinstance(seen, Column):
            columns.append(seen)
        else:
            left_out[name] = seen
    if not columns:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items()) or "none was given"
        raise InputError(f"features: no column is left that a model could learn from ({reasons})")
    return Signature(columns, left_out, target, task, None if classes is None else list(classes))


def read(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Read a Parquet table with its texts as categoricals, which never become Python strings.

    Parameters
    ----------
    path : the Parquet file
    columns : which columns to read; None: all
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    text = [each.name for each in schema if pa.types.is_string(each.type) or pa.types.is_large_string(each.type)]
    table = pq.read_table(path, columns=None if columns is None else list(columns), read_dictionary=text)
    for place, each in enumerate(table.schema):
        if pa.types.is_decimal(each.type):
            table = table.set_column(place, each.name, table.column(place).cast(pa.float64()))
    types = {pa.bool_(): pd.BooleanDtype()}
    return table.to_pandas(types_mapper=types.get, date_as_object=False, ignore_metadata=True, split_blocks=True)


def _plain(values: "pd.Series") -> "pd.Series":
    """Give Python objects the type that they all have; other columns stay as they are."""
    import pandas as pd

    if values.dtype != object:
        return values
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    if inferred == "boolean":
        return values.astype("boolean")
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal", "empty"):
        return values.astype("float64")
    if inferred in ("date", "datetime", "datetime64"):
        return pd.to_datetime(values, utc=True)
    if inferred == "string":
        return values.astype("str")
    raise InputError(f"{values.name}: values of several types in one column ({inferred}); give it one type")


def _column(name: str, values: "pd.Series", max_levels: int) -> Column | str:
    import pandas as pd

    missing = bool(values.isna().any())
    if missing and values.isna().all():
        return "every value is missing"
    if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype):
        return _text(name, values, missing, max_levels)
    kind: Kind = "number"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        kind, numbers = "time", _days(name, values)
    else:
        kind = "boolean" if pd.api.types.is_bool_dtype(values.dtype) else "number"
        numbers = _numbers(name, values, False)
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    if low == high and not missing:
        return "the same value in every row"
    single = str(values.dtype).lower() == "float32"
    median = None if missing or kind == "time" else float(np.median(numbers))
    spread = np.partition(numbers, _places(len(numbers)))[_places(len(numbers))]  # what is missing comes last
    background = [None if np.isnan(value) else float(f"{value:.6g}") for value in spread.tolist()]
    return Column(name, kind, None, low, high, missing, single, median, background)


def _text(name: str, values: "pd.Series", missing: bool, max_levels: int) -> Column | str:
    import pandas as pd

    coded = pd.Categorical(values)
    counts = np.bincount(coded.codes[coded.codes >= 0], minlength=len(coded.categories))
    levels, counts = coded.categories[counts > 0].astype("str"), counts[counts > 0]
    _refuse_dates(name, levels, counts)
    _refuse_spoilt_numbers(name, levels, counts)
    if len(levels) == 1 and not missing:
        return "the same value in every row"
    if len(levels) == counts.sum():
        return "every value is different, as in an identifier"
    if len(levels) > max_levels:
        raise InputError(
            f"{name}: {len(levels):,} different values are too many for a category (signature.max_levels is "
            f"{max_levels:,}); leave it out with data.drop=[{name}] or raise signature.max_levels"
        )
    names = [str(level) for level in levels]
    order = sorted(range(len(names)), key=names.__getitem__)
    spread = np.searchsorted(np.cumsum(counts[order]), _places(len(values)), side="right")
    background = [None if place == len(names) else float(place) for place in spread.tolist()]
    return Column(name, "category", [names[place] for place in order], missing=missing, background=background)


def _places(n_rows: int) -> "np.ndarray":
    """Give the places of evenly spaced ranks among sorted values."""
    return (RANKS * n_rows).astype(int)


def _refuse_dates(name: str, levels: "pd.Index", counts: "np.ndarray") -> None:
    step = max(1, len(levels) // 1000)  # a thousand levels tell; matching millions would take seconds
    some, weights = levels[::step], counts[::step]
    dates = np.array([DATE.fullmatch(level) is not None for level in some], dtype=bool)
    if weights[dates].sum() >= 0.9 * weights.sum():
        raise InputError(
            f"{name}: text that looks like dates, such as {some[dates][0]!r}; "
            f"where all read like 2024-01-31 say -S +data.types.{name}=DATE, else use strptime in the features SQL"
        )


def _refuse_spoilt_numbers(name: str, levels: "pd.Index", counts: "np.ndarray") -> None:
    """Refuse `?` among numbers, but not codes that hold letters: many numbers, and few different texts."""
    import pandas as pd

    text = pd.to_numeric(levels.to_series(), errors="coerce").isna().to_numpy()
    rows = int(counts[text].sum())
    if 1 <= text.sum() <= 10 and (~text).sum() >= 10 and rows <= 0.1 * counts.sum():
        raise InputError(
            f"{name}: {rows:,} of {counts.sum():,} values are no numbers, such as {levels[text][0]!r}, and the others "
            f"are; list them in data.missing, or say -S +data.types.{name}=DOUBLE once they are gone"
        )


def _category(name: str, values: "pd.Series", dtype: "pd.CategoricalDtype") -> "pd.Categorical":
    import pandas as pd

    if values.isna().all():
        codes = np.full(len(values), -1)
    elif isinstance(values.dtype, pd.CategoricalDtype):
        place = dtype.categories.get_indexer(values.cat.categories.astype("str"))
        codes = np.append(place, -1)[values.cat.codes]
    elif pd.api.types.is_string_dtype(values.dtype):
        codes = dtype.categories.get_indexer(pd.Index(values))
    else:
        raise InputError(f"{name}: the model knows text here, such as {dtype.categories[0]!r}; got {values.dtype}")
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)


def _numbers(name: str, values: "pd.Series", single: bool) -> "np.ndarray":
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(values.dtype):
        shown = values.dropna().iloc[:1].tolist()
        if shown:
            raise InputError(f"{name}: {shown[0]!r} is no number, and the model takes numbers here")
        return np.full(len(values), np.nan, dtype="float32" if single else "float64")
    numbers: np.ndarray = values.to_numpy(dtype="float64", na_value=np.nan)
    infinite = np.abs(numbers) > LARGEST
    if infinite.any():
        raise InputError(
            f"{name}: {int(infinite.sum()):,} infinite values, the first in row {int(infinite.argmax()) + 1:,} of this "
            "part; make them missing in the file or in the features SQL"
        )
    return numbers.astype("float32") if single else numbers


def _filled(numbers: "np.ndarray", median: float) -> "np.ndarray":
    gaps = np.isnan(numbers)
    return np.where(gaps, numbers.dtype.type(median), numbers) if gaps.any() else numbers


def _days(name: str, values: "pd.Series") -> "np.ndarray":
    """Give days since 1970, in UTC; the unit in which times are stored changes nothing."""
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype):
        try:
            values = pd.to_datetime(values.astype("str"), format="ISO8601", utc=True)
        except ValueError as error:
            raise InputError(f"{name}: not a date such as 2024-01-31 ({str(error).splitlines()[0]})") from error
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        if values.isna().all():
            return np.full(len(values), np.nan)
        raise InputError(f"{name}: the model takes dates such as 2024-01-31 here; got {values.dtype}")
    utc = values.dt.tz_convert(None) if values.dt.tz is not None else values
    moments = utc.to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(moments), np.nan, moments.astype("int64") / MICROSECONDS_A_DAY)
