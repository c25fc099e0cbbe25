"""Group rows by a sensitive column, or by two of them crossed; the training part decides on the groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["require"]

Codes = NDArray[np.intp]

MISSING, OTHERS = "(missing)", "(others)"


@dataclass(frozen=True)
class Facet:
    """The groups of one column, or of two crossed.

    Parameters
    ----------
    columns : one or two
    groups : for each group, its value of each column, as text
    codes : part -> the group of each row, shape (n_rows,)
    notes : how values were joined to few groups
    """

    columns: list[str]
    groups: list[tuple[str, ...]]
    codes: dict[str, Codes]
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`gender`, or `gender x city`."""
        return name(self.columns)


def name(columns: Sequence[str]) -> str:
    """Name the facet of one or two columns."""
    return " x ".join(columns)


def combined(sensitive: Sequence[str], crossed: bool = True) -> list[list[str]]:
    """Return the columns of every facet: each single column, then each pair."""
    columns = list(dict.fromkeys(sensitive))
    return [[column] for column in columns] + ([list(pair) for pair in combinations(columns, 2)] if crossed else [])


def require(named: Mapping[str, Iterable[str | None]], table_columns: Iterable[str]) -> None:
    """Check that columns are in the table.

    Parameters
    ----------
    named : where columns are named -> their names; None is skipped
    table_columns : the table's columns

    Raises
    ------
    InputError : a column is not in the table
    """
    names = [str(each) for each in table_columns]
    for where, columns in named.items():
        for column in columns:
            if column is not None and column not in names:
                raise InputError(f"{where}: no column {column!r} in the table {did_you_mean(column, names)}")


def of_table(
    parts: "dict[str, pd.DataFrame]", sensitive: Sequence[str], *, crossed: bool, max_groups: int, bins: int
) -> list[Facet]:
    """Build the facets of sensitive columns.

    Parameters
    ----------
    parts : `train`, whose rows decide on the groups, and any others
    sensitive : columns of each of them
    crossed : whether each pair of columns is a facet too
    max_groups, bins : as for `by_column`
    """
    single = {column: by_column(parts, column, max_groups=max_groups, bins=bins) for column in sensitive}
    pairs = [columns for columns in combined(sensitive, crossed) if len(columns) == 2]
    return [*single.values(), *(cross(single[first], single[second], max_groups=max_groups) for first, second in pairs)]


def by_column(parts: "dict[str, pd.DataFrame]", column: str, *, max_groups: int, bins: int) -> Facet:
    """Group the rows by the values that one column has in the training part.

    Numbers and times with more than `max_groups` values are cut at quantiles; of texts the most frequent are groups,
    and the rest are one group. Missing values are a separate group.

    Parameters
    ----------
    parts : `train` and any others
    column : a column of each of them
    max_groups : the number of values that are separate groups
    bins : the number of groups of about equal size that numbers are cut into
    """
    import pandas as pd

    values = {part: table[column] for part, table in parts.items()}
    train = values["train"]
    ordered = pd.api.types.is_datetime64_any_dtype(train) or (
        pd.api.types.is_numeric_dtype(train) and not pd.api.types.is_bool_dtype(train)
    )
    if ordered and train.nunique() > max_groups:
        return _cut(column, values, bins)
    return _most_frequent(column, values, max_groups)


def cross(first: Facet, second: Facet, *, max_groups: int) -> Facet:
    """Group the rows by the groups of two facets; the most frequent pairs are groups, and the rest are one group."""
    columns = [*first.columns, *second.columns]
    width = len(second.groups)
    pairs = {part: first.codes[part] * width + second.codes[part] for part in first.codes}
    counts = np.bincount(pairs["train"], minlength=len(first.groups) * width)
    kept, notes = _largest(counts, max_groups, name(columns))
    groups = [(*first.groups[pair // width], *second.groups[pair % width]) for pair in kept]
    codes = {part: _places(kept, each, len(counts)) for part, each in pairs.items()}
    return _with_others(columns, groups, codes, [*first.notes, *second.notes, *notes])


def _cut(column: str, values: "dict[str, pd.Series]", bins: int) -> Facet:
    import pandas as pd

    train = values["train"]
    dtype = "datetime64[us]" if pd.api.types.is_datetime64_any_dtype(train) else "float64"
    bounds = _bounds(np.sort(train.dropna().to_numpy(dtype=dtype)), bins)
    texts = [str(bound)[:10] if dtype != "float64" else f"{bound:.6g}" for bound in bounds]
    between = [f"over {low} up to {high}" for low, high in pairwise(texts)]
    groups = [f"up to {texts[0]}", *between, f"over {texts[-1]}"]
    codes = {part: np.searchsorted(bounds, each.to_numpy(dtype=dtype), side="left") for part, each in values.items()}
    gaps = {part: each.isna().to_numpy() for part, each in values.items()}
    codes = {part: np.where(gaps[part], len(groups), each) for part, each in codes.items()}
    note = f"{column}: {train.nunique():,} different values, cut at quantiles into {len(groups)} groups"
    if any(each.any() for each in gaps.values()):
        groups.append(MISSING)
    return Facet([column], [(group,) for group in groups], codes, [note])


def _bounds(ranked: NDArray[Any], bins: int) -> NDArray[Any]:
    """Choose quantiles that are values of the column; the largest value is not a bound."""
    bounds = np.unique(ranked[[len(ranked) * place // bins for place in range(1, bins)]])
    below = bounds[bounds < ranked[-1]]
    return below if below.size else ranked[ranked < ranked[-1]][-1:]


def _most_frequent(column: str, values: "dict[str, pd.Series]", max_groups: int) -> Facet:
    import pandas as pd

    counts = values["train"].value_counts()
    counts = counts[counts > 0]
    levels = sorted((str(level), level) for level in counts.index)
    kept, notes = _largest(np.array([counts[level] for _, level in levels]), max_groups, column)
    groups = [levels[place][0] for place in kept]
    index = pd.Index([levels[place][1] for place in kept], dtype=object)
    missing = len(groups)  # the code of missing values; that of the others comes after it
    codes = {}
    for part, each in values.items():
        codes_of_part, values_of_part = pd.factorize(each)
        places = np.append(index.get_indexer(pd.Index(values_of_part).astype(object)), missing)
        places[:-1][places[:-1] < 0] = missing + 1
        codes[part] = places[codes_of_part]
    if any((each == missing).any() for each in codes.values()):
        groups.append(MISSING)
    else:
        codes = {part: np.where(each > missing, missing, each) for part, each in codes.items()}
    return _with_others([column], [(group,) for group in groups], codes, notes)


def _largest(counts: NDArray[Any], max_groups: int, what: str) -> tuple[list[int], list[str]]:
    """Choose the separate groups, in their order, and describe the rest in a note."""
    filled = np.flatnonzero(counts)
    if len(filled) <= max_groups:
        return filled.tolist(), []
    largest = filled[np.argsort(-counts[filled], kind="stable")[:max_groups]]
    note = f"{what}: {len(filled):,} different values; the {max_groups} most frequent stand alone, the rest as {OTHERS}"
    return sorted(largest.tolist()), [note]


def _places(kept: list[int], codes: Codes, n_codes: int) -> Codes:
    """Renumber the kept codes; all others get the number after the last."""
    places = np.full(n_codes, len(kept), dtype=np.intp)
    places[kept] = np.arange(len(kept))
    return places[codes]


def _with_others(columns: list[str], groups: list[tuple[str, ...]], codes: dict[str, Codes], notes: list[str]) -> Facet:
    """Add a group for the rows without a group: rare values, and values that the training part lacks."""
    if any((each == len(groups)).any() for each in codes.values()):
        groups = [*groups, (OTHERS,) * len(columns)]
    return Facet(columns, groups, codes, notes)
