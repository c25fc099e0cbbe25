import numpy as np
import pytest

from cairn.models.estimators import xgboost
from cairn.models.learners.protocol import FitOptions
from cairn.rows.coded import Coded

DRAW = np.random.default_rng(0)
MATRIX = DRAW.normal(size=(300, 4))
MATRIX[::7, 1] = np.nan
CLASSES = {"binary": 2, "multiclass": 3, "regression": 0}


def fitted(task):
    import pandas as pd

    n_classes = CLASSES[task]
    labels = DRAW.integers(0, n_classes, 300).astype("int32") if n_classes else DRAW.normal(size=300)
    estimator = xgboost(n_estimators=20, early_stopping_rounds=None, task=task, n_classes=n_classes, seed=0)
    table = pd.DataFrame(MATRIX, columns=list("abcd"))
    return estimator.fit((table, labels), None, FitOptions())


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("rows", [1, 2, 300])
def test_predictions_are_those_of_xgboosts_own_methods_bit_for_bit(task, rows):
    estimator = fitted(task)
    predicted = estimator.predict(Coded(MATRIX[:rows], []))
    known = estimator.booster.inplace_predict(MATRIX[:rows].astype("float32")).astype("float64")
    expected = np.column_stack([1 - known, known]) if task == "binary" else known
    assert predicted.shape == expected.shape
    assert predicted.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_every_other_row_of_a_matrix_is_predicted_like_the_rows_by_themselves():
    estimator = fitted("regression")
    every = estimator.predict(Coded(MATRIX, []))
    assert estimator.predict(Coded(MATRIX[::2], [])).tolist() == every[::2].tolist()


def test_predictions_stay_as_they_are_when_others_follow():
    estimator = fitted("regression")
    first = estimator.predict(Coded(MATRIX[:3], []))
    before = first.tolist()
    estimator.predict(Coded(MATRIX[3:6], []))
    assert first.tolist() == before
