"""The training and validation parts as models see them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cairn import config
from cairn.rows import signature
from cairn.rows.signature import Signature
from cairn.training.folds import Problem, Rows

__all__ = ["read"]


class Parts(NamedTuple):
    """What training works on.

    Parameters
    ----------
    signature : learnt from the training part alone
    train, validation : prepared by it
    groups : of shape (n_train + n_validation,): the codes of the column that is to be kept together; None: none is
    """

    signature: Signature
    train: Rows
    validation: Rows
    groups: np.ndarray | None

    def problem(self, *, seed: int, ordered: bool, own_metrics: Mapping[str, Any] | None = None) -> Problem:
        """Return what a search works on.

        Parameters
        ----------
        seed : makes the search repeatable
        ordered : the validation rows must not be learnt from
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
    schema : what the features stage says of their columns
    node : the node of conf/config.yaml that makes the signature
    together : a column whose rows stand in one fold
    """
    about = {key: schema[key] for key in ("features", "target", "task", "classes")}
    names = dict.fromkeys([*schema["features"], schema["target"], *([together] if together else [])])
    tables = [signature.read(path, list(names)) for path in (train, validation)]
    seen = config.call(node, train=tables[0], **about)
    first, second = (Rows(seen.frame(table), seen.labels(table)) for table in tables)
    return Parts(seen, first, second, _codes([table[together] for table in tables]) if together else None)


def _codes(columns: list[Any]) -> np.ndarray | None:
    """Give each row its group; None where each row is one by itself: then nothing is to be kept together."""
    import pandas as pd

    codes, found = pd.factorize(pd.concat([column.astype(object) for column in columns]))
    return codes if len(found) < len(codes) else None
