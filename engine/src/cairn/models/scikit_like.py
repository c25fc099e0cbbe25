"""Any class that works like scikit-learn's, named in a file of conf/model with its own arguments."""

import inspect
import sys
from collections.abc import Mapping
from typing import Any

from cairn.config import locate
from cairn.errors import InputError, did_you_mean
from cairn.models.learners.encoding import Encoder
from cairn.models.learners.scikit import Scikit
from cairn.tables.source import Task

GIVEN = ("task", "n_classes", "seed")  # arguments that no file gives


def make(name: str, target: type, settings: dict[str, Any], *, task: Task, n_classes: int, seed: int) -> Scikit:
    """Make an estimator of any class that works like scikit-learn's.

    Parameters
    ----------
    name : the dotted name that the class was found by
    settings : its arguments; one may be a mapping with a `_target_` of its own
    task, n_classes, seed : as in `estimators.build`

    Raises
    ------
    InputError : it does not work like scikit-learn's estimators, is for another task, or has no such argument
    """
    from sklearn.base import is_classifier, is_regressor
    from sklearn.calibration import CalibratedClassifierCV

    where = f"model._target_: {name}"
    if not all(hasattr(target, name) for name in ("fit", "predict", "get_params")):
        raise InputError(f"{where} does not work like scikit-learn's estimators (fit, predict, get_params)")
    require_known(target, settings)
    try:
        model = target(**{key: _made(value) for key, value in settings.items()})
    except TypeError as error:
        raise InputError(f"{where}: {error}") from error
    if not (is_classifier(model) if n_classes else is_regressor(model)):
        wanted = "Classifier" if n_classes else "Regressor"
        names = [each for each in dir(sys.modules[name.rpartition(".")[0]]) if each.endswith(wanted)]
        hint = f" {did_you_mean(target.__name__, names)}" if names else ""
        raise InputError(f"{where} is no {wanted.lower()}, and the task is {task}{hint}")
    seeds = {key for key, value in model.get_params().items() if key.endswith("random_state") and value is None}
    model.set_params(**dict.fromkeys(seeds, seed))
    if n_classes and not hasattr(model, "predict_proba"):
        model = CalibratedClassifierCV(model, ensemble=False)
    return Scikit(model=model, encoder=Encoder(encoding="one_hot"), n_classes=n_classes)


def require_known(target: Any, settings: Mapping[str, Any]) -> None:
    """Refuse arguments that a function or class does not have.

    Raises
    ------
    InputError : the argument, and the one that was perhaps meant
    """
    parameters = inspect.signature(target).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return
    known = [name for name in parameters if name not in GIVEN]
    for key in settings:
        if key not in known:
            raise InputError(f"model.{key}: {target.__name__} has no such argument {did_you_mean(key, known)}")


def _made(value: Any) -> Any:
    """Make the estimator within an estimator: a mapping with its own `_target_`."""
    if not (isinstance(value, Mapping) and "_target_" in value):
        return value
    settings = {key: inner for key, inner in value.items() if key != "_target_"}
    target = locate(value["_target_"])
    require_known(target, settings)
    return target(**{key: _made(inner) for key, inner in settings.items()})
