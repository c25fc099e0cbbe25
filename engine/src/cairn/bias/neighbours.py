"""Find the nearest rows of the other groups, for the counterfactual fliptest."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 100  # rows whose distances are in memory at once


def votes(
    features: "pd.DataFrame",
    positive: NDArray[np.bool_],
    group: NDArray[np.bool_],
    *,
    leave: Collection[str],
    neighbours: int,
    rows: int,
    others: int,
    seed: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return predictions of sampled rows of a group, and of their nearest neighbours in the other groups.

    The distance is Gower's (1971) on ranks (Podani 1999), each column with the same weight: of numbers the distance
    of their ranks, of categories 1 where they differ, and 1 where one of two values is missing. Rows that are as near
    as the last neighbour all count, so that ties are not broken by chance. Without other columns all rows are as near.

    Parameters
    ----------
    features : shape (n_rows, n_features), the model's inputs
    positive : shape (n_rows,), true where the prediction is positive
    group : shape (n_rows,), true for the group, false for the others
    leave : the columns that define the group, without which rows are compared
    neighbours : the number of nearest rows
    rows, others : the most rows of the group, and of the others, that are drawn
    seed : of the sample

    Returns
    -------
    tuple : for each sampled row, whether most of its neighbours are predicted positive, and whether it is itself; both
        of shape (n_sampled,)
    """
    generator = np.random.default_rng(seed)
    inside = _sample(np.flatnonzero(group), rows, generator)
    outside = _sample(np.flatnonzero(~group), others, generator)
    table = features.drop(columns=[name for name in leave if name in features.columns])
    columns = [_scaled(table[name].iloc[np.append(inside, outside)]) for name in table.columns]
    nearest = min(neighbours, outside.size)
    majority = np.empty(inside.size, dtype=bool)
    for start in range(0, inside.size, BLOCK):
        block = slice(start, min(start + BLOCK, inside.size))
        distances = _distances(columns, block, inside.size, outside.size)
        farthest = np.partition(distances, nearest - 1, axis=1)[:, nearest - 1 : nearest]
        majority[block] = [positive[outside[inside_radius]].mean() > 0.5 for inside_radius in distances <= farthest]
    return majority, positive[inside]


def _sample(rows: NDArray[np.intp], most: int, generator: np.random.Generator) -> NDArray[np.intp]:
    return rows if rows.size <= most else np.sort(generator.choice(rows, most, replace=False))


def _scaled(column: "pd.Series") -> NDArray[Any]:
    """Return the codes of a category, or the ranks of numbers from 0 to 1; -1 and NaN where missing."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy()
    ranks = column.rank()
    span = ranks.max() - ranks.min()
    return ((ranks - ranks.min()) / (span if span > 0 else 1.0)).to_numpy(dtype=np.float32)


def _distances(columns: list[NDArray[Any]], block: slice, n_inside: int, n_outside: int) -> NDArray[np.float32]:
    """Compute the distances of a block of the group's rows to all others: shape (n_block, n_outside)."""
    total = np.zeros((block.stop - block.start, n_outside), dtype=np.float32)
    for column in columns:
        near, far = column[block][:, None], column[n_inside:][None, :]
        if column.dtype == np.float32:
            apart = np.abs(near - far)
            gap = np.isnan(column)
            if gap.any():
                apart = np.where(np.isnan(apart), gap[block][:, None] != gap[n_inside:][None, :], apart)
            total += apart
        else:
            total += near != far
    return total
