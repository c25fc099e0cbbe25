"""Metrics of the project's own: `evaluation.metrics` of conf/config.yaml names them as scikit-learn's make_scorer does.

    metrics:
      cost:
        _target_: pipeline.metrics.cost    # called as cost(y_true, y_pred, late=5)
        greater_is_better: false
        response_method: predict           # or predict_proba; predict, if left out
        late: 5

Gates, the search and the report then know a metric `cost`. `y_true` holds 0 and 1 of a binary target, the positions of
classes, or values; `y_pred` holds the same after the decision (`predict`), or probabilities (`predict_proba`): those of
the positive class, or of shape (n_rows, n_classes). Functions of sklearn.metrics fit as they are.
"""

import inspect
import numbers
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cairn.config import locate
from cairn.errors import InputError, did_you_mean, own_code_error
from cairn.evaluation.documents import Slice

__all__ = ["check", "directions", "scorer"]

Nodes = Mapping[str, Mapping[str, Any]]
Floats = NDArray[np.float64]
Scorer = Callable[[Floats], dict[str, Floats]]

RESPONSES = ("predict", "predict_proba")
KEYS = ("_target_", "greater_is_better", "response_method")  # the rest are the function's own arguments
RESERVED = {"auto", *(field.name for field in fields(Slice))}  # slices.json has a slice's metrics beside its fields


def check(nodes: Nodes | None, task: str, taken: Collection[str]) -> None:
    """Check each metric's name, direction and signature, before there is a model to measure.

    Parameters
    ----------
    nodes : `evaluation.metrics` of params.yaml
    task : binary, multiclass, regression, or `auto`: not known yet
    taken : names that a metric of the engine, or a measure of bias, has

    Raises
    ------
    InputError : the first metric that cannot be used
    """
    for name, node in (nodes or {}).items():
        where = f"evaluation.metrics.{name}"
        if name in taken:
            raise InputError(f"{where}: there is a metric of this name already; choose another name")
        if name in RESERVED:
            raise InputError(f"{where}: {name} has another meaning in gates or in slices.json; choose another name")
        if not isinstance(node, Mapping) or "_target_" not in node:
            raise InputError(f"{where}: must be a mapping with `_target_`, such as pipeline.metrics.{name}")
        if not isinstance(node.get("greater_is_better"), bool):
            raise InputError(f"{where}.greater_is_better: must be true or false")
        response = node.get("response_method", RESPONSES[0])
        if response not in RESPONSES:
            raise InputError(f"{where}.response_method: no {response!r} {did_you_mean(str(response), RESPONSES)}")
        if task == "regression" and response != RESPONSES[0]:
            raise InputError(f"{where}.response_method: a regression has no probabilities; it must be predict")
        try:
            function = locate(node["_target_"])
            inspect.signature(function).bind(None, None, **_arguments(node))
        except InputError as error:
            raise InputError(f"{where}.{error}") from error
        except TypeError as error:
            raise InputError(f"{where}: {node['_target_']}(y_true, y_pred, ...): {error}") from error


def directions(nodes: Nodes | None) -> dict[str, bool]:
    """Return for each metric whether greater is better."""
    return {name: node["greater_is_better"] for name, node in (nodes or {}).items()}


def scorer(nodes: Nodes, task: str, actual: ArrayLike, predicted: ArrayLike, *, threshold: float | None) -> Scorer:
    """Prepare the metrics of some predictions.

    Parameters
    ----------
    nodes : `evaluation.metrics` of params.yaml
    task : binary, multiclass or regression
    actual : shape (n_rows,): 0 and 1, positions of classes, or values
    predicted : the positive class's probability (n_rows,), every class's (n_rows, n_classes), or values (n_rows,)
    threshold : from which probability on a row is called positive; binary only; None: 0.5

    Returns
    -------
    callable : weights of shape (n_weightings, n_rows), whole numbers -> metric -> array of shape (n_weightings,). A
        function of rows need not know weights: a row that is drawn twice is given to it twice.
    """
    y_true, response = np.asarray(actual), np.asarray(predicted)
    y_true = y_true if task == "regression" else y_true.astype(int)
    decided = response
    if task == "binary":
        decided = (response >= (0.5 if threshold is None else threshold)).astype(int)
    elif task == "multiclass":
        decided = response.argmax(axis=1)

    def score(weights: Floats) -> dict[str, Floats]:
        if (weights != np.floor(weights)).any():
            raise ValueError("a metric of the project's own takes rows that are drawn a whole number of times")
        figures = {name: np.empty(len(weights)) for name in nodes}
        for number, counts in enumerate(weights):
            rows = np.repeat(np.arange(len(counts)), counts.astype(int))
            for name, node in nodes.items():
                y_pred = response if node.get("response_method") == "predict_proba" else decided
                figures[name][number] = _figure(name, node, y_true[rows], y_pred[rows])
        return figures

    return score


def _figure(name: str, node: Mapping[str, Any], y_true: NDArray[Any], y_pred: NDArray[Any]) -> float:
    where = f"evaluation.metrics.{name}"
    try:
        value = locate(node["_target_"])(y_true, y_pred, **_arguments(node))
    except Exception as error:  # whatever the project's own code raises
        raise own_code_error(where, error) from error
    if not isinstance(value, numbers.Real):
        raise InputError(f"{where}: {node['_target_']} returned {type(value).__name__}; it must return one number")
    return float(value)


def _arguments(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key not in KEYS}
