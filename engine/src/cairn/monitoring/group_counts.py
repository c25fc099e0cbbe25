"""Count rows of the groups of sensitive columns by actual and predicted class."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cairn.bias.predictions import Confusion, disparate_impact, predicted_proportion_difference
from cairn.monitoring.documents import GroupCounts
from cairn.monitoring.sample import Predictions
from cairn.rows.signature import Signature
from cairn.tables.duck import connect, literal, quoted

Counts = dict[str, list[list[int]]]  # group -> counts[actual class][predicted class]
Path = tuple[str, str, str, str]  # column, group, class, measure
MISSING, OTHERS = "(missing)", "(others)"
MAX_GROUPS, NUMBER_GROUPS = 10, 4  # groups of a column; groups that a number with more values is cut into
GROUP_ROWS = 100  # that a comparison needs of the group, and of all others
LABEL_FREE = {
    "predicted_proportion_difference": predicted_proportion_difference,
    "disparate_impact": disparate_impact,
}


class Sides(NamedTuple):
    """A group, and all other rows of its column."""

    others: Confusion
    group: Confusion


def count_table(
    table: pd.DataFrame,
    sensitive: Sequence[str],
    actual: NDArray[Any] | None,
    chosen: NDArray[Any],
    signature: Signature,
    groups: Mapping[str, GroupCounts] | None = None,
) -> dict[str, GroupCounts]:
    """Count the rows of every group of a table.

    Parameters
    ----------
    table : with the sensitive columns, shape (n_rows, any)
    sensitive : the columns to count by
    actual : shape (n_rows,), the places of the actual classes; None: unknown, and counted as the first class
    chosen : shape (n_rows,), the places of the predicted classes
    signature : of the model
    groups : the groups of the baseline; None: they are chosen here

    Returns
    -------
    dict : column -> its groups; empty for a regression, which has no positive predictions
    """
    if signature.classes is None:
        return {}
    size, counted = len(signature.classes), {}
    kinds = {column.name: column.kind for column in signature.columns}
    with connect() as connection:
        for column in sensitive:
            frame = table[[column]].assign(actual=0 if actual is None else actual, predicted=chosen)
            connection.register("rows", frame)
            bounds = groups[column].bounds if groups else _bounds(connection, column, kinds[column])
            names = list(groups[column].groups) if groups else None
            sql = _group_sql(quoted(column), kinds[column], bounds)
            query = f"SELECT {sql}, actual, predicted, count(*) FROM rows GROUP BY ALL"
            counts = connection.execute(query).fetchall()
            counted[column] = GroupCounts(bounds=bounds, groups=_by_group(counts, names, size))
    return counted


def count_windows(
    records: Predictions, column: str, known: GroupCounts, signature: Signature, table: str
) -> dict[int, Counts]:
    """Count the rows of `recorded` or `labelled` by window, group, and actual and predicted class, in one scan."""
    kind = next(each.kind for each in signature.columns if each.name == column)
    name = _group_sql(quoted(records.names[column]), kind, known.bounds)
    cases = " ".join(f"WHEN {_class_sql(each)} THEN {place}" for place, each in enumerate(signature.classes or []))
    actual = "actual" if table == "labelled" else "0"
    rows = records.connection.execute(
        f"SELECT window_number, {name}, {actual} AS actual, CASE prediction {cases} END AS predicted, count(*) "
        f"FROM {table} GROUP BY ALL"
    ).fetchall()
    by_window: dict[int, list[tuple[Any, ...]]] = {}
    for number, *counts in rows:
        by_window.setdefault(number, []).append(tuple(counts))
    size = len(signature.classes or [])
    return {number: _by_group(counts, list(known.groups), size) for number, counts in by_window.items()}


def label_free_measures(counted: Mapping[str, GroupCounts], signature: Signature) -> Iterator[tuple[Path, float]]:
    """Compute the measures that need no labels, of every group that is large enough."""
    for column, known in counted.items():
        for group in known.groups:
            for place in positive_places(signature):
                sides = split_sides(known.groups, group, place)
                if smaller_side(sides) >= GROUP_ROWS:
                    for measure, function in LABEL_FREE.items():
                        name = str((signature.classes or [])[place])
                        yield (column, group, name, measure), float(function(*sides))


def positive_places(signature: Signature) -> list[int]:
    """Return the classes that count as positive: of two the last, of several each against the rest."""
    size = len(signature.classes or [])
    return [1] if size == 2 else list(range(size))


def split_sides(counts: Mapping[str, ArrayLike], group: str, place: int) -> Sides:
    """Split counts into a group and all others, with the class at a place against the rest."""
    tables = {name: np.asarray(table, dtype=np.float64) for name, table in counts.items()}
    own = tables.get(group)
    if own is None:
        own = np.zeros((place + 2, place + 2))
    others = sum((table for name, table in tables.items() if name != group), np.zeros_like(own))
    return Sides(_against_rest(others, place), _against_rest(own, place))


def smaller_side(sides: Sides) -> float:
    """Return the number of rows of the smaller side."""
    return min(float(side.n) for side in sides)


def _against_rest(counts: NDArray[np.float64], place: int) -> Confusion:
    """Join all classes but one: counts[actual][predicted] of shape (n, n) to those of two."""
    tp, row, column = counts[place, place], counts[place].sum(), counts[:, place].sum()
    return Confusion(counts.sum() - row - column + tp, column - tp, row - tp, tp)


def _by_group(counts: Sequence[tuple[Any, ...]], names: Sequence[str] | None, size: int) -> Counts:
    """Arrange counts by group; without names the most frequent values are groups, and the rest are one."""
    totals: dict[str, int] = {}
    for name, _, _, rows in counts:
        totals[name] = totals.get(name, 0) + rows
    kept = list(names) if names else sorted(sorted(totals), key=lambda name: -totals[name])[:MAX_GROUPS]
    tables = {name: np.zeros((size, size), dtype=np.int64) for name in kept}
    for name, actual, predicted, rows in counts:
        if predicted is None:
            continue
        group = name if name in tables else OTHERS
        tables.setdefault(group, np.zeros((size, size), dtype=np.int64))[int(actual), int(predicted)] += rows
    return {name: table.tolist() for name, table in tables.items()}


def _bounds(connection: duckdb.DuckDBPyConnection, column: str, kind: str) -> list[float] | None:
    if kind != "number":
        return None
    cell = f"CAST({quoted(column)} AS DOUBLE)"
    shares = ", ".join(str(part / NUMBER_GROUPS) for part in range(1, NUMBER_GROUPS))
    query = f"SELECT count(DISTINCT {cell}), quantile_disc({cell}, [{shares}]) FROM rows"
    ((distinct, quantiles),) = connection.execute(query).fetchall()
    return None if distinct <= MAX_GROUPS else sorted(set(quantiles))


def _group_sql(cell: str, kind: str, bounds: Sequence[float] | None) -> str:
    """Write the SQL of the name of a value's group, for the baseline's table and for recorded rows alike."""
    if bounds:
        number, first = f"CAST({cell} AS DOUBLE)", f"{bounds[0]:.6g}"
        cases = f"WHEN {cell} IS NULL OR isnan({number}) THEN {literal(MISSING)} WHEN {number} <= {bounds[0]!r} "
        cases += f"THEN {literal(f'up to {first}')} "
        for low, high in pairwise(bounds):
            cases += f"WHEN {number} <= {high!r} THEN {literal(f'over {low:.6g} up to {high:.6g}')} "
        return f"CASE {cases} ELSE {literal(f'over {bounds[-1]:.6g}')} END"
    if kind == "number":
        cell = f"CAST({cell} AS DOUBLE)"
        cell = f"CASE WHEN NOT isnan({cell}) THEN {cell} END"
    return f"coalesce(CAST({cell} AS VARCHAR), {literal(MISSING)})"


def _class_sql(name: Any) -> str:
    return literal(name) if isinstance(name, str) else str(name).lower() if isinstance(name, bool) else repr(name)
