"""Who on the other side is most alike: the nearest rows of another group, for the counterfactual fliptest."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 100  # rows whose distances are held at once


def votes(
    features: "pd.DataFrame",
    said: NDArray[np.bool_],
    group: NDArray[np.bool_],
    *,
    leave: Collection[str],
    neighbours: int,
    rows: int,
    others: int,
    seed: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say of some rows of a group what the model says of them, and of those most like them on the other side.

    The distance is Gower's (1971) on ranks (Podani 1999), each column with the same weight: of numbers the distance
    of their ranks, of categories 1 where they differ, and 1 where one of two values is missing. Rows that are as near
    as the last neighbour all count, so that no chance decides between them.

    Parameters
    ----------
    features : shape (n_rows, n_features), as the model sees them
    said : shape (n_rows,), true where the prediction is positive
    group : shape (n_rows,), true for the group, false for the others
    leave : the columns that make the group
    neighbours : how many of the other side are asked
    rows, others : how many rows of the group, and of the others, are drawn at most
    seed : of the draw

    Returns
    -------
    tuple : of the rows drawn, whether most of their neighbours are said to be positive, and whether they are
        themselves; both of shape (n_drawn,)
    """
    generator = np.random.default_rng(seed)
    inside = _some(np.flatnonzero(group), rows, generator)
    outside = _some(np.flatnonzero(~group), others, generator)
    table = features.drop(columns=[name for name in leave if name in features.columns])
    columns = [_scaled(table[name].iloc[np.append(inside, outside)]) for name in table.columns]
    wanted = min(neighbours, outside.size)
    most = np.empty(inside.size, dtype=bool)
    for start in range(0, inside.size, BLOCK):
        block = slice(start, min(start + BLOCK, inside.size))
        far = _distances(columns, block, inside.size)
        last = np.partition(far, wanted - 1, axis=1)[:, wanted - 1 : wanted]
        most[block] = [said[outside[near]].mean() > 0.5 for near in far <= last]
    return most, said[inside]


def _some(rows: NDArray[np.intp], most: int, generator: np.random.Generator) -> NDArray[np.intp]:
    return rows if rows.size <= most else np.sort(generator.choice(rows, most, replace=False))


def _scaled(column: "pd.Series") -> NDArray[Any]:
    """Give the codes of a category, or the ranks of numbers from 0 to 1; -1 and NaN where missing."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy()
    ranks = column.rank()
    span = ranks.max() - ranks.min()
    return ((ranks - ranks.min()) / (span if span > 0 else 1.0)).to_numpy(dtype=np.float32)


def _distances(columns: list[NDArray[Any]], block: slice, n_inside: int) -> NDArray[np.float32]:
    """Give the distances of a block of the group's rows to all others: shape (n_block, n_outside)."""
    total = np.zeros((block.stop - block.start, columns[0].size - n_inside), dtype=np.float32)
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
