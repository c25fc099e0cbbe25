"""Read a learner from its folder, by the name of its one file."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from cairn.errors import InputError
from cairn.models.learners import scikit
from cairn.models.learners.cat_boost import CatBoost
from cairn.models.learners.ensemble import FILE as ENSEMBLE
from cairn.models.learners.ensemble import MEMBERS, Ensemble, places, read_weights
from cairn.models.learners.light_gbm import LightGBM
from cairn.models.learners.protocol import Estimator
from cairn.models.learners.xg_boost import XGBoost
from cairn.tables.source import Task

BOOSTED = (XGBoost, LightGBM, CatBoost)
READERS = {**{learner.FILE: learner.read for learner in BOOSTED}, scikit.FILE: scikit.read}
LIBRARIES = {learner.FILE: (learner.LIBRARY,) for learner in BOOSTED} | {
    scikit.FILE: ("skops.io", "sklearn.pipeline", "sklearn.ensemble"),
}


def read(folder: Path, *, task: Task, n_classes: int, columns: list[str], trusted: Sequence[str] = ()) -> Estimator:
    """Read what an estimator's `write` wrote; other files beside it are not looked at.

    Parameters
    ----------
    folder : of the estimator
    task, n_classes, columns : of the model's signature
    trusted : dotted names of the project's own types that a scikit-learn model may hold

    Raises
    ------
    InputError : no file of a learner or several, or one that is broken or not trusted
    """
    found = [name for name in (*READERS, ENSEMBLE) if (folder / name).is_file()]
    if len(found) != 1:
        names = ", ".join((*READERS, ENSEMBLE))
        raise InputError(f"{folder}: one of {names} has to be there; found {found or 'none'}")
    if found[0] == ENSEMBLE:
        return _ensemble(folder, trusted, task=task, n_classes=n_classes, columns=columns)
    return _learner(folder / found[0], trusted, task=task, n_classes=n_classes, columns=columns)


def prepare(folder: Path) -> None:
    """Import the libraries that `read` needs, and read nothing: processes that are forked from this one then have them.

    A model must not be read before a fork: the threads that read it are not there afterwards, and are waited for.
    """
    for path in folder.rglob("*"):
        for library in LIBRARIES.get(path.name, ()):
            import_module(library)


def _learner(path: Path, trusted: Sequence[str], **about: Any) -> Estimator:
    if path.name == scikit.FILE:
        return scikit.read(path, trusted=trusted, **about)
    return READERS[path.name](path, **about)


def _ensemble(folder: Path, trusted: Sequence[str], **about: Any) -> Ensemble:
    try:
        weights = read_weights(json.loads((folder / ENSEMBLE).read_text(encoding="utf-8")))
    except (ValueError, InputError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{folder / ENSEMBLE}: broken ({reason}); fetch or train the model anew") from error
    known = places(len(weights))
    there = sorted(path.name for path in (folder / MEMBERS).iterdir()) if (folder / MEMBERS).is_dir() else []
    if there != sorted(known):
        raise InputError(f"{folder / MEMBERS}: {ENSEMBLE} names {', '.join(known)}; found {', '.join(there) or 'none'}")
    members = [_member(folder / MEMBERS / place, trusted, **about) for place in known]
    return Ensemble(members, weights)


def _member(folder: Path, trusted: Sequence[str], **about: Any) -> Estimator:
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if len(there) != 1 or there[0] not in READERS:
        raise InputError(f"{folder}: a member is one of {', '.join(READERS)} and nothing else; found {there or 'none'}")
    return _learner(folder / there[0], trusted, **about)
