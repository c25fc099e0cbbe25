"""Metrics of each group of rows, so that a model that fails one group cannot hide behind the average."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cairn.evaluation.documents import Slice

Measure = Callable[[NDArray[np.intp]], Mapping[str, float | None]]


class Group(NamedTuple):
    """The rows that share a value of a column.

    Parameters
    ----------
    column : the name of the column
    value : as text; None: the rows where it is missing
    rows : positions of the rows, shape (n_rows_of_group,)
    """

    column: str
    value: str | None
    rows: NDArray[np.intp]


def by_value(columns: Mapping[str, ArrayLike], measure: Measure, *, min_rows: int = 50) -> list[Slice]:
    """Measure the rows of every value of every column.

    Parameters
    ----------
    columns : name -> labels of shape (n_rows,); None and NaN are a group of their own
    measure : positions of rows -> metric -> figure
    min_rows : groups with fewer rows get None for every metric, since chance would decide

    Returns
    -------
    list : the slices of each column in turn; values sorted within a column, None last
    """
    names: list[str] | None = None
    slices = []
    for group in group_rows(columns):
        if names is None:
            names = list(measure(np.arange(np.size(columns[group.column]))))
        metrics = measure(group.rows) if group.rows.size >= min_rows else dict.fromkeys(names)
        slices.append(Slice(column=group.column, value=group.value, rows=int(group.rows.size), metrics=dict(metrics)))
    return slices


def group_rows(columns: Mapping[str, ArrayLike]) -> Iterator[Group]:
    """Group the rows by the values of each column in turn.

    Parameters
    ----------
    columns : name -> labels of shape (n_rows,); None and NaN are a group of their own

    Yields
    ------
    Group : values sorted within a column, None last
    """
    for column, labels in columns.items():
        for value, rows in _rows_by_value(labels):
            yield Group(column, value, rows)


def worst(slices: Iterable[Slice], metric: str, *, greater_is_better: bool, column: str = "any") -> Slice | None:
    """Find the slice with the worst figure; None where no slice has one.

    Parameters
    ----------
    slices : as `by_value` returns them
    metric : whose figures; slices without one (too few rows, one class) never count
    greater_is_better : the direction of the metric
    column : only slices by this column; `any`: all slices
    """
    figures = [
        (figure, candidate)
        for candidate in slices
        if column in ("any", candidate.column) and (figure := candidate.metrics.get(metric)) is not None
    ]
    if not figures:
        return None
    return (min if greater_is_better else max)(figures, key=lambda pair: pair[0])[1]


def _rows_by_value(labels: ArrayLike) -> list[tuple[str | None, NDArray[np.intp]]]:
    """Return each label, as text, and its rows."""
    codes: dict[str | None, int] = {}
    texts = [None if label is None or label != label else str(label) for label in np.asarray(labels).tolist()]
    numbers = np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.intp)
    order = np.argsort(numbers, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(numbers, minlength=len(codes)))[:-1])
    return sorted(zip(codes, parts, strict=True), key=lambda group: (group[0] is None, str(group[0])))
