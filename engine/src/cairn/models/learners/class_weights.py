"""Weigh rows so that every class counts the same."""

from typing import Any

import numpy as np

from cairn.errors import InputError
from cairn.models.learners.protocol import Balance


def weights(train_y: np.ndarray, other_y: np.ndarray | None, balance: Balance) -> Any:
    """Weigh rows so that every class of the training part weighs the same; the mean weight there is one.

    Returns
    -------
    tuple : weights of shape (n_train,) and (n_other,); None for a part that is absent, and without balance
    """
    if balance != "weights":
        return None, None
    if not np.issubdtype(train_y.dtype, np.integer):
        raise InputError("model.balance: weights are for classes, and a regression has none; use balance: none")
    other = np.zeros(0, dtype=int) if other_y is None else other_y
    counts = np.bincount(train_y, minlength=int(max(train_y.max(), other.max(initial=0))) + 1)
    by_class = len(train_y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return by_class[train_y], None if other_y is None else by_class[other_y]
