"""The model in a server's memory, and what it says of rows."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.explain import local
from cairn.models import saved
from cairn.registry.model_source import ModelSource
from cairn.rows.coded import Coded
from cairn.rows.columns import Coder
from cairn.rows.records import TOLD, Policy, Reader, RowsError, Trouble
from cairn.rows.signature import Column
from cairn.serving.errors import RequestError

if TYPE_CHECKING:
    import pyarrow as pa

EXPLAINED = 200  # rows that are explained at once; an estimate for a large forest takes some 50 ms a row


class Served:
    """A loaded model.

    Parameters
    ----------
    source : which one
    unseen, missing : what is done about such values; see `Reader`
    """

    def __init__(self, source: ModelSource, *, unseen: Policy = "allow", missing: Policy = "allow") -> None:
        self.source = source
        self.model = saved.load(Path(source.folder), trusted=source.trusted)
        self.signature = self.model.signature
        self.reader = Reader(self.signature, unseen=unseen, missing=missing)
        self.coder = Coder(self.signature, unseen=unseen, missing=missing)
        self.version = source.version or "local"
        self.named = {"name": source.name, "version": source.version, "stage": source.stage}

    def coded(self, table: "pa.Table") -> Coded:
        """Prepare a table, as `reader.coded` prepares rows.

        Raises
        ------
        InputError : a column that is missing, or holds something else
        RowsError : a value that the model cannot take
        """
        self.coder.check(table.schema, "the table")
        coded, troubles = self.coder.coded(table)
        if troubles:
            raise RowsError([Trouble(row, *troubles[row]) for row in sorted(troubles)[:TOLD]])
        return coded

    def predict(self, coded: Coded) -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        return self.model.estimator.predict(coded)

    def told(self, predicted: np.ndarray) -> dict[str, Any]:
        """Lay out predictions: classes with their probabilities, or values."""
        classes = self.signature.classes
        if classes is None:
            return {"predictions": predicted.tolist()}
        chosen = self.model.choose(predicted).tolist()
        return {"predictions": [classes[place] for place in chosen], "probabilities": predicted.tolist()}

    def explained(self, coded: Coded, predicted: np.ndarray) -> list[dict[str, Any]]:
        """Say what drove predictions: of the last of two classes, of the predicted one of several, or of the value.

        Parameters
        ----------
        coded : the rows
        predicted : what `predict` gave for them

        Raises
        ------
        RequestError : 413, too many rows; 422, the model is an older one, and keeps no background to explain by
        """
        if len(coded) > EXPLAINED:
            raise RequestError(413, f"{len(coded):,} rows are too many to explain in one request; at most {EXPLAINED}")
        classes = self.signature.classes
        try:
            known = local.explain(self.model.estimator, self.signature, coded)
        except InputError as error:
            raise RequestError(422, str(error)) from None
        places = self.model.choose(predicted) if len(classes or []) > 2 else np.full(len(coded), -1)
        told = local.of_class(known, places)
        about = [{} if classes is None else {"class": classes[place]} for place in places]
        names = [column.name for column in self.signature.columns]
        return [
            {**which, "unit": told.unit, "base": base, "contributions": dict(zip(names, values, strict=True))}
            for which, base, values in zip(about, told.base.tolist(), told.values.tolist(), strict=True)
        ]

    def described(self) -> dict[str, Any]:
        """Say what the model takes and gives, and how good it is."""
        known = self.signature
        return {
            "task": known.task,
            "target": known.target,
            "classes": known.classes,
            "threshold": known.threshold,
            "interval": known.interval,
            "columns": [_described(column) for column in known.columns],
            "metrics": self.source.metrics or {},
        }


def _described(column: Column) -> dict[str, Any]:
    """Say what a column holds, with a typical value in place of all that explanations need."""
    about = asdict(column)
    return {name: value for name, value in about.items() if name != "background"} | {"typical": column.typical}
