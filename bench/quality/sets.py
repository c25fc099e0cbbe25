"""The data sets, and how each is split: what a system learns from, and what it is measured on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Task = Literal["binary", "multiclass", "regression"]
LARGE = 10_000  # a set with fewer rows is measured on several splits
MOST_CLASSES = 20  # a number with more different values is a quantity
SHARE, SEED = 0.2, 42


@dataclass(frozen=True)
class DataSet:
    """One table.

    Parameters
    ----------
    name : what the report calls it
    file : a CSV or Parquet file, in the data folder unless the path is absolute
    target : the column to predict
    drop : columns that no model may see
    task : None finds it by the target's values
    """

    name: str
    file: str
    target: str
    drop: tuple[str, ...] = ()
    task: Task | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME=PATH:TARGET[:DROP,...]`, as the command line has it.

        Raises
        ------
        ValueError : it is of another form
        """
        name, equals, rest = text.partition("=")
        path, *roles = rest.split(":")
        if not (name and equals and path and len(roles) in (1, 2) and roles[0]) or not name.isidentifier():
            raise ValueError(f"{text!r} is not NAME=PATH:TARGET[:DROP,...], where NAME is letters, digits and _")
        return cls(name, str(Path(path).resolve()), roles[0], tuple(roles[1].split(",")) if roles[1:] else ())


SETS = (
    DataSet("adult", "adult.csv.gz", "income", task="binary"),
    DataSet("bank_marketing", "bank_marketing.csv", "y", ("duration",), "binary"),
    DataSet("california_housing", "california_housing.csv", "median_house_value", task="regression"),
    DataSet("elec2", "elec2.csv", "class", task="binary"),
    DataSet("telco_churn", "telco_churn.csv", "Churn", ("customerID",), "binary"),
)


@dataclass(frozen=True)
class Parts:
    """One split of one set.

    Parameters
    ----------
    train : DataFrame of shape (n_train, n_features + 1): features and target; a class is its place in sorted order
    test : DataFrame of shape (n_test, n_features), without the target
    actual : ndarray of shape (n_test,), the test part's target
    target, task : of the set
    seed : 42 plus the split's number
    """

    train: "pd.DataFrame"
    test: "pd.DataFrame"
    actual: np.ndarray
    target: str
    task: Task
    seed: int

    @property
    def classes(self) -> list[int] | None:
        """The classes as `train` has them; None for a regression."""
        return None if self.task == "regression" else sorted(int(each) for each in self.train[self.target].unique())


def read(data: DataSet, folder: Path) -> "pd.DataFrame":
    """Read a table in its file's order, without the columns that no model may see; only the empty text is missing.

    Raises
    ------
    FileNotFoundError : there is no such file
    KeyError : it lacks a column that the set names
    """
    import pandas as pd

    path = folder / data.file
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
    else:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""], low_memory=False)
    if unknown := [name for name in (data.target, *data.drop) if name not in table.columns]:
        raise KeyError(f"{data.name}: {path} has no column {', '.join(unknown)}")
    return table.drop(columns=list(data.drop))


def split(table: "pd.DataFrame", data: DataSet, number: int) -> Parts:
    """Cut off a fifth of the rows for the test, keeping the share of each class equal.

    Parameters
    ----------
    table : as `read` gave it
    number : which split; each has a seed of its own
    """
    from sklearn.model_selection import train_test_split

    task = data.task or _task(table[data.target])
    if task != "regression":
        table = table.assign(**{data.target: np.unique(table[data.target], return_inverse=True)[1].astype("int64")})
    stratum = None if task == "regression" else table[data.target]
    train, test = train_test_split(table, test_size=SHARE, random_state=SEED + number, stratify=stratum)
    actual = test.pop(data.target).to_numpy()
    return Parts(train.reset_index(drop=True), test.reset_index(drop=True), actual, data.target, task, SEED + number)


def write(table: "pd.DataFrame", path: Path) -> None:
    """Write Parquet that every version of pandas reads alike: without notes on pandas' own types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None), path)


def _task(target: "pd.Series") -> Task:
    import pandas as pd

    different = target.nunique()
    if pd.api.types.is_numeric_dtype(target) and different > MOST_CLASSES:
        return "regression"
    return "binary" if different == 2 else "multiclass"
