"""What the tests of searches share: small problems that trees can learn, and a model with a space."""

import numpy as np
import pandas as pd
import pytest

from pipeline.modeling.folds import Problem, Rows


def drawn(task: str, count: int, seed: int) -> Rows:
    """Draw rows whose label depends on three of four columns, one of them a category."""
    draw = np.random.default_rng(seed)
    X = pd.DataFrame(draw.normal(size=(count, 3)).astype("float32"), columns=list("abc"))
    kind = draw.integers(0, 3, count)
    X["kind"] = pd.Categorical.from_codes(kind, ["x", "y", "z"])
    signal = (X["a"] + X["b"] * X["c"] + (kind == 1) + 0.5 * draw.normal(size=count)).to_numpy()
    if task == "regression":
        return Rows(X, signal.astype("float64"))
    return Rows(X, np.digitize(signal, [0.3] if task == "binary" else [-0.4, 0.9]).astype("int32"))


def problem(task: str = "binary", *, train: int = 300, validation: int = 150, **more) -> Problem:
    """Make a problem of such rows."""
    classes = {"binary": 2, "multiclass": 3, "regression": 0}[task]
    parts = {"train": drawn(task, train, 1), "validation": drawn(task, validation, 2)}
    return Problem(**{**parts, "task": task, "n_classes": classes, "seed": 7, **more})


@pytest.fixture(scope="session")
def problem_of():
    """Give the function that makes a problem."""
    return problem


@pytest.fixture(scope="session")
def rows_of():
    """Give the function that draws further rows of the same kind: `rows_of(task, count, seed)`."""
    return drawn
