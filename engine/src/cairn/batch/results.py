"""What is said of each row: the prediction, the probability of each class, and by which version."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cairn.errors import InputError
from cairn.models.saved import Model
from cairn.rows.coded import Coded

if TYPE_CHECKING:
    import pyarrow as pa

PREDICTION, PROBABILITY, VERSION = "prediction", "probability_", "model_version"


class Results:
    """The columns that stand beside those of the input.

    Parameters
    ----------
    model : what predicts
    version : None where it is a local model
    beside : the names of the columns that are kept
    """

    def __init__(self, model: Model, version: str | None, beside: Sequence[str]) -> None:
        import pyarrow as pa

        self.model, self.version, classes = model, version, model.signature.classes
        self._classes = None if classes is None else pa.array(classes)
        kinds = [(PREDICTION, pa.float64() if self._classes is None else self._classes.type)]
        kinds += [(f"{PROBABILITY}{_spelled(each)}", pa.float64()) for each in classes or []]
        self.schema = pa.schema([*kinds, (VERSION, pa.string())])
        if taken := sorted({*beside} & {*self.schema.names}):
            raise InputError(
                f"INPUT has a column {taken[0]!r} already, which the output adds; say which columns to --keep"
            )

    def of(self, coded: Coded) -> "pa.Table":
        """Predict.

        Parameters
        ----------
        coded : of shape (n_rows, n_columns)

        Returns
        -------
        Table of n_rows, with the columns of `schema`
        """
        import pyarrow as pa

        predicted = self.model.estimator.predict(coded)
        columns: list[Any]
        if self._classes is None:
            columns = [pa.array(predicted)]
        else:
            columns = [self._classes.take(pa.array(self.model.choose(predicted)))]
            columns += [pa.array(predicted[:, place].copy()) for place in range(len(self._classes))]
        version = pa.array([self.version], pa.string()).take(pa.array([0] * len(coded), pa.int8()))
        return pa.Table.from_arrays([*columns, version], schema=self.schema)


def _spelled(value: Any) -> str:
    """Spell a class as the files do."""
    return value if isinstance(value, str) else json.dumps(value)
