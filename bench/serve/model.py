"""The model that every server answers by, and the requests that each is sent: the same rows, said its way."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model

Dialect = Literal["instances", "v2", "inputs"]

ROWS, TREES, NUMBERS = 20_000, 300, 10
LEVELS = {
    "city": ["Bonn", "Lyon", "Oslo", "Rome"],
    "plan": ["basic", "family", "pro"],
    "channel": ["app", "shop", "web"],
}
ASKED = 1_000  # different rows that are asked for
TARGET = "bought"
COLUMNS = NUMBERS + len(LEVELS) + 1


@dataclass(frozen=True)
class Asked:
    """Rows that the servers are asked for, and what the model says of them.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, 14)
    matrix : the same as the booster takes it, of shape (n_rows, 14)
    expected : the probability of the last class, of shape (n_rows,)
    """

    table: "pd.DataFrame"
    matrix: np.ndarray
    expected: np.ndarray

    def bodies(self, dialect: Dialect, rows: int = 1) -> list[bytes]:
        """Give the requests of so many rows each, all rows once."""
        starts = range(0, len(self.table) - rows + 1, rows)
        return [DIALECTS[dialect][0](self, slice(start, start + rows)) for start in starts]

    def arrow(self, rows: int) -> list[bytes]:
        """Give the same requests as Arrow streams."""
        import pyarrow as pa

        bodies = []
        for start in range(0, len(self.table) - rows + 1, rows):
            part, sink = (
                pa.Table.from_pandas(self.table[start : start + rows], preserve_index=False),
                pa.BufferOutputStream(),
            )
            with pa.ipc.new_stream(sink, part.schema) as stream:
                stream.write_table(part)
            bodies.append(sink.getvalue().to_pybytes())
        return bodies


def make(folder: Path) -> None:
    """Fit a model of 300 trees on 14 columns by the project's own code, and save it for `cairn serve --path`."""
    from cairn.models import estimators, saved
    from cairn.rows import signature

    seen = table(ROWS, seed=0)
    features = [name for name in seen if name != TARGET]
    about = signature.describe(seen, features=features, target=TARGET, task="binary", classes=[False, True])
    node = {"_target_": "cairn.models.estimators.xgboost", "n_estimators": TREES, "early_stopping_rounds": None}
    estimator = estimators.build(node, task="binary", n_classes=2, seed=0)
    estimators.fit(estimator, about.frame(seen), about.labels(seen))
    saved.save(folder, estimator, about, {})


def load(folder: Path) -> "Model":
    """Load what `make` saved."""
    from cairn.models import saved

    return saved.load(folder)


def asked(folder: Path) -> Asked:
    """Draw rows that the model has not seen, and let it predict them."""
    from cairn.rows.coded import codes

    model, rows = load(folder), table(ASKED, seed=1).drop(columns=TARGET)
    return Asked(rows, codes(model.signature.frame(rows)), model.predict_proba(rows)[:, 1])


def table(count: int, *, seed: int) -> "pd.DataFrame":
    """Draw customers: ten numbers, three texts and whether they are members; and what they did."""
    import pandas as pd

    draw = np.random.default_rng(seed)
    numbers = {f"number{place}": draw.normal(size=count).round(4) for place in range(NUMBERS)}
    texts = {name: draw.choice(levels, count) for name, levels in LEVELS.items()}
    made = pd.DataFrame({**numbers, **texts, "member": draw.uniform(size=count) < 0.3})
    pull = made.number0 + made.number1 * made.number2 + (made.city == "Rome") + made.member
    return made.assign(**{TARGET: pull + draw.normal(size=count) > 0.5})


def probabilities(answer: Any, dialect: Dialect) -> list[float]:
    """Read the probability of the last class from an answer."""
    return [each[-1] if isinstance(each, list) else each for each in DIALECTS[dialect][1](answer)]


def _instances(asked: Asked, part: slice) -> bytes:
    return _json({"instances": asked.table[part].to_dict("records")})


def _v2(asked: Asked, part: slice) -> bytes:
    matrix = asked.matrix[part]
    given = {"name": "rows", "shape": list(matrix.shape), "datatype": "FP32", "data": _shortest(matrix.ravel())}
    return _json({"inputs": [given]})


def _inputs(asked: Asked, part: slice) -> bytes:
    return _json({"inputs": [_shortest(row) for row in asked.matrix[part]]})


def _shortest(values: np.ndarray) -> list[float]:
    """Give 32-bit floats by their shortest digits, which are those of the table."""
    return [float(str(value)) for value in values]


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


DIALECTS: dict[Dialect, tuple[Callable[[Asked, slice], bytes], Callable[[Any], list[Any]]]] = {
    "instances": (_instances, lambda answer: answer["probabilities"]),
    "v2": (_v2, lambda answer: answer["outputs"][0]["data"]),  # Open Inference Protocol; MLServer takes codes for texts
    "inputs": (_inputs, lambda answer: answer["predictions"]),  # MLflow; codes for texts too
}
