"""The model as a folder: what it learnt, its signature and its metadata; loading it runs no code from it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.files import read_json, write_json, written
from cairn.models.learners import archive, scikit
from cairn.models.learners.folder import read
from cairn.models.learners.protocol import Estimator
from cairn.rows.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Model", "load", "save"]

SIGNATURE, METADATA = "signature.json", "metadata.json"


@dataclass
class Model:
    """A fitted model that takes raw tables.

    Parameters
    ----------
    estimator : what predicts
    signature : how a table is prepared for it, and how its probabilities become decisions
    metadata : what training wrote down
    """

    estimator: Estimator
    signature: Signature
    metadata: dict[str, Any]

    def predict_proba(self, table: "pd.DataFrame") -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes), in the order of the signature's classes."""
        if self.signature.classes is None:
            raise InputError("the model is a regression: it predicts values, not probabilities")
        return self.estimator.predict(self.signature.frame(table))

    def predict(self, table: "pd.DataFrame") -> np.ndarray:
        """Return a class or a value for each row, of shape (n_rows,); a binary class by the signature's threshold."""
        if self.signature.classes is None:
            return self.estimator.predict(self.signature.frame(table))
        return np.array(self.signature.classes)[self.choose(self.predict_proba(table))]

    def choose(self, probability: np.ndarray) -> np.ndarray:
        """Return the place of the class to decide for, for each row of probabilities of shape (n_rows, n_classes)."""
        if self.signature.task == "binary":
            threshold = 0.5 if self.signature.threshold is None else self.signature.threshold
            return (probability[:, 1] >= threshold).astype(int)
        return probability.argmax(axis=1)


def save(
    folder: Path,
    estimator: Estimator | Path,
    signature: Signature,
    metadata: dict[str, Any],
    *,
    trusted: Sequence[str] = (),
) -> None:
    """Write a model's folder, whole or not at all; the same model gives the same bytes.

    Parameters
    ----------
    folder : what stands there is replaced
    estimator : fitted; or a folder that it was written to, whose files are copied
    signature : the one whose frames it was fitted on
    metadata : what else should be known of the model; plain JSON, and no dates
    trusted : dotted names of the project's own types that the estimator may hold

    Raises
    ------
    InputError : the estimator holds a type that would not be loaded again
    """
    with written(folder) as partial:
        if isinstance(estimator, Path):
            shutil.copytree(estimator, partial)
        else:
            partial.mkdir(parents=True)
            estimator.write(partial)
        for path in sorted(partial.rglob(scikit.FILE)):
            archive.require_trusted(path, trusted)
        write_json(signature.to_json(), partial / SIGNATURE)
        write_json(metadata, partial / METADATA)


def load(folder: Path, *, trusted: Sequence[str] = ()) -> Model:
    """Read a model's folder; only files of the names that `save` gives are looked at.

    Parameters
    ----------
    folder : what `save` wrote
    trusted : dotted names of the project's own types that the model may hold: `trusted` of the project's params.yaml.
        Nothing in the folder can add to them.

    Raises
    ------
    InputError : a file is missing or broken, or holds a type that a model may not be made of
    """
    for name in (SIGNATURE, METADATA):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no model here ({name} is missing); `dvc repro` makes one")
    try:
        signature, metadata = Signature.from_json(read_json(folder / SIGNATURE)), read_json(folder / METADATA)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{folder}: {SIGNATURE} or {METADATA} is broken ({error}); train the model anew") from error
    columns, n_classes = [column.name for column in signature.columns], len(signature.classes or [])
    estimator = read(folder, task=signature.task, n_classes=n_classes, columns=columns, trusted=trusted)
    return Model(estimator, signature, metadata)
