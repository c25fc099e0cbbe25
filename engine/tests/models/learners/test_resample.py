"""SMOTE-NC: new rows lie between old ones of their class, and only the rows that are fitted get them."""

import numpy as np
import pandas as pd
import pytest

from cairn.errors import InputError
from cairn.models import estimators
from cairn.models.learners import resample
from cairn.models.learners.resample import smote

XGBOOST = {"_target_": "cairn.models.estimators.xgboost", "n_estimators": 20}


def rows(counts=(300, 40), seed=0):
    """Draw classes that lie apart in a number, differ in a category, and miss values each in its own way."""
    draw = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts).astype("int32")
    x = draw.uniform(0, 1, len(y)) + 10 * y
    city = np.where(draw.random(len(y)) < 0.1, -1, np.minimum(y, 2))
    return pd.DataFrame(
        {
            "x": x,
            "wide": np.where(draw.random(len(y)) < 0.3, np.nan, draw.normal(size=len(y)) * 1e6).astype("float32"),
            "city": pd.Categorical.from_codes(city, categories=["Bonn", "Oslo", "Rome"]),
        }
    ), y


def test_every_class_gets_as_many_rows_as_the_largest_and_the_old_rows_stay():
    X, y = rows((300, 40, 7))
    made, labels = smote(X, y)
    assert np.bincount(labels).tolist() == [300, 300, 300]
    pd.testing.assert_frame_equal(made.iloc[: len(X)], X)
    assert (labels[: len(y)] == y).all()
    assert made.dtypes.equals(X.dtypes)


def test_new_rows_lie_within_their_class_and_take_its_category():
    X, y = rows()
    made, labels = smote(X, y)
    new, old = made.iloc[len(X) :], X[y == 1]
    assert (labels[len(X) :] == 1).all()
    assert new["x"].between(old["x"].min(), old["x"].max()).all()
    assert not new["x"].isin(old["x"]).all()
    assert set(new["city"].dropna()) == {"Oslo"}


def test_a_number_is_missing_in_new_rows_where_most_neighbours_miss_it():
    X, y = rows()
    new = smote(X.assign(wide=np.where(y == 1, np.nan, X["wide"])), y)[0].iloc[len(X) :]
    assert new["wide"].isna().all()
    new = smote(X.assign(wide=X["wide"].fillna(0)), y)[0].iloc[len(X) :]
    assert new["wide"].notna().all()


@pytest.mark.parametrize("columns", [["x"], ["x", "wide"], ["city"], ["city", "x"]], ids="+".join)
def test_any_mix_of_numbers_and_categories_will_do(columns):
    X, y = rows()
    made, labels = smote(X[columns], y)
    assert np.bincount(labels).tolist() == [300, 300]
    assert list(made) == columns


def test_classes_of_few_rows_get_fewer_neighbours_and_a_single_row_stays_alone():
    X, y = rows((50, 1, 2, 3))
    assert np.bincount(smote(X, y)[1]).tolist() == [50, 1, 50, 50]


def test_a_class_of_very_many_rows_is_not_rare(monkeypatch):
    monkeypatch.setattr(resample, "RARE_ROWS", 40)
    X, y = rows((300, 40, 20))
    assert np.bincount(smote(X, y)[1]).tolist() == [300, 40, 300]


def test_the_same_rows_give_the_same_new_rows():
    first, second = (smote(*rows())[0] for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("family", ["xgboost", "random_forest", "linear"])
def test_it_raises_the_probability_of_the_rare_class(family):
    X, y = rows()
    X["x"] -= 9.5 * y
    other, actual = rows(seed=1)
    other["x"] -= 9.5 * actual
    X, other = X[["x", "wide"]], other[["x", "wide"]]
    means = []
    for balance in ("none", "smote"):
        model = estimators.build({"_target_": f"cairn.models.estimators.{family}"}, task="binary", n_classes=2, seed=1)
        estimators.fit(model, X, y, other, actual, balance=balance)
        means.append(estimators.predict(model, other)[:, 1].mean())
    assert means[1] > means[0] + 0.05


def test_the_validation_rows_stay_as_they_are_and_the_training_rows_are_made_once():
    X, y = rows()
    other, actual = rows(seed=1)
    shared, measured = {}, []
    for _ in range(2):
        model = estimators.build(XGBOOST, task="binary", n_classes=2, seed=1)
        estimators.fit(
            model, X, y, other, actual, balance="smote", matrices=shared, on_round=lambda _, each: measured.append(each)
        )
    matrices = next(value for key, value in shared.items() if key != "smote")
    assert matrices["train"].num_row() == 600
    assert matrices["validation"].num_row() == len(other)
    assert measured[: len(measured) // 2] == measured[len(measured) // 2 :]


def test_a_regression_is_refused():
    X, _ = rows()
    model = estimators.build(XGBOOST, task="regression", n_classes=0, seed=1)
    with pytest.raises(InputError, match=r"model.balance: smote is for classes, and a regression has none"):
        estimators.fit(model, X, X["x"].to_numpy(), balance="smote")
