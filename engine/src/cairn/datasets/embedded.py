"""Small real data sets that scikit-learn brings along: for a first run with no network and no file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cairn.errors import InputError, did_you_mean
from cairn.files import written
from cairn.tables.source import Source, require_columns

NAMES = ("breast_cancer", "wine", "diabetes")


@dataclass(frozen=True, kw_only=True)
class Embedded(Source):
    """One of scikit-learn's data sets, with its own column names; classes are texts, such as `malignant`.

    Parameters
    ----------
    name : `breast_cancer` (569 x 30, column `diagnosis`), `wine` (178 x 13, `cultivar`) or
        `diabetes` (442 x 10, `progression`)
    """

    name: Literal["breast_cancer", "wine", "diabetes"]

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise InputError(f"data.name: no data set {self.name!r} {did_you_mean(self.name, NAMES)}")

    def ingest(self, raw: Path, truth: Path) -> None:
        """Write `raw/table.parquet`.

        Raises
        ------
        InputError : a role names no column of the data set
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = _columns(self.name)
        require_columns(self.roles, columns, self.name)
        with written(raw / "table.parquet") as partial:
            pq.write_table(pa.table(columns), partial)


def _columns(name: str) -> dict[str, list[float] | list[str]]:
    """Give the features in scikit-learn's order, then the target: its classes' names, or its values."""
    from sklearn import datasets

    label = {"breast_cancer": "diagnosis", "wine": "cultivar", "diabetes": "progression"}[name]
    if name == "diabetes":
        found = datasets.load_diabetes(scaled=False)  # years, kg/m2, mmHg: values as a doctor writes them
        target = found.target.tolist()
    else:
        found = getattr(datasets, f"load_{name}")()
        target = found.target_names[found.target].tolist()
    return {
        **{feature: found.data[:, n].tolist() for n, feature in enumerate(found.feature_names)},
        label: target,
    }
