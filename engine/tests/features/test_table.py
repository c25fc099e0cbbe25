"""The features table by a function of the project's own, through the stage."""

import sys
from types import SimpleNamespace

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from cairn import layout
from cairn.errors import InputError
from cairn.features import table
from cairn.files import read_json
from pipeline.stages import features as stage

DATA = {"_target_": "cairn.tables.file.File", "path": "x.csv", "target": "bought"}


def in_pandas(tables, *, since):
    orders = tables["orders"]
    spent = orders[orders["day"] >= since].groupby("customer", as_index=False)["price"].sum()
    return tables["customers"].merge(spent, on="customer").drop(columns="customer")


def in_arrow(tables):
    return pa.Table.from_pandas(tables["customers"])


def out_of_core(tables, output, *, since):
    query = f"SELECT bought, age FROM '{tables['customers']}' WHERE age >= {since} ORDER BY age"
    duckdb.sql(query).write_parquet(str(output))


def with_index(tables):
    return tables["customers"].set_index("customer")


def broken(tables):
    return tables["customers"]["aeg"]


def no_table(tables):
    return 7


def no_tables():
    return 7


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the stage with a function of this module, and return the features table."""
    own = SimpleNamespace(**{name: value for name, value in globals().items() if callable(value)})
    monkeypatch.setitem(sys.modules, "own", own)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage"])
    layout.RAW.mkdir(parents=True)
    customers = pd.DataFrame({"customer": [1, 2, 3, 4], "age": [20, 30, 40, 50], "bought": [True, False, True, False]})
    orders = pd.DataFrame({"customer": [1, 1, 2, 3, 4], "day": [1, 5, 6, 7, 8], "price": [10, 20, 30, 40, 50]})
    customers.to_parquet(layout.RAW / "customers.parquet")
    orders.to_parquet(layout.RAW / "orders.parquet")

    def run(name, **keys):
        node = {"_target_": f"own.{name}", **keys}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump({"data": DATA, "features": node}))
        stage.main()
        return pd.read_parquet(layout.FEATURES)

    return run


def test_a_function_gets_the_raw_tables_as_dataframes_and_its_own_keys(run):
    made = run("in_pandas", since=5)
    assert made.to_dict("list") == {
        "age": [20, 30, 40, 50],
        "bought": [True, False, True, False],
        "price": [20, 30, 40, 50],
    }
    assert read_json(layout.SCHEMA)["features"] == ["age", "price"]


def test_the_same_rows_give_the_same_bytes(run):
    written = []
    for _ in range(2):
        run("in_pandas", since=5)
        written.append(layout.FEATURES.read_bytes())
    assert written[0] == written[1]


def test_an_arrow_table_is_a_table_too(run):
    assert list(run("in_arrow").columns) == ["customer", "age", "bought"]


def test_a_function_with_output_gets_paths_and_writes_the_file_itself(run):
    assert run("out_of_core", since=15)["age"].tolist() == [20, 30, 40, 50]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "with_index",
            r"^features: customer is the index, and only columns are features; return table.reset_index\(\)$",
        ),
        ("broken", r"^features: own\.broken: KeyError: 'aeg' \(.*test_table\.py, line \d+\)$"),
        ("no_table", r"^features: the function returned int; it must return a DataFrame$"),
    ],
)
def test_what_goes_wrong_is_one_line_and_nothing_is_written(run, name, message):
    with pytest.raises(InputError, match=message):
        run(name)
    assert not layout.FEATURES.exists()


def test_a_key_that_the_function_needs_is_missed_before_anything_runs(run):
    with pytest.raises(InputError, match=r"missing a required .*argument: 'since'"):
        table.check({"_target_": "own.in_pandas"})
    with pytest.raises(InputError, match="unexpected keyword argument 'tables'"):
        table.check({"_target_": "own.no_tables"})
