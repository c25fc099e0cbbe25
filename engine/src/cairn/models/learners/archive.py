"""A scikit-learn model as a skops archive: no pickle, no date, and no type that is not trusted."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cairn.errors import InputError

# What a scikit-learn model may be made of, beyond the estimators that skops trusts by itself. A project names the
# classes of its own in `trusted` of conf/config.yaml.
TRUSTED = [
    "functools.partial",  # with check_array: how HistGradientBoosting reads its categories
    "numpy.dtype",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",  # how a spline makes an array of what it is given
    "scipy.interpolate._bsplines.BSpline",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.model_selection._split.KFold",  # by which means of the target were made: numbers alone
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip archive knows


def dump(pipeline: Any) -> bytes:
    """Return the archive of a fitted Pipeline; the same model gives the same bytes.

    Raises
    ------
    InputError : skops cannot write it
    """
    from skops.io import dumps

    name = type(pipeline[-1]).__name__
    try:
        return _canonical(dumps(pipeline))
    except Exception as error:  # skops raises whatever the estimator's own state raises
        raise InputError(f"model._target_: {name} cannot be saved without pickle: {error}") from error


def require_trusted(path: Path, trusted: Sequence[str] = ()) -> None:
    """Check that an archive will load again, without loading it.

    Parameters
    ----------
    path : what `dump` returned, as a file
    trusted : dotted names of the project's own types

    Raises
    ------
    InputError : the types that `load` would refuse
    """
    from skops.io import get_untrusted_types

    unknown = sorted(set(get_untrusted_types(file=path)) - {*TRUSTED, *trusted})
    if unknown:
        raise InputError(
            f"model._target_: the model holds {', '.join(unknown)}, which loading would refuse; read that code, and "
            f"name it in `trusted` of conf/config.yaml (trusted: [{', '.join(unknown)}]), or choose another model"
        )


def load(path: Path, trusted: Sequence[str] = ()) -> Any:
    """Read an archive that `dump` made.

    Parameters
    ----------
    path : the archive
    trusted : dotted names of the project's own types; never taken from the model's folder

    Raises
    ------
    InputError : it is broken, or holds a type that is not trusted
    """
    from skops.io import load as read
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        pipeline = read(path, trusted=[*TRUSTED, *trusted])
        pipeline.steps[0][0]
    except UntrustedTypesFoundException as error:
        raise InputError(
            f"{path}: refused; {str(error).splitlines()[0]} Name a type in `trusted` of conf/config.yaml once you "
            "have read its code"
        ) from error
    except Exception as error:  # a broken archive fails in as many ways as it can be broken
        raise InputError(f"{path}: broken, skops cannot read it; fetch or train the model anew") from error
    return pipeline


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
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as rewritten:
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
