"""The model as a folder: what it learnt, its signature and its metadata; loading it runs no code from it."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.files import read_json, write_json, written
from pipeline.modeling.estimators import Estimator, predict
from pipeline.modeling.learners import Boosting, Encoding, Scikit
from pipeline.modeling.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

# What a scikit-learn model may be made of, beyond the estimators that skops trusts by itself. A class of your own
# goes here once you have read what it does when it is made and when it predicts.
TRUSTED = [
    "functools.partial",  # with check_array: how HistGradientBoosting reads its categories
    "numpy.dtype",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
]
BOOSTER, SCIKIT, SIGNATURE, METADATA = "model.ubj", "model.skops", "signature.json", "metadata.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip archive knows


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
        """Give probabilities of shape (n_rows, n_classes), in the order of the signature's classes."""
        if self.signature.classes is None:
            raise InputError("the model is a regression: it gives values, and no probabilities")
        return predict(self.estimator, self.signature.frame(table))

    def predict(self, table: "pd.DataFrame") -> np.ndarray:
        """Give a class or a value for each row, of shape (n_rows,); for a binary task by the signature's threshold."""
        if self.signature.classes is None:
            return predict(self.estimator, self.signature.frame(table))
        probability = self.predict_proba(table)
        if self.signature.task == "binary":
            threshold = 0.5 if self.signature.threshold is None else self.signature.threshold
            chosen = (probability[:, 1] >= threshold).astype(int)
        else:
            chosen = probability.argmax(axis=1)
        return np.array(self.signature.classes)[chosen]


def save(folder: Path, estimator: Estimator, signature: Signature, metadata: dict[str, Any]) -> None:
    """Write a model's folder, whole or not at all; the same model gives the same bytes.

    Parameters
    ----------
    folder : what stands there is replaced
    estimator : fitted
    signature : the one whose frames it was fitted on
    metadata : what else should be known of the model; plain JSON, and no dates

    Raises
    ------
    InputError : the estimator holds a type that would not be loaded again
    """
    with written(folder) as partial:
        partial.mkdir(parents=True)
        if isinstance(estimator, Boosting):
            assert estimator.booster is not None, "fit first"
            estimator.booster.save_model(partial / BOOSTER)
        else:
            (partial / SCIKIT).write_bytes(_skops(estimator))
        write_json(signature.to_json(), partial / SIGNATURE)
        write_json(metadata, partial / METADATA)


def load(folder: Path) -> Model:
    """Read a model's folder; only files of the names that `save` gives are looked at.

    Raises
    ------
    InputError : a file is missing or broken, or holds a type that a model may not be made of
    """
    for name in (SIGNATURE, METADATA):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no model here ({name} is missing); `dvc repro train` makes one")
    try:
        signature, metadata = Signature.from_json(read_json(folder / SIGNATURE)), read_json(folder / METADATA)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{folder}: {SIGNATURE} or {METADATA} is broken ({error}); train the model anew") from error
    found = [name for name in (BOOSTER, SCIKIT) if (folder / name).is_file()]
    if len(found) != 1:
        raise InputError(f"{folder}: one of {BOOSTER} and {SCIKIT} has to be there; found {found or 'neither'}")
    read = _read_booster if found[0] == BOOSTER else _read_skops
    return Model(read(folder / found[0], signature), signature, metadata)


def _read_booster(path: Path, signature: Signature) -> Boosting:
    import xgboost

    try:
        booster = xgboost.Booster(model_file=path)
    except (xgboost.core.XGBoostError, UnicodeDecodeError) as error:  # the message may quote the broken bytes
        raise InputError(f"{path}: broken, XGBoost cannot read it; fetch or train the model anew") from error
    columns = [column.name for column in signature.columns]
    if booster.num_features() != len(columns):
        raise InputError(f"{path}: made for {booster.num_features()} columns; {SIGNATURE} has {len(columns)}")
    return Boosting(
        params={},
        n_estimators=booster.num_boosted_rounds(),
        early_stopping_rounds=None,
        task=signature.task,
        n_classes=len(signature.classes or []),
        booster=booster,
        columns=columns,
    )


def _read_skops(path: Path, signature: Signature) -> Scikit:
    from skops.io import load as read
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        pipeline = read(path, trusted=TRUSTED)
        encoding: Encoding = pipeline.steps[0][0] if len(pipeline.steps) > 1 else "codes"
    except UntrustedTypesFoundException as error:
        raise InputError(
            f"{path}: refused; {str(error).splitlines()[0]} A model may be made of what pipeline.modeling.saved trusts"
        ) from error
    except Exception as error:  # a broken archive fails in as many ways as it can be broken
        raise InputError(f"{path}: broken, skops cannot read it; fetch or train the model anew") from error
    columns = [column.name for column in signature.columns]
    return Scikit(model=pipeline, encoding=encoding, n_classes=len(signature.classes or []), columns=columns)


def _skops(estimator: Scikit) -> bytes:
    """Give the archive of an estimator, once it is sure that it can be loaded again."""
    from skops.io import dumps, get_untrusted_types

    name = type(estimator.model[-1]).__name__
    try:
        content = _canonical(dumps(estimator.model))
    except Exception as error:  # skops raises whatever the estimator's own state raises
        raise InputError(f"model._target_: {name} cannot be saved without pickle: {error}") from error
    unknown = sorted(set(get_untrusted_types(data=content)) - set(TRUSTED))
    if unknown:
        raise InputError(
            f"model._target_: {name} holds {', '.join(unknown)}, which loading would refuse; choose another model, "
            "or add it to TRUSTED in src/pipeline/modeling/saved.py once you have read its code"
        )
    return content


def _canonical(archive: bytes) -> bytes:
    """Write a skops archive anew without what changes from run to run: dates, object addresses, random names.

    Arrays are named by their content; an object that stands in two places is read as two. skops and zip leave
    addresses and times, and C structs (tree nodes) leave whatever memory lay between their fields.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        parts = {name: _without_padding(name, source.read(name)) for name in source.namelist()}
    schema = json.loads(parts.pop("schema.json"))
    names = {name: hashlib.sha256(part).hexdigest() + Path(name).suffix for name, part in parts.items()}
    arrays = {names[name]: part for name, part in parts.items()}
    text = json.dumps(_without_addresses(schema, names), separators=(",", ":"))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as rewritten:
        for name, part in [("schema.json", text.encode()), *sorted(arrays.items())]:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_DEFLATED
            rewritten.writestr(entry, part)
    return target.getvalue()


def _without_padding(name: str, part: bytes) -> bytes:
    if not name.endswith(".npy"):
        return part
    array = np.load(io.BytesIO(part), allow_pickle=False)
    if array.dtype.fields is None:
        return part
    used = np.zeros(array.dtype.itemsize, dtype=bool)
    for kind, offset, *_ in array.dtype.fields.values():
        used[offset : offset + kind.itemsize] = True
    start = len(part) - array.nbytes
    content = np.frombuffer(part[start:], dtype=np.uint8).reshape(-1, array.dtype.itemsize)
    return part[:start] + np.where(used, content, 0).astype(np.uint8).tobytes()


def _without_addresses(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_without_addresses(each, names) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _without_addresses(value, names) for key, value in node.items() if key != "__id__"}
    if node.get("file") in names and "__loader__" in node:
        kept["file"] = names[node["file"]]
    return kept
