"""Forests: many deep trees, each on its own draw of rows or splits."""

from typing import Literal

from cairn.models.learners.encoding import Encoder
from cairn.models.learners.scikit import Scikit
from cairn.models.learners.threads import threads
from cairn.tables.source import Task

Encoding = Literal["codes", "target", "one_hot"]


def random_forest(
    *,
    n_estimators: int = 300,
    max_depth: int | None = None,
    min_samples_leaf: int = 5,
    max_features: float | Literal["sqrt", "log2"] = "sqrt",
    encoding: Encoding = "codes",
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Grow a random forest.

    With `encoding` a category is the place of its level in sorted order (`codes`), the mean of the target over the
    level's rows (`target`), or one column a level (`one_hot`).
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    model = (RandomForestClassifier if n_classes else RandomForestRegressor)(
        n_estimators=n_estimators,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        n_jobs=threads(),
        random_state=seed,
    )
    return Scikit(model=model, encoder=_encoder(encoding, n_classes, seed), n_classes=n_classes)


def extra_trees(
    *,
    n_estimators: int = 300,
    max_depth: int | None = None,
    min_samples_leaf: int = 5,
    max_features: float | Literal["sqrt", "log2"] = 1.0,
    encoding: Encoding = "codes",
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Grow extremely randomised trees (Geurts, Ernst and Wehenkel, 2006); categories as in the random forest."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    model = (ExtraTreesClassifier if n_classes else ExtraTreesRegressor)(
        n_estimators=n_estimators,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        n_jobs=threads(),
        random_state=seed,
    )
    return Scikit(model=model, encoder=_encoder(encoding, n_classes, seed), n_classes=n_classes)


def _encoder(encoding: Encoding, n_classes: int, seed: int) -> Encoder:
    return Encoder(encoding="levels" if encoding == "one_hot" else encoding, n_classes=n_classes, seed=seed)
