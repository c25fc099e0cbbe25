"""Read the training and validation parts as models take them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cairn import config
from cairn.rows import signature
from cairn.rows.signature import Signature
from cairn.training.folds import Problem, Rows

__all__ = ["read", "shuffled_role"]

# Split -> the role that it keeps whole. By name alone: an edit of the split must not start another search.
SHUFFLED = {"cairn.tables.split.stratified": "id", "cairn.tables.split.by_group": "group"}


class Parts(NamedTuple):
    """The rows of training.

    Parameters
    ----------
    signature : learnt from the training part alone
    train, validation : prepared by it
    groups : of shape (n_train + n_validation,): the group of each row, to be kept in one fold; None: no groups
    """

    signature: Signature
    train: Rows
    validation: Rows
    groups: np.ndarray | None

    def problem(self, *, seed: int, ordered: bool, own_metrics: Mapping[str, Any] | None = None) -> Problem:
        """Return the problem of a search.

        Parameters
        ----------
        seed : makes the search repeatable
        ordered : whether validation rows must not be fitted on
        own_metrics : the nodes of the project's own metrics
        """
        return Problem(
            train=self.train,
            validation=self.validation,
            task=self.signature.task,
            n_classes=len(self.signature.classes or []),
            seed=seed,
            groups=self.groups,
            ordered=ordered,
            own_metrics=own_metrics or {},
        )


def read(
    train: Path, validation: Path, schema: Mapping[str, Any], node: Mapping[str, Any], *, together: str | None = None
) -> Parts:
    """Read both parts, and learn the signature from the training part.

    Parameters
    ----------
    train, validation : Parquet files
    schema : the columns, as the features stage describes them
    node : the node of conf/config.yaml that makes the signature
    together : a column whose equal values are kept in one fold
    """
    about = {key: schema[key] for key in ("features", "target", "task", "classes")}
    names = dict.fromkeys([*schema["features"], schema["target"], *([together] if together else [])])
    tables = [signature.read(path, list(names)) for path in (train, validation)]
    learnt = config.call(node, train=tables[0], **about)
    first, second = (Rows(learnt.frame(table), learnt.labels(table)) for table in tables)
    return Parts(learnt, first, second, _codes([table[together] for table in tables]) if together else None)


def _codes(columns: list[Any]) -> np.ndarray | None:
    """Return the group of each row; None if every row is a group of its own."""
    import pandas as pd

    codes, groups = pd.factorize(pd.concat([column.astype(object) for column in columns]))
    return codes if len(groups) < len(codes) else None


def shuffled_role(target: str) -> str | None:
    """Return the role of the column whose rows a split keeps together while it shuffles all others.

    Folds of a search may shuffle rows in the same way. Of any other split, such as one of a project's own, nothing is
    known: its validation rows may come later in time, so nothing may be fitted on them.

    Parameters
    ----------
    target : the `_target_` of a node of conf/split
    """
    return SHUFFLED.get(target)
