"""Models without trees: linear ones, and the one that any model must beat."""

from cairn.errors import InputError
from cairn.models.learners.encoding import Encoder, Encoding
from cairn.models.learners.scikit import Scikit
from cairn.tables.source import Task


def linear(
    *,
    C: float = 1.0,
    max_iter: int = 1000,
    min_frequency: int = 10,
    splines: int = 0,
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Fit a logistic regression, or a ridge regression with the penalty 1 / C, on one-hot categories.

    With `splines` knots each number has a smooth curve instead of a line: cubic splines of its rank, beside it.
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    if C <= 0:
        raise InputError(f"model.C: {C} is not above 0; the smaller it is, the stronger the penalty")
    if splines and splines < 2:
        raise InputError(f"model.splines: {splines} is no number of knots; say 0 for none, or 2 and more")
    model = (
        LogisticRegression(C=C, max_iter=max_iter)
        if n_classes
        else Ridge(alpha=1 / C, max_iter=max_iter, solver="sparse_cg", tol=1e-8)
    )
    encoding: Encoding = "splines" if splines else "sparse"
    encoder = Encoder(encoding=encoding, min_frequency=min_frequency, knots=splines, seed=seed)
    return Scikit(model=model, encoder=encoder, n_classes=n_classes)


def dummy(*, task: Task, n_classes: int, seed: int) -> Scikit:
    """Say the same for every row: how often each class came in training, or the mean; what any model must beat."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    model = DummyClassifier(strategy="prior") if n_classes else DummyRegressor(strategy="mean")
    return Scikit(model=model, encoder=Encoder(encoding="codes"), n_classes=n_classes)
