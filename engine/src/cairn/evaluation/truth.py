"""The share of what can be learnt that a model has learnt, where the true probabilities are known (simulated data)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cairn.evaluation.curves import figure
from cairn.evaluation.documents import Ceiling
from cairn.evaluation.metrics import binary

__all__ = ["ceiling"]


def ceiling(
    actual: ArrayLike, true_probability: ArrayLike, model: Mapping[str, float | None], *, prior: float
) -> dict[str, Ceiling]:
    """Compare a model with the true probabilities, which no model can beat but by luck.

    Parameters
    ----------
    actual : shape (n_rows,), true or 1 where the row is positive
    true_probability : shape (n_rows,), from which `actual` was drawn
    model : the model's `roc_auc` and `log_loss` on the same rows
    prior : the share of positive rows in the training part, which is the best prediction without a model

    Returns
    -------
    dict : `roc_auc` and `log_loss` -> the model's figure beside that of the true probabilities on these rows
    """
    ones = np.ones((1, np.size(actual)))
    best = binary(actual, true_probability, threshold=0.5)(ones)
    blind = binary(actual, np.full(np.size(actual), prior), threshold=0.5)(ones)
    return {
        "roc_auc": _ceiling(best["roc_auc"][0], 0.5, model["roc_auc"]),
        "log_loss": _ceiling(best["log_loss"][0], blind["log_loss"][0], model["log_loss"]),
    }


def _ceiling(best: float, chance: float, model: float | None) -> Ceiling:
    room = best - chance
    share = (model - chance) / room if model is not None and room else np.nan
    return Ceiling(best=figure(best), chance=figure(chance), model=model, share=figure(share))
