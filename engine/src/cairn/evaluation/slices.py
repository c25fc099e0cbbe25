"""Metrics of each group of rows, so that a model that fails one group cannot hide behind the average."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Record = dict[str, Any]
Measure = Callable[[NDArray[np.intp]], Mapping[str, float | None]]


def by_value(columns: Mapping[str, ArrayLike], measure: Measure, *, min_rows: int = 50) -> list[Record]:
    """Measure the rows of every value of every column.

    Parameters
    ----------
    columns : name -> labels of shape (n_rows,); None and NaN are a group of their own
    measure : positions of rows -> metric -> figure
    min_rows : groups with fewer rows get null for every metric, since chance would speak

    Returns
    -------
    list of dict : `column`, `value`, `rows` and the metrics; values sorted within a column, null last
    """
    names: list[str] | None = None
    records = []
    for column, labels in columns.items():
        for value, rows in _groups(labels):
            if names is None:
                names = list(measure(np.arange(np.size(labels))))
            figures = measure(rows) if rows.size >= min_rows else dict.fromkeys(names)
            records.append({"column": column, "value": value, "rows": int(rows.size), **figures})
    return records


def worst(records: Iterable[Record], metric: str, *, greater_is_better: bool, column: str = "any") -> Record | None:
    """Find the group with the worst figure; None where no group has one.

    Parameters
    ----------
    records : as `by_value` gives them
    metric : whose figures; groups without one (too few rows, one class) never count
    greater_is_better : which way is better
    column : look at the groups of this column alone; `any` looks at all
    """
    known = [each for each in records if column in ("any", each["column"]) and each.get(metric) is not None]
    return (min if greater_is_better else max)(known, key=lambda each: each[metric], default=None)


def _groups(labels: ArrayLike) -> list[tuple[str | None, NDArray[np.intp]]]:
    """Give each label, as text, and its rows."""
    codes: dict[str | None, int] = {}
    texts = [None if label is None or label != label else str(label) for label in np.asarray(labels).tolist()]
    numbers = np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.intp)
    order = np.argsort(numbers, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(numbers, minlength=len(codes)))[:-1])
    return sorted(zip(codes, parts, strict=True), key=lambda group: (group[0] is None, str(group[0])))
