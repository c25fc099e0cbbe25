"""Fit each model that a search may choose on a few rows, so that one that cannot be saved is refused at once."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError, own_code_error
from cairn.models import estimators
from cairn.models.learners import archive, scikit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check"]

ROWS = 200
ENGINE = "cairn.models."  # families of the engine, whose types its own tests cover


def check(
    nodes: Iterable[Mapping[str, Any]],
    X: "pd.DataFrame",
    y: np.ndarray,
    *,
    trusted: Sequence[str],
    **about: Any,
) -> None:
    """Fit, ask and write each model that is not of the engine, before time is spent on a search for its parameters.

    Parameters
    ----------
    nodes : of conf/model
    X, y : the training rows
    trusted : dotted names of the project's own types that a model may hold
    **about : `task`, `n_classes` and `seed` of `estimators.build`

    Raises
    ------
    InputError : a model that fails, or that loading would refuse
    """
    few = _few(y, about["n_classes"])
    for node in nodes:
        if node["_target_"].startswith(ENGINE):
            continue
        try:
            model = _fitted(node, X.iloc[few], y[few], **about)
        except InputError:  # these may be too few rows, such as for 500 neighbours
            model = _fitted(node, X, y, **about)
        with tempfile.TemporaryDirectory() as folder:
            model.write(Path(folder))
            for path in Path(folder).rglob(scikit.FILE):
                archive.require_trusted(path, trusted)


def _fitted(node: Mapping[str, Any], X: "pd.DataFrame", y: np.ndarray, **about: Any) -> estimators.Estimator:
    model = estimators.build(node, **about)
    try:
        estimators.fit(model, X, y, balance=node.get("balance", "none"))
        estimators.predict(model, X)
    except InputError:
        raise
    except Exception as error:  # whatever a class of the project's own raises
        raise own_code_error(f"model._target_: {node['_target_']}", error) from error
    return model


def _few(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the places of the first rows of each class, or of all rows of a regression."""
    if not n_classes:
        return np.arange(min(len(y), ROWS))
    places = [np.flatnonzero(y == label)[: max(2, ROWS // n_classes)] for label in range(n_classes)]
    return np.sort(np.concatenate(places))
